"""Charts as Vega-Lite specifications: they draw results and compute nothing."""
