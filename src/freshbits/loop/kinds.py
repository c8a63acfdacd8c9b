"""The kinds of signals that a loop may declare."""

from __future__ import annotations

KINDS = (
    "verifier",
    "environment",
    "rubric",
    "reference",
    "judge",
    "self_judge",
    "majority_vote",
    "confidence",
    "random",
    "none",
)
OWN = ("self_judge", "majority_vote", "confidence", "random", "none")  # functions of the model's outputs, or of chance
