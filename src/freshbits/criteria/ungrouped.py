"""Sets without groups: which questions do not apply to them, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.authors import authors
from freshbits.criteria.sampled import mean_verdict, scored_sample
from freshbits.results import Budget, Channel, Component, Coverage, Forecast, Openness

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence

CODE = "NO_GROUPS"
ALONE = "one response per instruction and writer: there are no groups to compare inside"
PAIR = "one chosen and one rejected per pair by construction: the contrast is not measured, it is made"
SET = "a set is no round of a loop"


def without_groups(evidence: Evidence, signal: str) -> bool:
    """Tells whether a signal of a set has no groups: fewer than two scored rows of one writer per instruction."""
    if evidence.made is None:
        return False
    groups = evidence.tally.of(signal)
    return evidence.made == "pairs" or groups.n.size == 0 or float(np.median(groups.n)) < 2


def alone(evidence: Evidence) -> bool:
    """Tells whether most instructions of a set have one response only, whoever wrote it."""
    return evidence.made == "set" and float(np.median(evidence.tally.prompts["rows"].to_numpy())) < 2


def single(evidence: Evidence) -> bool:
    """Tells whether a set has no groups to cover anything: pairs, or one response per instruction and writer."""
    rows = evidence.tally.groups["rows"].to_numpy()
    return evidence.made == "pairs" or (evidence.made == "set" and float(np.median(rows)) < 2)


def no_budget(evidence: Evidence, signal: str) -> Budget:
    """Returns the budget of a signal without groups: its mean, and no contrast."""
    values = evidence.tally.values[signal]
    if not values.scored:
        return Budget(
            status="not_judged", code="BUDGET_UNSCORED", reason=f"{signal} never scores a row", kind=values.kind
        )
    return Budget(
        status="not_applicable",
        code=CODE,
        reason=PAIR if evidence.made == "pairs" else ALONE,
        kind=values.kind,
        mean=mean_verdict(values.kind, evidence.tally.of(signal), scored_sample(evidence.tally, signal)),
    )


def no_component(budget: Budget) -> Component:
    """Returns the component of a signal without groups."""
    return Component(status=budget.status, code=budget.code, reason=budget.reason)


def no_openness(evidence: Evidence, signal: str) -> Openness:
    """Judges the openness of a signal without groups: by its origin alone, for there are no votes to measure against.

    A judge that is the writer is `closed`, whatever it says; another judge may bring something in, and whether it does
    takes several responses per instruction.
    """
    origin = evidence.origins.get(signal, "unknown")
    values = evidence.tally.values[signal]
    if origin == "own_state":
        told = next((entry["words"] for entry in authors(evidence) if entry["signal"] == signal), None)
        reason = told or "it is a function of the model's own outputs, so it brings nothing from outside"
        return Openness(status="judged", verdict="closed", origin=origin, reason=reason)
    if values.kind == "constant":
        reason = "it never varies, so it tells nothing apart"
        return Openness(status="judged", verdict="closed", origin=origin, reason=reason)
    declared = "" if origin == "unknown" else f"; declared {origin}"
    return Openness(
        status="not_judged",
        code="OPEN_NO_BELIEF",
        origin=origin,
        reason=f"one response per instruction shows nothing of the model's own state to measure against{declared}",
        needs="log several responses of one model per instruction, with the judge's score of each",
    )


def no_within(channel: Channel) -> Channel:
    """Returns a channel without what is read inside groups: bits given the prompt, the best of n, the worst."""
    return replace(channel, bits=None, p_value=None, negative_j=None, pressure=None, worst_prompts=[])


def no_coverage(evidence: Evidence) -> Coverage:
    """Returns the coverage of a set: answers repeat inside prompts only where there are several."""
    return Coverage(status="not_applicable", code=CODE, reason=PAIR if evidence.made == "pairs" else ALONE)


def no_forecast() -> Forecast:
    """Returns the forecast of a set."""
    return Forecast(status="not_applicable", code=CODE, reason=SET)
