"""Advises: what to do next, each with its reason and its expected effect."""
