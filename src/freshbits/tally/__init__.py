"""Counts: rows become integers that add up under any split of the log."""
