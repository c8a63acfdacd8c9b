"""One module per log format, all of one shape: CARD, recognise(family) and open_log(source, options)."""
