"""Efficiency: how many of the signal's bits are spent on the task, and how many on surface form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.results import Budget, Efficiency

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence


def efficiency(evidence: Evidence, budget: Budget) -> Efficiency:
    """Names the partition the task bits will be taken over; the split itself is not judged yet."""
    return Efficiency(
        status="not_judged",
        code="NOT_YET",
        reason="the split into task bits and surface bits comes with a later version",
        partition=evidence.tally.partition,
        total_bits=budget.contrast_bits,
    )
