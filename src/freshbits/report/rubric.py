"""What is said of criteria together and of a judge that was asked again, in words. Reads results, computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.words import number, share

if TYPE_CHECKING:
    from freshbits.results import Audit, Budget, Together

MOST_NOISY = 3  # signals whose noise finds room on the page
WORTH_TELLING = 3  # components from which on it is told what they say together


def together(audit: Audit) -> str | None:
    """Says how many things the components look at and how many criteria's worth of bits they carry; None where few."""
    found = next((part.together for part in audit.components.values() if part.together is not None), None)
    if found is None or found.criteria < WORTH_TELLING:
        return None
    matters = f" look at {found.matters} different things and" if found.matters is not None else ""
    worth = f", {number(found.worth, 1)} criteria's worth" if found.worth is not None else ""
    return (
        f"the {found.criteria} components{matters} carry {number(found.joint)} bits together{worth}: "
        f"{number(found.agreed)} of them at least two say, {_own(found)} one alone does (a matter of its own, or noise)"
    )


def noise(signal: str, budget: Budget) -> str | None:
    """Says how much of a signal is its judge's own noise; None where it was asked once."""
    if budget.self_contradiction is None:
        return None
    told = f"{signal}: asked again, its judge contradicts itself on {share(budget.self_contradiction)} of the outputs"
    if budget.own_noise is None:
        return told
    if budget.kind == "score":
        return f"{told}; {share(budget.own_noise)} of the score's variance inside groups is its own noise"
    return f"{told}; its own noise is {number(budget.own_noise)} of the contrast bits"


def _own(found: Together) -> str:
    joint, agreed = found.joint.value, found.agreed.value
    return "–" if joint is None or agreed is None else f"{joint - agreed:.2f}"
