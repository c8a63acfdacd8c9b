"""Thin hooks for trainers that other people wrote: they measure, and never change a reward."""
