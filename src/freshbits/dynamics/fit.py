"""Finds the laws that a log's counts allow: filter strength r, rows kept n, fresh share m, by likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.likelihood import Counts, count, log_likelihood
from freshbits.dynamics.overdispersion import overdispersion
from freshbits.dynamics.start import refined
from freshbits.dynamics.step import Law

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.dynamics.panel import Panel

    Array = NDArray[np.float64]

RATIOS = np.array([-1.2, -0.5, 0.0, 0.25, 0.5, 0.8, 1.2, 1.8, 2.8, 4.5])  # ln r
KEPT = np.log([2.5, 5.0, 10.0, 20.0, 40.0, 90.0, 250.0, 800.0])
LOWEST, HIGHEST = np.array([-3.0, 0.2, -6.0]), np.array([6.0, 7.3, -0.1])  # of ln r, ln n, ln m
MOST_SAMPLED = np.log(200.0)  # with more rows the two families are one
SOME_FRESH = 0.7  # how likely fresh rows are, before looking
FRESH = 0.2  # mean of the fresh share where there is one, before looking
STARTS = (0.03, 0.1, 0.25)  # fresh shares to begin the search for the mode at
MOST_STEPS = 120  # of that search
DRAWS = 24  # points per proposal
ENOUGH, MOST_ROUNDS = 24.0, 8  # proposals are mended until so many points count, at most so often
WORTH = 8.0  # a family this much less likely (in ln) is not looked into further


@dataclass(frozen=True)
class Fitted:
    """Holds laws with weights that sum to one: the likelihood times a weak prior, on points drawn where both are high.

    Attributes:
        laws: the laws looked at.
        weight: the weight of each.
        best: the most likely of them.
        counts: what they were fitted to.
        score: ln likelihood of the best.
    """

    laws: tuple[Law, ...]
    weight: Array
    best: Law
    counts: Counts
    score: float

    def interval(self, name: str, level: float = 0.9) -> tuple[float, float, float]:
        """Returns (median, low, high) of one of `ratio`, `kept`, `fresh` over the weighted laws."""
        values = np.array([getattr(law, name) for law in self.laws])
        order = np.argsort(values)
        below = np.cumsum(self.weight[order]) - 0.5 * self.weight[order]
        ends = np.interp([0.5, 0.5 - level / 2, 0.5 + level / 2], below, values[order])
        return float(ends[0]), float(ends[1]), float(ends[2])

    def drawn(self, number: int) -> list[Law]:
        """Returns so many laws, each as often as its weight says (systematic, so the same every time)."""
        at = (np.arange(number) + 0.5) / number
        place = np.searchsorted(np.cumsum(self.weight), at * (1 - 1e-12))
        return [self.laws[min(i, len(self.laws) - 1)] for i in place]


def fit(panel: Panel) -> Fitted:
    """Fits r = TPR/FPR, n_e and the fresh share to counts of consecutive rounds, with what they leave open.

    Likelihood of every round given the one before and the first (`likelihood`), its start the NPMLE of round 0.
    Two families: a fixed number kept, a fixed number sampled. Weak priors: ln r ~ N(.4, 1), ln n ~ N(ln 24, 1.5),
    no fresh rows with probability .3, else a share with mean .2. Points: a coarse grid, the mode, then adaptive
    importance sampling with a fixed seed (Cornuet et al. 2012, Scand. J. Statist. 39, 798).

    It does not know of anything shared between prompts: in a network r and n are effective values.

    >>> rng = np.random.default_rng(0); p0 = rng.beta(1, 2, 400)
    >>> p1 = rng.binomial(16, 2 * p0 / (1 + p0)) / 16; p2 = rng.binomial(16, 2 * p1 / (1 + p1)) / 16
    >>> from freshbits.dynamics.panel import Panel
    >>> x = np.stack([rng.binomial(8, p) for p in (p0, p1, p2)], axis=1)
    >>> median, low, high = fit(Panel(np.arange(3), np.full(x.shape, 8), x)).interval("ratio")
    >>> low < 2 < high
    True
    """
    counts = count(panel)
    found = [_family(counts, sampled=sampled) for sampled in (False, True)]
    best = max(found, key=lambda part: part.top)
    counts = refined(best.best, counts)
    counts = replace(counts, spread=overdispersion(best.best, counts))
    found = [_family(counts, sampled=sampled) for sampled in (False, True)]
    best = max(found, key=lambda part: part.top)
    parts = []
    for part in found:
        if part.top < best.top - WORTH:
            continue
        parts += [_explore(counts, part, fresh=False), _explore(counts, part, fresh=True)]
    laws = tuple(law for part in parts for law in part.laws)
    log = np.concatenate([part.log for part in parts])
    score = np.concatenate([part.score for part in parts])
    weight = np.exp(log - log.max())
    top = int(np.argmax(score))
    return Fitted(laws, weight / weight.sum(), laws[top], counts, float(score[top] * counts.spread))


@dataclass(frozen=True)
class _Coarse:
    """Holds the coarse grid's best law and the Gaussian that sums up its weights."""

    sampled: bool
    best: Law
    top: float
    mean: Array
    covariance: Array


@dataclass(frozen=True)
class _Explored:
    """Holds laws, ln of their weights (likelihood · prior / density drawn from) and their ln likelihoods."""

    laws: tuple[Law, ...]
    log: Array
    score: Array


def _family(counts: Counts, *, sampled: bool) -> _Coarse:
    most = MOST_SAMPLED if sampled else np.inf
    points = np.array([(r, k) for r in RATIOS for k in KEPT if k < most])
    score = np.array([log_likelihood(Law(float(np.exp(r)), float(np.exp(k)), 0.0, sampled), counts) for r, k in points])
    total = score + np.array([_prior(point) for point in points])
    top = int(np.argmax(total))
    mean, covariance = _moments(points, total, np.array([0.25, 0.5]))
    return _Coarse(sampled, _law(points[top], sampled), float(score[top]), mean, covariance)


def _moments(points: Array, log: Array, floor: Array) -> tuple[Array, Array]:
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = weight @ points
    centred = points - mean
    return mean, (weight[:, None] * centred).T @ centred + np.diag(floor**2)


def _explore(counts: Counts, coarse: _Coarse, *, fresh: bool) -> _Explored:
    """Draws laws where they are likely: from the mode first, then proposals fitted to all points before."""
    rng = np.random.default_rng(20250)
    mean, covariance = coarse.mean, coarse.covariance
    if fresh:
        mean = np.append(mean, np.log(0.08))
        covariance = np.block([[covariance * 1.5, np.zeros((2, 1))], [np.zeros((1, 2)), np.ones((1, 1))]])
    mean, covariance = _mode(counts, mean, covariance, sampled=coarse.sampled)
    points, score, log = np.zeros((0, mean.size)), np.zeros(0), np.zeros(0)
    proposals: list[tuple[Array, Array]] = []
    while len(proposals) < MOST_ROUNDS and (len(proposals) < 3 or _counting(log) < ENOUGH):
        if proposals:
            # Until enough points count, the weights are flattened so that the next proposal is not a needle.
            flat = max(1.0, float(log.max() - np.sort(log)[-2 * mean.size - 4]) / 2.0)
            mean, covariance = _moments(points, log / flat, np.full(mean.size, 0.005))
        proposals.append((mean, covariance))
        normal = rng.standard_normal((DRAWS, mean.size))
        heavy = np.sqrt(5.0 / rng.chisquare(5.0, DRAWS))[:, None]
        new = mean + heavy * (normal @ np.linalg.cholesky(covariance).T)
        new = np.clip(new, LOWEST[: mean.size], HIGHEST[: mean.size])
        new[:, 1] = np.minimum(new[:, 1], MOST_SAMPLED if coarse.sampled else np.inf)
        points = np.concatenate([points, new])
        score = np.concatenate([score, [log_likelihood(_law(point, coarse.sampled), counts) for point in new]])
        prior = np.array([_prior(point) for point in points])
        density = np.mean([_student(points, *proposal) for proposal in proposals], axis=0)
        log = score + prior - np.log(density)
    laws = tuple(_law(point, coarse.sampled) for point in points)
    return _Explored(laws, log - np.log(points.shape[0]), score)


def _mode(counts: Counts, mean: Array, covariance: Array, *, sampled: bool) -> tuple[Array, Array]:
    """Returns the mode of likelihood · prior near a first guess, and its Gaussian; r, n and m trade off in a ridge."""
    from scipy.optimize import minimize

    top = np.array([HIGHEST[0], MOST_SAMPLED if sampled else HIGHEST[1], HIGHEST[2]])[: mean.size]

    def cost(point: Array) -> float:
        inside = np.clip(point, LOWEST[: mean.size], top)
        outside = float(((point - inside) ** 2).sum())
        return -log_likelihood(_law(inside, sampled), counts) - _prior(inside) + 100.0 * outside

    starts = [mean] if mean.size < 3 else [np.append(mean[:2], np.log(share)) for share in STARTS]
    first = min(starts, key=cost)
    simplex = np.vstack([first, first + np.diag(np.where(np.arange(mean.size) == 0, 0.15, 0.4))])
    options = {"initial_simplex": simplex, "maxfev": MOST_STEPS, "xatol": 0.005, "fatol": 0.02}
    found = minimize(cost, first, method="Nelder-Mead", options=options)
    curved = _curvature(cost, found.x, np.array([0.03, 0.08, 0.1])[: mean.size])
    values, vectors = np.linalg.eigh(curved)
    # Where the likelihood is flat, or no bowl, the first guess's spread stands in.
    spread = np.minimum(1.0 / np.maximum(values, 1e-9), float(np.trace(covariance)))
    return np.asarray(found.x), np.asarray((vectors * spread) @ vectors.T) + np.diag(np.full(mean.size, 0.005**2))


def _curvature(cost: Callable[[Array], float], at: Array, width: Array) -> Array:
    """Returns the Hessian by central differences."""
    size = at.size
    found = np.zeros((size, size))
    steps = np.diag(width)
    middle = cost(at)
    for i in range(size):
        found[i, i] = (cost(at + steps[i]) - 2 * middle + cost(at - steps[i])) / width[i] ** 2
        for j in range(i):
            sum_ = cost(at + steps[i] + steps[j]) + cost(at - steps[i] - steps[j])
            sum_ -= cost(at + steps[i] - steps[j]) + cost(at - steps[i] + steps[j])
            found[i, j] = found[j, i] = sum_ / (4 * width[i] * width[j])
    return found


def _counting(log: Array) -> float:
    """Returns how many points count: (Σw)²/Σw²."""
    weight = np.exp(log - log.max())
    return float(weight.sum() ** 2 / (weight**2).sum())


def _law(point: Array, sampled: bool) -> Law:
    fresh = float(np.exp(point[2])) if point.size > 2 else 0.0
    return Law(float(np.exp(point[0])), float(np.exp(point[1])), fresh, sampled)


def _prior(point: Array) -> float:
    """Returns ln of the prior density of (ln r, ln n[, ln m]), families equally likely."""
    log = -0.5 * (point[0] - 0.4) ** 2 - 0.5 * ((point[1] - np.log(24.0)) / 1.5) ** 2 - np.log(2 * np.pi * 1.5)
    if point.size > 2:
        share = float(np.exp(point[2]))
        log += point[2] - np.log(FRESH) - share / FRESH + np.log(SOME_FRESH / (1.0 - SOME_FRESH))
    return float(log)


def _student(points: Array, mean: Array, covariance: Array) -> Array:
    """Returns the density of a t distribution with five degrees of freedom."""
    from scipy.special import gammaln

    size = mean.size
    solved = np.linalg.solve(np.linalg.cholesky(covariance), (points - mean).T)
    log = gammaln((5.0 + size) / 2) - gammaln(2.5) - size / 2 * np.log(5.0 * np.pi)
    log = log - 0.5 * np.linalg.slogdet(covariance)[1] - (5.0 + size) / 2 * np.log1p((solved**2).sum(axis=0) / 5.0)
    return np.asarray(np.exp(log))
