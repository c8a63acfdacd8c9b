"""Signals that freshbits applies itself: verifiers, own-state signals, controls, the sandbox for model-written code."""
