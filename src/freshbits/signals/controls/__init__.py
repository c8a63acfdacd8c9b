"""Signals that are known to say nothing about the task: what a measure must not mistake for a verdict."""
