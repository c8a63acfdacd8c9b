"""What truth and verdict share where prompts have one label each, and the test of verdicts shuffled inside prompts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.mixing import contrast_bits, fit_weighted
from freshbits.information.resampling import LEVEL, estimate, folds_of
from freshbits.information.weighted import TAIL
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_J = 0.1  # below this the base rate cannot be read off the pass rate
DRAWS = 999
REFUTED = "; the log contradicts it, so only that they are no more than the contrast bits is known"
MOST_GROUPS = 4_000  # more groups than this add time, not an answer
ONE_CHANNEL = "one_channel: E h(s) - p h(TPR) - (1-p) h(FPR), a lower bound where prompts have channels of their own"


def within_test(counts: NDArray[np.int64], seed: int = 0) -> float | None:
    """Computes the p-value of truth and verdict being unrelated inside groups; None where no group could show it.

    Verdicts are shuffled inside their groups, which leaves the groups' margins as they are: a hypergeometric draw of
    the right accepted rows, 999 times. The statistic is the larger of two standardised ones: |Σ (a - E a)|, the
    covariance, and Σ (a - E a)² / Var a, which also sees channels whose J has a different sign from prompt to prompt.
    Of more than 4,000 groups that could show it the first 4,000 are taken.

    Args:
        counts: right accepted, right rejected, wrong accepted, wrong rejected, shape (groups, 4).
        seed: the same seed gives the same shuffles.

    References: Mantel & Haenszel (1959); Phipson & Smyth, Permutation p-values should never be zero (2010).

    >>> within_test(np.tile([[4, 0, 0, 4]], (50, 1))), within_test(np.tile([[4, 4, 0, 0]], (50, 1)))
    (0.001, None)
    """
    right, accepted, size = counts[:, 0] + counts[:, 1], counts[:, 0] + counts[:, 2], counts.sum(axis=1)
    mixed = np.flatnonzero((right > 0) & (right < size) & (accepted > 0) & (accepted < size))[:MOST_GROUPS]
    if mixed.size == 0:
        return None
    right, accepted, size = right[mixed], accepted[mixed], size[mixed]
    # A stream of the counts' own: with one stream for all logs, its luck would be the level of the test everywhere.
    rng = np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(counts[mixed]).tobytes())])
    shuffled = rng.hypergeometric(right, size - right, accepted, size=(DRAWS, mixed.size))
    seen = np.vstack([counts[mixed, 0], shuffled])
    share = accepted / size
    spread = right * share * (1 - share) * (size - right) / (size - 1)
    off = seen - right * share
    sums = np.abs(off.sum(axis=1)) / np.sqrt(spread.sum())
    squares = (off**2 / spread).sum(axis=1)
    deviation = squares.std()
    squares = (squares - squares.mean()) / deviation if deviation > 1e-9 else np.zeros(squares.size)
    statistic = np.maximum(sums, squares)
    return float((statistic >= statistic[0] - 1e-9).sum() / (DRAWS + 1))


@dataclass(frozen=True)
class OneChannel:
    """Holds one channel, estimated from all prompts and with each fold left out.

    Attributes:
        fold: fold of each group of the log.
        folds: number of folds.
        tpr: P(S=1|C=1), shape (1 + folds,).
        fpr: P(S=1|C=0), likewise.
        base: share of right rollouts in the log that these rates and its pass rate come to.
        truth: weight of the labelled rows, wrong and right, all prompts.
    """

    fold: NDArray[np.intp]
    folds: int
    tpr: NDArray[np.float64]
    fpr: NDArray[np.float64]
    base: NDArray[np.float64]
    truth: NDArray[np.float64]


def one_channel(
    groups: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]],
    verdict: NDArray[np.bool_],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> OneChannel | None:
    """Estimates TPR and FPR from labelled rows and p̄ = (s̄ - FPR)/J from the log; arguments as `one_channel_bits`.

    Returns:
        None where |J| < .1 or changes its sign with a fold, or where no right or no wrong row is labelled.

    >>> q = np.arange(200, dtype=np.uint64); n = np.full(200, 8); k = np.repeat([0, 8, 4, 4], 50)
    >>> right = np.tile([True, False], 100)
    >>> found = one_channel((n, k, q), right, right, np.ones(200), q)
    >>> found.tpr[0].item(), found.fpr[0].item(), found.base[0].item()
    (1.0, 0.0, 0.5)
    """
    n, k, keys = groups
    fold, labelled = _folds(keys, prompts)
    count = int(fold.max()) + 1
    cells = np.bincount(labelled * 4 + 2 * right + verdict, weights=weight, minlength=4 * count).reshape(count, 2, 2)
    kept = np.concatenate([cells.sum(axis=0)[None], cells.sum(axis=0) - cells])
    truth = kept.sum(axis=2)
    if (truth <= 1e-12).any():
        return None
    fpr, tpr = np.clip(kept[:, :, 1] / truth, 0.0, 1.0).T
    j = tpr - fpr
    if abs(j[0]) < LEAST_J or (np.sign(j) != np.sign(j[0])).any():
        return None
    rate = _left_out(k, fold, count) / _left_out(n, fold, count)
    return OneChannel(fold, count, tpr, fpr, np.clip((rate - fpr) / j, 0.0, 1.0), truth[0])


def one_channel_bits(
    groups: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]],
    verdict: NDArray[np.bool_],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates I(C;S|Q) in bits per rollout from a few labels, as if every prompt had the same channel.

    E h(s_q) - p̄ h(TPR) - (1-p̄) h(FPR) with p̄ = (s̄ - FPR)/J clipped to [0, 1]: E h(s_q) and s̄ from all rollouts of the
    log (`mixing`), TPR and FPR from the labelled rows. The interval is the jackknife over folds of prompts, left out
    of the log and of the labels together; where no error of a kind was seen, its end is carried by the rule of three.
    Exact with one channel. Where prompts have channels of their own it is a lower bound (E p_q h(TPR_q) ≤ p̄ h(TPR),
    as h is concave), by .07 to .27 bit in the worlds of the calibration; `joint` then gives the bits themselves.

    Args:
        groups: scored rollouts, accepted rollouts and prompt key of every group of the log.
        verdict: whether the signal accepted each labelled row.
        right: whether the labelled row is right.
        weight: 1 / inclusion probability of the label.
        prompts: prompt key of each labelled row.

    Returns:
        None where |J| < .1, where no right or no wrong row is labelled. Only bounds (`value` is None) with fewer than
        four rollouts per group, and where the formula goes below zero: then prompts do not share a channel.

    >>> q = np.arange(200, dtype=np.uint64); n = np.full(200, 8); k = np.repeat([0, 8, 4, 4], 50)
    >>> right = np.tile([True, False], 100)
    >>> round(one_channel_bits((n, k, q), right, right, np.ones(200), q).value, 1)  # a perfect verifier: E h(s)
    0.5
    """
    n, k, keys = groups
    one = one_channel(groups, verdict, right, weight, prompts)
    if one is None:
        return None
    fold, count, tpr, fpr, base, truth = one.fold, one.folds, one.tpr, one.fpr, one.base, one.truth
    noise = base * binary_entropy(tpr) + (1 - base) * binary_entropy(fpr)
    unseen = _unseen(tpr[0], fpr[0], base[0], truth, weight)
    number, rollouts = int(np.unique(keys).size), int(n.sum())
    if np.median(n) < 4:
        bounds = contrast_bits(n, k, keys)
        low = max((bounds.low or 0.0) - noise[0] - unseen, 0.0)
        high = max((1.0 if bounds.high is None else bounds.high) - noise[0], 0.0)
        return Estimate(None, low, high, LEVEL, UNIT, ONE_CHANNEL + "; bounds", number, rollouts)
    grid, mass, _ = fit_weighted(n, k, np.ones(n.size), fold, count)
    contrast = mass @ binary_entropy(grid)
    found = estimate(
        contrast - noise, unit=UNIT, method=ONE_CHANNEL, prompts=number, rollouts=rollouts, bounds=(0.0, 1.0)
    )
    if contrast[0] <= noise[0]:  # no channel at all explains so many errors between so few mixed groups
        return replace(found, value=None, low=0.0, high=min(float(contrast[0]), 1.0), method=ONE_CHANNEL + REFUTED)
    return found if found.low is None else replace(found, low=max(found.low - unseen, 0.0))


def _folds(keys: NDArray[np.uint64], prompts: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns the fold of every group and of every labelled row, by prompt."""
    fold = folds_of(keys)
    unique, first = np.unique(keys, return_index=True)
    return fold, fold[first[np.searchsorted(unique, prompts)]]


def _left_out(values: NDArray[np.int64], fold: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Returns the sum of all values, then those without each fold."""
    parts = np.bincount(fold, weights=values, minlength=count)
    return np.concatenate([[parts.sum()], parts.sum() - parts])


def _unseen(tpr: float, fpr: float, base: float, truth: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Returns the bits that errors of a kind never seen could still cost, at the end of the rule of three."""
    wrong, right = truth / weight.mean()
    most = np.minimum(1.0 - TAIL ** (1.0 / np.maximum([right, wrong], 1.0)), 0.5)
    cost = np.array([base, 1 - base]) * binary_entropy(most)
    return float(cost[0] * (tpr == 1.0) + cost[1] * (fpr == 0.0))
