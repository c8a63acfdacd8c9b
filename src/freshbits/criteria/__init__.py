"""Judges: one file per section of the report; evidence in, a section of the report out."""
