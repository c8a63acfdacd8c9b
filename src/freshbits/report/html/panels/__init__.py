"""Panels of the page: one file per question; each reads its sections of the results."""
