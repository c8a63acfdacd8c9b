"""Measures: arrays of counts in, estimates with intervals out; knows no frames, files or reports."""
