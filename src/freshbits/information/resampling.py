"""Intervals whose unit is the prompt: folds of prompts and the delete-a-group jackknife.

Rollouts of one prompt resemble each other, so intervals that treat rows as independent are too narrow by factors
(100 prompts of 8 rollouts: 63 % coverage at nominal 95 %). Whole prompts are left out instead, with all their
rounds and sources.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 20
LEVEL = 0.95
MIN_PROMPTS = 10  # fewer prompts than this give no interval worth printing


def folds_of(prompts: NDArray[np.uint64], folds: int = FOLDS) -> NDArray[np.intp]:
    """Assigns every row to a fold by its prompt key, in the order of the keys, as evenly as possible.

    Keys are hashes, so their order is random but the same on every machine and for every order of the rows.

    >>> folds_of(np.array([9, 3, 9, 5], dtype=np.uint64), folds=2).tolist()
    [0, 0, 0, 1]
    """
    unique, position = np.unique(prompts, return_inverse=True)
    return position.astype(np.intp) % min(folds, unique.size)


def leave_out(fold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Returns the replicate weights (1 + folds, rows): first all rows, then each fold left out in turn.

    >>> leave_out(np.array([0, 1, 1])).tolist()
    [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    """
    count = int(fold.max()) + 1
    weights = np.ones((1 + count, fold.size))
    weights[1 + fold, np.arange(fold.size)] = 0.0
    return weights


def jackknife_interval(
    replicates: NDArray[np.float64], level: float = LEVEL, *, slack: float = 0.0, stretch: float = 1.0
) -> tuple[float, float, float]:
    """Returns (value, low, high) from the full estimate followed by the leave-one-fold-out estimates.

    se² = (K-1)/K Σ (θ_k - mean θ)²; half width `stretch` · t_{K-1} · se, combined in quadrature with `slack`. Both are
    measured: `slack` is the largest bias that the estimator has where it is used, `stretch` the factor by which the
    jackknife is too sure of it.

    References: Wolter, Introduction to Variance Estimation (2007), ch. 4.
    """
    from scipy.stats import t

    value, left_out = float(replicates[0]), replicates[1:]
    count = left_out.size
    if count < 2:
        return value, float("nan"), float("nan")
    variance = (count - 1) / count * float(((left_out - left_out.mean()) ** 2).sum())
    half = float(np.hypot(stretch * t.ppf(0.5 + level / 2, count - 1) * np.sqrt(variance), slack))
    return value, value - half, value + half


def estimate(
    replicates: NDArray[np.float64],
    *,
    unit: str,
    method: str,
    prompts: int,
    rollouts: int,
    bounds: tuple[float, float] = (0.0, float("inf")),
    slack: float = 0.0,
    stretch: float = 1.0,
    correct_bias: bool = False,
) -> Estimate:
    """Builds the `Estimate` of replicate values, its interval clipped to the possible range.

    With `correct_bias` the jackknife's estimate of the bias, (K-1) (mean θ_k - θ), is taken off: it removes the part
    that falls with the number of prompts.
    """
    value, low, high = jackknife_interval(replicates, slack=slack, stretch=stretch)
    if correct_bias and replicates.size > 2:
        bias = (replicates.size - 2) * (float(replicates[1:].mean()) - value)
        value, low, high = value - bias, low - bias, high - bias
    known = bool(np.isfinite(low))
    return Estimate(
        value=float(np.clip(value, *bounds)),
        low=float(np.clip(low, *bounds)) if known else None,
        high=float(np.clip(high, *bounds)) if known else None,
        level=LEVEL,
        unit=unit,
        method=method,
        prompts=prompts,
        rollouts=rollouts,
    )


def estimate_bits(
    replicates: NDArray[np.float64],
    *,
    unit: str,
    method: str,
    prompts: int,
    rollouts: int,
    top: float,
    stretch: float = 1.0,
) -> Estimate:
    """Builds the `Estimate` of bits that grow with the square of an effect: the interval is made on the root.

    Shared bits are quadratic in the effect near zero, so their spread grows with their size; the root's does not.

    >>> reps = np.array([0.04, 0.05, 0.03])
    >>> round(estimate_bits(reps, unit="", method="", prompts=9, rollouts=9, top=1.0).value, 2)
    0.04
    """
    root = estimate(
        np.sqrt(np.maximum(replicates, 0.0)),
        unit=unit,
        method=method,
        prompts=prompts,
        rollouts=rollouts,
        bounds=(0.0, float(np.sqrt(top))),
        stretch=stretch,
    )
    value, low, high = (None if end is None else end**2 for end in (root.value, root.low, root.high))
    return replace(root, value=value, low=low, high=high)


def mean(
    values: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    *,
    unit: str,
    method: str,
    rollouts: int,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate | None:
    """Estimates the mean of values with whole prompts as the unit of resampling; None where empty.

    >>> mean(np.full(20, 0.5), np.arange(20, dtype=np.uint64), unit="share", method="", rollouts=20).value
    0.5
    """
    ones = np.ones(values.size)
    return ratio(values, ones, prompts, unit=unit, method=method, rollouts=rollouts, bounds=bounds)


def proportion(hits: int, trials: int, *, unit: str, method: str) -> Estimate | None:
    """Estimates a share of independent trials with the exact (Clopper-Pearson) 95 % interval; None without trials.

    >>> proportion(0, 30, unit="share", method="").high < 0.12  # about 3 / n: none seen is not none
    True
    """
    from scipy.stats import beta

    if trials <= 0:
        return None
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return Estimate(hits / trials, low, high, LEVEL, unit, method, trials, trials)


def ratio(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    *,
    unit: str,
    method: str,
    rollouts: int,
    bounds: tuple[float, float] = (0.0, 1.0),
    slack: float = 0.0,
) -> Estimate | None:
    """Estimates Σ numerator / Σ denominator with whole prompts as the unit of resampling; None where empty.

    A share that is 0 or 1 on all prompts has no spread to resample: its bound is then the exact binomial one with
    prompts as trials (rule of three), so that "none seen" is not "none".
    """
    total = float(denominator.sum())
    if total <= 0:
        return None
    fold = folds_of(prompts)
    count = int(fold.max()) + 1
    top = np.bincount(fold, weights=numerator, minlength=count)
    bottom = np.bincount(fold, weights=denominator, minlength=count)
    kept = total - bottom
    if count < 2 or (kept <= 0).any():
        replicates = np.array([numerator.sum() / total])
    else:
        replicates = np.concatenate([[numerator.sum() / total], (numerator.sum() - top) / kept])
    number = int(np.unique(prompts[denominator > 0]).size)
    result = estimate(
        replicates, unit=unit, method=method, prompts=number, rollouts=rollouts, bounds=bounds, slack=slack
    )
    if bounds == (0.0, 1.0) and result.value in (0.0, 1.0):
        edge = 1.0 - 0.025 ** (1.0 / max(number, 1))
        low, high = (0.0, edge) if result.value == 0.0 else (1.0 - edge, 1.0)
        return Estimate(result.value, low, high, LEVEL, unit, method, number, rollouts)
    return result
