"""Where prompts began, seen from what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.step import Law, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.dynamics.likelihood import Counts

    Array = NDArray[np.float64]

STEPS = 40  # EM steps; stopped early, like the NPMLE that it starts from


def refined(law: Law, counts: Counts) -> Counts:
    """Refines the distribution of pass rates in round 0 by the counts of the first three rounds, under a law.

    Round 0 alone cannot tell a pass rate of 0 from a small one; under selection the next rounds do. EM from the
    NPMLE of round 0: g_j <- g_j · mean over prompts of L_qj / Σ_i g_i L_qi, L the likelihood of a prompt's counts.
    """
    points = counts.start.size
    how = step(law, points)
    at = np.eye(points)[:, None, :]  # (began, 1, now)
    for _ in range(int(counts.steps[0])):
        at = at @ how.move
    if counts.steps.size == 1:
        table = (at @ counts.chance[1].T)[:, 0, :]  # (began, codes)
        chances = table[:, counts.code[:, 1]]
    else:
        ahead = counts.chance[2].T
        for _ in range(int(counts.steps[1])):
            ahead = how.move @ ahead
        both = (at * counts.chance[1][None]) @ ahead  # (began, codes, codes)
        chances = both[:, counts.code[:, 1], counts.code[:, 2]]
    each = counts.chance[0].T[:, counts.code[:, 0]] * chances  # (began, prompts)
    each, number = _distinct(each, counts)
    mass = counts.start.copy()
    for _ in range(STEPS):
        mass = mass * ((each / np.maximum(mass @ each, 1e-300)) @ number)
    return replace(counts, start=mass / mass.sum())


def _distinct(each: Array, counts: Counts) -> tuple[Array, Array]:
    """Joins prompts with the same counts: (likelihoods, shares of prompts)."""
    _, first, number = np.unique(counts.code[:, :3], axis=0, return_index=True, return_counts=True)
    return each[:, first], number / number.sum()
