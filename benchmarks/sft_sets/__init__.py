"""Holds the audit of sets that were made to be trained on against drawn sets with known answers."""
