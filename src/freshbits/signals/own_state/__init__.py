"""Signals that are functions of the model's own outputs or scores: nothing in them comes from outside the model."""
