"""Surprise bits by counting: the log loss of a verdict predicted by rates of nested cells, cheap enough for every step.

The same quantity as `usable.surprise_bits`, H_V(S|B), for a smaller family V: the rate of the verdict among rows with
the same belief (votes, then votes and margin, …), every cell drawn towards the coarser one around it. A smaller family
codes no better, so this too is an upper bound on what the signal brings beyond the model's own state, and a looser
one. It takes a millisecond where the ensemble takes a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT
from freshbits.information.resampling import folds_of, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

FOLDS = 5
STRENGTH = 4.0  # rows that the coarser cell is worth in the finer one


def counted_surprise(
    verdict: NDArray[np.int64],
    belief: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompts: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates H_V(S|B) in bits per rollout by counting; groups count equally, folds and interval are by prompt.

    P_d(s | cell) = (w_{d,s} + 4 P_{d-1}(s)) / (w_d + 4) with w the weight of the other folds' rows in the cell, d the
    number of belief columns that make the cell; -log2 at the depth that codes best, 0 columns being the bare rate.

    It does not know what a smooth or a joint function of many columns could predict: columns are cells as they are,
    so hand in few that take few values, the most telling first.

    Args:
        verdict: level 0, 1, … of each scored row, shape (rows,).
        belief: columns of the model's own state, shape (rows, columns); without columns the bare H(S) is estimated.
        group: group of each row.
        prompts: prompt key of each row.

    Returns:
        None without rows.

    References: Xu et al., arXiv 2002.10689 (predictive V-information).

    >>> q = np.repeat(np.arange(60), 8).astype(np.uint64); votes = np.tile([0.0, 1.0], 240)[:, None]
    >>> counted_surprise(votes[:, 0].astype(np.int64), votes, q, q).value < 0.05
    True
    """
    if verdict.size == 0:
        return None
    _, position, size = np.unique(group, return_inverse=True, return_counts=True)
    weight = 1.0 / size[position]
    weight /= weight.mean()
    levels = int(verdict.max()) + 1
    fold = folds_of(prompts, FOLDS)
    folds = int(fold.max()) + 1
    rows = np.arange(verdict.size)
    chance = np.full((verdict.size, levels), 1.0 / levels)
    losses = []
    cell = np.zeros(verdict.size, dtype=np.int64)
    for depth in range(belief.shape[1] + 1):
        if depth:
            code = np.unique(belief[:, depth - 1], return_inverse=True)[1]
            cell = np.unique(cell * (int(code.max()) + 1) + code, return_inverse=True)[1]
        chance = _rates(cell, verdict, levels, weight, fold, folds, chance)
        losses.append(-np.log2(chance[rows, verdict]))
    loss = min(losses, key=lambda each: float(weight @ each))
    return ratio(
        weight * loss,
        weight,
        prompts,
        unit=UNIT,
        method="cross-fitted log loss by prompt: rates of nested cells, jackknife over prompts",
        rollouts=int(verdict.size),
        bounds=(0.0, float(np.log2(max(levels, 2)))),
    )


def _rates(
    cell: NDArray[np.int64],
    verdict: NDArray[np.int64],
    levels: int,
    weight: NDArray[np.float64],
    fold: NDArray[np.intp],
    folds: int,
    coarser: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Returns each row's rates of all levels in its cell, from the rows of other folds and the coarser rates."""
    cells = int(cell.max()) + 1
    flat = (fold * cells + cell) * levels + verdict
    counts = np.bincount(flat, weights=weight, minlength=folds * cells * levels).reshape(folds, cells, levels)
    others = counts.sum(axis=0) - counts if folds > 1 else counts
    here = np.maximum(others[fold, cell], 0.0)
    rates: NDArray[np.float64] = (here + STRENGTH * coarser) / (here.sum(axis=1, keepdims=True) + STRENGTH)
    return rates
