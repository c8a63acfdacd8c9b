"""Bits that a feature shares with a verdict with a stratum held fixed: for rows that have no group to stand in.

A set with one completion per prompt has nothing to hold fixed but what is known of a row: its region, its source,
whether it is right. Strata are few and large, so plain counts do, less their bias.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import entropy
from freshbits.information.resampling import estimate_bits, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate


def stratified_bits(
    level: NDArray[np.int64],
    accepted: NDArray[np.float64],
    stratum: NDArray[np.int64],
    prompts: NDArray[np.uint64],
    *,
    weight: NDArray[np.float64] | None = None,
    unit: str = "bits/row",
) -> tuple[Estimate, float]:
    """Estimates I(φ;S|stratum) = Σ_s N_s/N I(φ;S|s) in bits per row, less its bias Σ_s (levels_s - 1)/(2 N ln 2).

    Args:
        level: level of the feature of each row (0, 1, …).
        accepted: 1.0 for accepted rows, else 0.0.
        stratum: what is held fixed.
        prompts: prompt key of each row; the unit of the interval (95 %, jackknife, on the root).
        weight: how many rows of the set each row stands for, where rows were drawn by their verdict. The bias is then
            the jackknife's own estimate, and the upper end that of the bits with their bias, which cannot be too low.
        unit: what the bits are counted per.

    Returns:
        The estimate, and the accepted share at the last level less that at the first, strata weighing by their rows.

    It does not know what lies inside a stratum: two features that go together both show. Miller-Madow's correction is
    for many rows per cell; with thousands of strata it takes off too little.

    >>> level = np.tile([0, 1], 200); stratum = np.repeat([0, 1], 200); q = np.arange(400, dtype=np.uint64)
    >>> bits, effect = stratified_bits(level, (level == 1) * 1.0, stratum, q)
    >>> round(bits.value, 2), effect
    (1.0, 1.0)
    """
    _, stratum = np.unique(stratum, return_inverse=True)
    strata, levels = int(stratum.max()) + 1, int(level.max()) + 1
    fold = folds_of(prompts)
    folds = int(fold.max()) + 1
    flat = ((fold * strata + stratum) * levels + level) * 2 + accepted.astype(np.int64)
    counts = np.bincount(flat, weights=weight, minlength=folds * strata * levels * 2)
    by_fold = counts.reshape(folds, strata, levels, 2).astype(np.float64)
    total = by_fold.sum(axis=0)
    tables = [total, *(total - part for part in by_fold)]

    def made(values: NDArray[np.float64], bias: str) -> Estimate:
        return estimate_bits(
            values,
            unit=unit,
            method=f"mutual information inside strata less its bias{bias}, jackknife over prompts",
            prompts=int(np.unique(prompts).size),
            rollouts=level.size,
            top=1.0,
        )

    if weight is None or np.ptp(weight) == 0:
        return made(np.array([_corrected(table) for table in tables]), ""), _effect(total)
    plain = np.array([_plain(table) for table in tables])
    bias = max((folds - 1) * float(plain[1:].mean() - plain[0]), 0.0)
    bits = made(plain - bias, " by the jackknife, rows weighted by design")
    most = made(plain, "").high
    bits = replace(bits, high=most if bits.high is None or most is None else max(bits.high, most))
    return bits, _effect(total)


def stratified_test(
    level: NDArray[np.int64],
    accepted: NDArray[np.float64],
    stratum: NDArray[np.int64],
    prompts: NDArray[np.uint64],
) -> float:
    """Computes the p-value of no association inside strata, prompts as the unit (cluster-robust score test, χ²).

    The statistic is that of Cochran, Mantel and Haenszel with the spread taken from what prompts contribute.

    >>> q = np.arange(200, dtype=np.uint64)
    >>> stratified_test(np.tile([0, 1], 100), np.tile([1.0, 1.0, 0.0, 0.0], 50), np.zeros(200, dtype=np.int64), q)
    1.0
    """
    from scipy.stats import chi2

    shown, level = np.unique(level, return_inverse=True)
    if shown.size < 2:
        return 1.0
    _, stratum = np.unique(stratum, return_inverse=True)
    size = np.bincount(stratum)
    indicator = np.eye(shown.size)[level][:, :-1]
    centre = np.stack([np.bincount(stratum, weights=column) for column in indicator.T], axis=1) / size[:, None]
    mean = np.bincount(stratum, weights=accepted) / size
    residual = (accepted - mean[stratum])[:, None] * (indicator - centre[stratum])
    _, position = np.unique(prompts, return_inverse=True)
    parts = np.stack([np.bincount(position, weights=column) for column in residual.T], axis=1)
    total, spread = parts.sum(axis=0), parts.T @ parts
    rank = int(np.linalg.matrix_rank(spread))
    return float(chi2.sf(float(total @ np.linalg.pinv(spread) @ total), rank)) if rank else 1.0


def _plain(table: NDArray[np.float64]) -> float:
    """Returns the bits of (strata, levels, 2) counts or weights."""
    joint = table.sum(axis=2)
    inside = (joint * entropy(table, axis=-1)).sum(axis=1)
    bits = float((table.sum(axis=(1, 2)) * entropy(table.sum(axis=1), axis=-1) - inside).sum())
    return bits / max(float(table.sum()), 1e-12)


def _corrected(table: NDArray[np.float64]) -> float:
    """Returns the bits of (strata, levels, 2) counts, less their bias."""
    size = max(float(table.sum()), 1.0)
    joint, bits = table.sum(axis=2), _plain(table)
    varies = (table.sum(axis=1) > 0).all(axis=1)  # a stratum of one verdict has no bits and no bias
    spare = np.maximum((joint > 0).sum(axis=1) - 1, 0)[varies].sum()
    return bits - float(spare) / (2 * size * float(np.log(2)))


def _effect(table: NDArray[np.float64]) -> float:
    """Returns the mean over strata of the accepted share at the last level less that at the first."""
    joint = table.sum(axis=2)
    shown = np.flatnonzero(joint.sum(axis=0) > 0)
    both = (joint[:, shown[0]] > 0) & (joint[:, shown[-1]] > 0)
    if shown.size < 2 or not both.any():
        return 0.0
    share = np.divide(table[..., 1], joint, out=np.zeros_like(joint), where=joint > 0)
    weight = joint.sum(axis=1)[both]
    return float(np.average((share[:, shown[-1]] - share[:, shown[0]])[both], weights=weight))
