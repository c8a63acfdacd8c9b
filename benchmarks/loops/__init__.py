"""Loops that are run for real: what they come to, whether forecasts hold, whether they survive being killed."""
