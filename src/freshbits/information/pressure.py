"""The pressure curve: how right the kept rollout is when the best of n by a signal is kept, and where that peaks.

Keeping the best of n is the purest way to optimise a signal. Where the expected truth of what is kept turns down while
the signal still rises, optimising the signal has started to hurt (Goodhart; Gao et al. measured it against gold reward
models). Up to the logged group size N the curve is unbiased; up to 4 N it is projected by two models that fail in
different ways, and marked so; beyond that nothing is printed.

References: Gao, Schulman & Hilton, arXiv 2210.10760; Chen et al., arXiv 2107.03374 (the unbiased form, for pass@k).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information import best_of_mixture, best_of_smooth
from freshbits.information.best_of_mixture import FEW_VALUES, Design, count_cells, score_levels
from freshbits.information.resampling import LEVEL, MIN_PROMPTS, folds_of, jackknife_interval, leave_out
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR = 4  # the projection goes to four times the logged size
PROJECTED_LEVEL = 0.9
SMALLEST = 4  # fewer rollouts per group identify too little to project
MOST = 256  # n beyond which nothing is shown of larger groups
KEPT = 0.9  # share of the groups that must be as large as the largest n
TREND = 0.5  # share of the mixture's own drift from the logged curve that is carried on
# Bias allowed for per doubling of n beyond the log, and how much too sure the jackknife is (benchmarks/calibration).
BIAS, BIAS_FEW_VALUES = 0.015, 0.005
BIAS_SMALL_GROUPS = 0.04  # 4 to 7 rollouts
STRETCH = 1.1


@dataclass(frozen=True)
class Point:
    """Holds one n of the curve; `signal` is None where it cannot be projected."""

    n: int
    truth: Estimate
    signal: Estimate | None
    projected: bool


@dataclass(frozen=True)
class Peak:
    """Holds the n where the curve is highest, the range of n that could be it (95 %), and how far it falls after.

    Attributes:
        n: the n with the highest truth.
        low: the smallest n that could have it.
        high: the largest.
        truth: expected truth at n.
        fall: that less the truth at the last n of the curve.
    """

    n: int
    low: int
    high: int
    truth: Estimate
    fall: Estimate


@dataclass(frozen=True)
class Pressure:
    """Holds the curve and its peak; where there is no peak, `reason` says why."""

    curve: list[Point]
    peak: Peak | None
    reason: str | None


@dataclass(frozen=True)
class _Curve:
    """Holds a curve for all prompts and with each fold left out, shape (replicates, numbers)."""

    values: NDArray[np.float64]
    apart: NDArray[np.float64]  # half the difference of the two models


def rank_profiles(
    score: NDArray[np.float64], values: NDArray[np.float64], group: NDArray[np.uint64], size: int
) -> NDArray[np.float64]:
    """Computes what the k-th lowest score of `size` rollouts of each group holds on average, shape (groups, size).

    Mean over all subsets of that size; the rows of a tie share their values. Groups in the order of their keys, all of
    at least that size.

    >>> g = np.zeros(3, dtype=np.uint64)
    >>> rank_profiles(np.array([1.0, 2.0, 2.0]), np.array([0.0, 0.0, 1.0]), g, 2).round(3).tolist()
    [[0.167, 0.5]]
    """
    from scipy.special import gammaln

    order = np.lexsort((score, group))
    score, values, group = score[order], values[order], group[order]
    _, first, count = np.unique(group, return_index=True, return_counts=True)
    new = np.ones(score.size, dtype=np.bool_)
    new[1:] = (score[1:] != score[:-1]) | (group[1:] != group[:-1])
    tie = np.cumsum(new) - 1
    tied = (np.bincount(tie, weights=values) / np.bincount(tie))[tie]
    result = np.empty((first.size, size))

    def choose(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        possible = (b >= 0) & (a >= b)
        a, b = np.where(possible, a, 0), np.where(possible, b, 0)
        log: NDArray[np.float64] = gammaln(a + 1) - gammaln(b + 1) - gammaln(a - b + 1)
        return np.where(possible, log, -np.inf)

    rank = np.arange(1, size + 1)[None, :]
    for whole in np.unique(count):
        here = count == whole
        place = np.arange(1, whole + 1)[:, None]
        log = choose(place - 1, rank - 1) + choose(whole - place, size - rank)
        chance = np.exp(log - choose(np.array([whole]), np.array([size])))
        result[here] = tied[first[here][:, None] + np.arange(whole)] @ chance
    return result


def best_of_n(profiles: NDArray[np.float64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Computes the best of n from rank profiles: Σ_k C(k-1, n-1) / C(N, n) times the k-th, for n up to N.

    >>> best_of_n(np.array([[0.0, 0.0, 1.0]]), np.array([1, 2, 3])).round(3).tolist()
    [[0.333, 0.667, 1.0]]
    """
    from scipy.special import comb

    rank = np.arange(1, profiles.shape[1] + 1)
    chance = comb(rank[:, None] - 1, numbers - 1) / comb(profiles.shape[1], numbers)
    found: NDArray[np.float64] = profiles @ chance
    return found


def pressure_curve(
    score: NDArray[np.float64],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
) -> Pressure | None:
    """Estimates the expected truth of the best of n by the score, n = 1, 2, 4 …, and where it peaks.

    Up to N, the size that nine in ten groups reach: Σ over the rows of P(row is kept from a random n of the group) ·
    truth, ties shared; the same groups for every n, so that prompts do not change along the curve. 95 %, delete-a-fold
    jackknife over prompts. To 4 N (where 4 <= N <= 256), 90 %: the truth at N plus what two models say it changes,
    their mean: a mixture over (score level, right) cells (`best_of_mixture`; half of its drift from the logged curve is
    carried on) and a smooth curve over quantiles (`best_of_smooth`); half their difference widens the interval, and so
    does the largest bias measured in `benchmarks/calibration`. Signals of up to 8 values need the mixture alone.

    A peak is named where n before the last has the highest truth and the last n is lower for certain: the n whose truth
    is not certainly below another's (simultaneous 95 %, Bonferroni) make its range.

    It is about choosing by this signal among rollouts of this policy; a policy that is trained on the signal moves to
    rollouts that the log does not hold.

    Args:
        score: the signal on each row.
        truth: truth of the row, in [0, 1].
        weight: 1 / inclusion probability of the group's labels, equal inside a group.
        group: group of each row; all (or most) of its scored rows must be here.
        prompt: prompt key of each row.

    Returns:
        None where fewer than 10 prompts have a group with two rows.

    References: Hsu, Ann. Statist. 9 (1981) 1026 (which could be the best).

    >>> rng = np.random.default_rng(0); group = np.repeat(np.arange(200), 8).astype(np.uint64)
    >>> right = (rng.random(1600) < 0.5) * 1.0
    >>> found = pressure_curve(right, right, np.ones(1600), group, group)
    >>> [round(point.truth.value, 1) for point in found.curve[:4]]  # 1 - .5^n, less chance
    [0.5, 0.7, 0.9, 1.0]
    """
    keys, count = np.unique(group, return_counts=True)
    several = count >= 2
    if not several.any():
        return None
    reached = int(np.quantile(count[several], 1 - KEPT, method="lower"))
    size = min(reached, MOST)
    kept = np.isin(group, keys[count >= size])
    if np.unique(prompt[kept]).size < MIN_PROMPTS:
        return None
    order = np.argsort(group[kept], kind="stable")
    score, truth, weight, group, prompt = (
        score[kept][order],
        truth[kept][order],
        weight[kept][order],
        group[kept][order],
        prompt[kept][order],
    )
    keys, first, place = np.unique(group, return_index=True, return_inverse=True)
    replicas = leave_out(folds_of(prompt[first])) * weight[first]
    last = FAR * size if SMALLEST <= reached <= MOST else size
    numbers = 2 ** np.arange(int(np.log2(last)) + 1)
    logged, beyond = numbers[numbers <= size], numbers[numbers > size]

    shares = replicas / replicas.sum(axis=1, keepdims=True)
    profile = rank_profiles(score, truth, group, size)
    kept_truth = shares @ best_of_n(profile, logged)
    kept_score = shares @ best_of_n(rank_profiles(score, score, group, size), logged)
    curve, rise = _Curve(kept_truth, np.zeros(logged.size)), kept_score
    few = np.unique(score).size <= FEW_VALUES
    if beyond.size:
        anchors = np.array([max(size // 4, 1), size])
        at = shares @ best_of_n(profile, anchors)
        wanted = np.concatenate([anchors, beyond])
        level = score_levels(score, size)
        counts = count_cells(place, level, truth, keys.size)
        values = np.bincount(level, weights=score) / np.bincount(level)
        mixed, risen, unlike = _by_mixture(counts, replicas, wanted, values)
        steps = np.log2(beyond / size)
        drift = (at - mixed[:, :2]) @ np.array([-1.0, 1.0]) / np.log2(size / anchors[0])
        projected = at[:, 1:] + mixed[:, 2:] - mixed[:, [1]] + TREND * drift[:, None] * steps
        apart = unlike
        if not few:
            smooth = _by_smooth(shares @ profile, replicas, wanted[1:])
            second = at[:, 1:] + smooth[:, 1:] - smooth[:, [0]]
            apart = np.hypot((projected - second)[0], unlike) / 2
            projected = (projected + second) / 2
        curve = _Curve(np.hstack([kept_truth, projected.clip(0.0, 1.0)]), np.concatenate([curve.apart, apart]))
        if few:
            top = shares @ best_of_n(rank_profiles(score, score, group, size), anchors[1:])
            rise = np.hstack([kept_score, top + risen[:, 2:] - risen[:, [1]]])
    return _described(numbers, size, curve, rise, few, int(np.unique(prompt).size), int(score.size))


def _by_mixture(
    counts: NDArray[np.float64],
    replicas: NDArray[np.float64],
    numbers: NDArray[np.int64],
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns truth and value of the best of n under the mixture, re-fitted for every replicate.

    Both are the mean over two fits: the likeliest, and one whose groups are as alike as the log allows. Last comes half
    of what these two differ by in how the truth changes beyond the log.
    """
    scale = replicas[0].mean()
    design = Design.of(counts)
    whole = best_of_mixture.fit(design, replicas[0] / scale)
    fits = [whole, best_of_mixture.alike(design, replicas[0] / scale, whole)]
    found = np.empty((2, 2, replicas.shape[0], numbers.size))  # likeliest or alike; truth or value
    for number, weight in enumerate(replicas):
        for which, start in enumerate(fits):
            mixture = best_of_mixture.fit(design, weight / scale, start)
            each = best_of_mixture.best_of(mixture, design, numbers, values)
            found[which, :, number] = [weight @ part / weight.sum() for part in each]
    truth, value = found.mean(axis=0)
    change = found[:, 0, 0, 2:] - found[:, 0, 0, [1]]
    return truth, value, (change[0] - change[1]) / 2


def _by_smooth(
    profiles: NDArray[np.float64], replicas: NDArray[np.float64], numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the truth of the best of n under the smooth curve, re-fitted for every replicate."""
    groups = replicas.sum(axis=1) ** 2 / (replicas**2).sum(axis=1)
    whole, penalty = best_of_smooth.smooth(profiles[0], groups[0])
    fits = [whole]
    for profile, number in zip(profiles[1:], groups[1:], strict=True):
        fits.append(best_of_smooth.refit(profile, number, penalty, whole))
    return np.stack([best_of_smooth.best_of(odds, numbers) for odds in fits])


def _described(
    numbers: NDArray[np.int64],
    size: int,
    curve: _Curve,
    rise: NDArray[np.float64],
    few: bool,
    prompts: int,
    rollouts: int,
) -> Pressure:
    """Returns the points and the peak as estimates."""
    steps = np.maximum(np.log2(numbers / size), 0.0)
    bias = steps * (BIAS_FEW_VALUES if few else BIAS if size >= 8 else BIAS_SMALL_GROUPS)
    slack = np.hypot(curve.apart, bias)
    models = "mixture over score levels" if few else "mean of a mixture over score levels and a smooth curve"

    def point(at: int) -> Point:
        projected = bool(numbers[at] > size)
        method = f"{models}, beyond the {size} logged" if projected else f"unbiased best of n of {size}"
        level = PROJECTED_LEVEL if projected else LEVEL

        def made(values: NDArray[np.float64], unit: str, slack: float, bounds: tuple[float, float]) -> Estimate:
            value, low, high = jackknife_interval(values, level, slack=slack, stretch=STRETCH if projected else 1.0)
            if value in bounds and low == high:  # nothing to resample: the rule of three, prompts as trials
                edge = 1.0 - ((1.0 - level) / 2) ** (1.0 / prompts)
                low, high = max(value - edge, bounds[0]), min(value + edge, bounds[1])
            low, high = float(np.clip(low, *bounds)), float(np.clip(high, *bounds))
            return Estimate(value, low, high, level, unit, method + ", jackknife over prompts", prompts, rollouts)

        return Point(
            int(numbers[at]),
            made(curve.values[:, at], "share right", float(slack[at]), (0.0, 1.0)),
            made(rise[:, at], "score", 0.0, (-np.inf, np.inf)) if at < rise.shape[1] else None,
            projected,
        )

    points = [point(at) for at in range(numbers.size)]
    last = int(numbers[-1])
    top = int(np.argmax(curve.values[0]))
    if top == numbers.size - 1:
        return Pressure(points, None, f"the truth still rises at n = {last}, the last n that this log can tell of")
    possible, half = _could_be_best(curve.values, curve.apart, bias)
    if possible[-1]:
        return Pressure(points, None, f"no fall of the truth is certain up to n = {last}")
    fall = float(curve.values[0, top] - curve.values[0, -1])
    lost = Estimate(
        fall,
        fall - float(half[top, -1]),
        min(fall + float(half[top, -1]), 1.0),
        LEVEL,
        "share right",
        f"truth at n = {numbers[top]} less truth at n = {last}, simultaneous over n",
        prompts,
        rollouts,
    )
    low, high = (int(numbers[possible.argmax()]), int(numbers[numbers.size - 1 - possible[::-1].argmax()]))
    return Pressure(points, Peak(int(numbers[top]), low, high, points[top].truth, lost), None)


def _could_be_best(
    values: NDArray[np.float64], apart: NDArray[np.float64], bias: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Returns which n could have the highest truth, and the half width of every difference between two n."""
    from scipy.stats import t

    folds = values.shape[0] - 1
    deviation = values[1:] - values[1:].mean(axis=0)
    covariance = (folds - 1) / folds * deviation.T @ deviation
    own = np.diag(covariance)
    spread = np.sqrt(np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0))
    critical = t.ppf(1 - (1 - LEVEL) / (values.shape[1] - 1), folds - 1)
    slack = np.abs(apart[:, None] - apart[None, :]) + np.abs(bias[:, None] - bias[None, :])
    half = np.hypot(critical * spread, slack)
    beaten = values[0][None, :] - values[0][:, None] > half
    return ~beaten.any(axis=1), half
