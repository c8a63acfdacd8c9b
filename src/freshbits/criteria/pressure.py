"""Pressure: where optimising this signal starts to hurt, read from groups whose rollouts are labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.information.pressure import pressure_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled

FEWEST_PROMPTS = 20
MOSTLY = 0.75  # share of a group's scored rollouts that must be labelled


def pressure(evidence: Evidence, signal: str, labelled: Labelled | None) -> dict[str, Any] | None:
    """Returns the pressure curve of a signal and its peak; None where `why_no_pressure` gives a reason.

    `{curve: [{n, truth, signal, projected}], peak: {n, low, high, truth, fall} | None, reason}`. Truth, signal and
    fall are estimates; `low` and `high` are the range of n that could be the peak; `reason` says why there is none.

    Only groups count of which three in four scored rollouts are labelled, with one weight. It does not know rollouts
    that training on the signal would bring and this log does not hold.
    """
    if labelled is None or why_no_pressure(evidence, signal, labelled) is not None:
        return None
    rows = labelled.where(_whole(labelled))
    found = pressure_curve(rows.score, rows.truth, rows.weight, rows.group, rows.prompt)
    if found is None:
        return None
    peak = found.peak
    return {
        "curve": [
            {"n": point.n, "truth": point.truth, "signal": point.signal, "projected": point.projected}
            for point in found.curve
        ],
        "peak": peak and {"n": peak.n, "low": peak.low, "high": peak.high, "truth": peak.truth, "fall": peak.fall},
        "reason": found.reason,
    }


def why_no_pressure(evidence: Evidence, signal: str, labelled: Labelled | None) -> str | None:
    """Says in a sentence why there is no pressure curve; None where there is one."""
    if labelled is None:
        return f"no rollout that {signal} scored has truth"
    if evidence.pairs:
        return "judged pairs have no groups to keep the best of"
    if evidence.filtered is not None:
        return "the log hides groups without contrast, and the best of n is about all groups"
    whole = _whole(labelled)
    prompts = int(np.unique(labelled.prompt[whole]).size)
    if prompts < FEWEST_PROMPTS:
        return (
            f"the best of n needs groups whose rollouts are labelled (three in four or more): prompts with one: "
            f"{prompts} of {labelled.prompts}, {FEWEST_PROMPTS} are needed"
        )
    if np.unique(labelled.score[whole]).size < 2:
        return f"{signal} never varies on the labelled groups"
    return None


def _whole(labelled: Labelled) -> NDArray[np.bool_]:
    """Returns the rows of groups of two or more that are labelled nearly whole, with one weight."""
    _, first, place, count = np.unique(labelled.group, return_index=True, return_inverse=True, return_counts=True)
    unlike = np.bincount(place, weights=np.abs(labelled.weight - labelled.weight[first][place])) > 1e-9
    kept: NDArray[np.bool_] = ((count >= 2) & (count >= MOSTLY * labelled.size[first]) & ~unlike)[place]
    return kept
