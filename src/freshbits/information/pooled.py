"""Bits a feature shares with a verdict over all rows together: for judged pairs, which have no groups to hold fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import mutual_information
from freshbits.information.resampling import estimate_bits, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate


def pooled_bits(
    level: NDArray[np.int64], accepted: NDArray[np.float64], prompts: NDArray[np.uint64]
) -> tuple[Estimate, float]:
    """Estimates I(φ;S) = H(S) - H(S|φ) in bits per judged pair, less its bias (levels-1)/(2 N ln 2) (Miller-Madow).

    Returns:
        The estimate (95 %, jackknife over prompts) and the accepted share at the last level less that at the first.

    >>> level = np.tile([0, 2], 100); q = np.arange(200, dtype=np.uint64)
    >>> round(pooled_bits(level, (level == 2) * 1.0, q)[0].value, 1)
    1.0
    """
    levels = int(level.max()) + 1
    fold = folds_of(prompts)
    count = int(fold.max()) + 1
    flat = np.bincount((fold * levels + level) * 2 + accepted.astype(np.int64), minlength=count * levels * 2)
    by_fold = flat.reshape(count, levels, 2).astype(np.float64)
    total = by_fold.sum(axis=0)
    values = np.array([_corrected(total), *(_corrected(total - part) for part in by_fold)])
    bits = estimate_bits(
        values,
        unit="bits/pair",
        method="pooled mutual information less its bias, jackknife over prompts",
        prompts=int(np.unique(prompts).size),
        rollouts=level.size,
        top=1.0,
    )
    shown = np.flatnonzero(total.sum(axis=1) > 0)
    rate = total[shown, 1] / total[shown].sum(axis=1)
    return bits, float(rate[-1] - rate[0])


def pooled_test(level: NDArray[np.int64], accepted: NDArray[np.float64], prompts: NDArray[np.uint64]) -> float:
    """Computes the p-value of no association between level and verdict, prompts as the unit (cluster-robust χ²).

    >>> q = np.arange(100, dtype=np.uint64)
    >>> pooled_test(np.tile([0, 1], 50), np.tile([1.0, 1.0, 0.0, 0.0], 25), q)
    1.0
    """
    from scipy.stats import chi2

    shown, level = np.unique(level, return_inverse=True)
    if shown.size < 2:
        return 1.0
    indicator = np.eye(shown.size)[level][:, :-1]
    residual = (accepted - accepted.mean())[:, None] * (indicator - indicator.mean(axis=0))
    _, position = np.unique(prompts, return_inverse=True)
    scores = np.stack([np.bincount(position, weights=column) for column in residual.T], axis=1)
    total, spread = scores.sum(axis=0), scores.T @ scores
    rank = int(np.linalg.matrix_rank(spread))
    return float(chi2.sf(float(total @ np.linalg.pinv(spread) @ total), rank)) if rank else 1.0


def _corrected(table: NDArray[np.float64]) -> float:
    shown = int((table.sum(axis=1) > 0).sum())
    size = table.sum()
    return mutual_information(table) - max(shown - 1, 0) / (2 * max(float(size), 1.0) * float(np.log(2)))
