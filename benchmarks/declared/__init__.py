"""Declared loops that are run: what the declaration says of their signals, and what the log of the run shows."""
