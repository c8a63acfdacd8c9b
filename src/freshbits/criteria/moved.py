"""How often a race would raise an alarm on a log like this one whose signal pays for nothing but the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.probes.curve import routed
from freshbits.probes.pairs import pair_up
from freshbits.probes.risk import ALARM, probability
from freshbits.probes.targets import Target, signs, target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from freshbits.probes.curve import Curve
    from freshbits.probes.race import ProbeResult


def moved_alarms(
    raced: Sequence[ProbeResult],
    values: Mapping[str, NDArray[np.float64]],
    score: NDArray[np.float64],
    right: NDArray[np.float64],
    group: NDArray[np.uint64],
    *,
    draws: int,
    most: int,
    seed: int = 0,
) -> float:
    """Returns the share of draws in which some candidate's probability passes one half; ± 1/√draws.

    Each draw puts the scores of equally right rollouts of a group in random order, and pairs the rows anew. What probes
    find easy stays what it was; how often each candidate is on the accepted side is counted again.

    Args:
        raced: the race, each candidate with its curves and those of truth beside it.
        values: candidate -> its value on every row.
        score: the signal's score of each row.
        right: truth of each row.
        group: group of each row.
        draws: number of draws.
        most: pairs that are used.
        seed: start of the draws.
    """
    rng = np.random.default_rng([seed, 2])
    cell = np.unique(np.stack([group, (right * 1e6).astype(np.uint64)]), axis=1, return_inverse=True)[1].ravel()
    order = np.argsort(cell, kind="stable")
    open_ = (None, "PROBE_NO_LEAN")  # a candidate that leans nowhere may lean where verdicts are moved
    judged = [each for each in raced if each.name in values and each.against and each.code in open_]
    alarms = 0
    for draw in range(draws):
        mixed = np.empty_like(score)
        mixed[order] = score[np.lexsort((rng.random(cell.size), cell))]
        high, low = (part[:most] for part in pair_up(mixed, group, seed + draw))
        if high.size == 0:
            continue
        weight = np.ones(high.size)
        truth = target(signs(right[high], right[low]), weight)
        alarms += any(
            own.leans and _chance(found, own, truth) > ALARM
            for found, own in (
                (each, target(signs(values[each.name][high], values[each.name][low]), weight)) for each in judged
            )
        )
    return alarms / draws


def _chance(found: ProbeResult, own: Target, truth: Target) -> float:
    curves, against = found.curves or {}, found.against or {}
    families = [family for family in curves if family in against]
    aulc = np.mean([curves[f].aulc - against[f].aulc for f in families])
    psi = np.mean([_psi(curves[f], own) - _psi(against[f], truth) for f in families])
    gap = max(own.agreement, 1 - own.agreement) - max(truth.agreement, 1 - truth.agreement)
    return probability(families, gap, float(aulc), float(psi))


def _psi(curve: Curve, asked: Target) -> float:
    return routed(curve.blocks, asked.agreement, asked.share)
