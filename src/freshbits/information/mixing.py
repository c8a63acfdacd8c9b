"""How pass rates are spread over prompts, from few rollouts per prompt: the mixing distribution.

A prompt with 8 rollouts says little about its own pass rate s_q, but many prompts together say how s is
distributed. That distribution gives every budget number: contrast bits E h(s), the share of groups that will be
informative at another group size, pass@k beyond the logged k. The estimator is a nonparametric maximum likelihood
mixture (Laird 1978; Lindsay 1983) started at the best Beta and stopped early, which keeps it smooth.

Bias measured in `benchmarks/calibration`: below .01 bit in every world from 4 rollouts per group on (what few prompts
add to it is taken off by the jackknife). At 4 to 7 the interval is widened by .02 all the same: so few rollouts
identify so few moments that worlds outside the calibration could be further off. With 2 or 3 only bounds are
identified.

It assumes that the rollouts of a group are independent given the prompt, and that their number was not chosen by
looking at their verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.bounds import all_dead, from_moments, one_per_group
from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.resampling import estimate, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

CELLS = 300
STEPS, STEPS_LARGE = 200, 40  # small groups leave the likelihood flat, so EM has further to go
LARGE = 16
SLACK_FEW = 0.02  # allowed for with 4 to 7 rollouts per group, bits


@dataclass(frozen=True)
class Mixing:
    """Holds the fitted distribution of pass rates: `mass[r, j]` on `grid[j]` for replicate r (0 = all prompts).

    >>> n = np.full(200, 8); k = np.repeat([0, 8], 100)
    >>> fit(n, k, np.arange(200, dtype=np.uint64)).mean(lambda s: s)[0].round(3).item()
    0.5
    """

    grid: NDArray[np.float64]
    mass: NDArray[np.float64]
    prompts: int
    rollouts: int

    def mean(self, function: object) -> NDArray[np.float64]:
        """Returns E f(s) for every replicate; `function` takes the grid."""
        values: NDArray[np.float64] = self.mass @ np.asarray(function(self.grid))  # type: ignore[operator]
        return values


def fit(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Mixing:
    """Fits the mixing distribution of k ~ Binomial(n, s), s ~ G, to groups of unequal size.

    1. Beta start: argmax over a 41 x 41 grid of Σ log BetaBinomial(k; n, a, b);
    2. mass .98 Beta(a, b) on 300 arcsine-spaced cells, .01 at s = 0 and .01 at s = 1;
    3. 200 EM steps (40 where groups are larger than 16) g_j <- g_j Σ_i w_i L_ij / (L g)_i.

    Args:
        n: scored rollouts of each group, shape (groups,).
        k: accepted rollouts of each group.
        prompts: prompt key of each group; folds of prompts make the replicates.

    Raises:
        ValueError: if no group is given or a count is impossible.
    """
    if n.size == 0 or (n < 1).any() or (k < 0).any() or (k > n).any():
        raise ValueError("mixing needs groups with 0 <= k <= n and n >= 1")
    fold = folds_of(prompts)
    grid, mass, _ = fit_weighted(n, k, np.ones(n.size), fold, int(fold.max()) + 1)
    return Mixing(grid, mass, int(np.unique(prompts).size), int(n.sum()))


def fit_weighted(
    n: NDArray[np.int64],
    k: NDArray[np.int64],
    weight: NDArray[np.float64],
    fold: NDArray[np.intp],
    folds: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fits the mixture to weighted groups: (grid, mass per replicate, total weight per replicate).

    >>> n, k = np.full(100, 8), np.repeat([0, 8], 50)
    >>> grid, mass, weight = fit_weighted(n, k, np.ones(100), np.arange(100) % 5, 5)
    >>> (mass @ grid).round(2).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    pairs, weights = _count_pairs(n, k, weight, fold, folds)
    grid, mass = fit_pairs(pairs[:, 0], pairs[:, 1], weights)
    return grid, mass, weights.sum(axis=1)


def fit_pairs(
    sizes: NDArray[np.int64], hits: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fits one mixture per row of weights to distinct pairs (n, k): (grid, mass per row); they share their steps.

    >>> grid, mass = fit_pairs(np.array([8, 8]), np.array([0, 8]), np.array([[50.0, 50.0], [90.0, 10.0]]))
    >>> (mass @ grid).round(2).tolist()
    [0.5, 0.1]
    """
    grid, edges = _grid()
    log = log_binomial(sizes, hits, grid)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    mass = start_mass(sizes, hits, weights, edges)
    total = np.maximum(weights.sum(axis=1), 1e-300)[:, None]
    for _ in range(STEPS if int(sizes.max()) <= LARGE else STEPS_LARGE):
        mass *= (weights / np.maximum(mass @ likelihood.T, 1e-300)) @ likelihood / total
    return grid, mass


def contrast_bits(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    """Estimates the contrast bits E_q h(s_q), in bits per rollout, with a 95 % interval over prompts.

    All that group-relative updates can use: zero in groups where every verdict is the same. The median group size
    decides what can be known: from 8 the mixture estimate; 4 to 7 the same, its interval widened by .02; 2 or 3
    only bounds (`value` is None); 1: between 0 and h(mean).

    >>> rng = np.random.default_rng(0); s = rng.beta(1, 1, 500)
    >>> bits = contrast_bits(np.full(500, 8), rng.binomial(8, s), np.arange(500, dtype=np.uint64))
    >>> bits.low < 0.7213 < bits.high  # E h(s) under Beta(1, 1) = 1 / (2 ln 2)
    True
    """
    size = float(np.median(n))
    if size < 4:
        return _bounds(n, k, prompts)
    if bool(((k == 0) | (k == n)).all()):
        return all_dead(n, prompts)
    mixing = fit(n, k, prompts)
    return estimate(
        mixing.mean(binary_entropy),
        unit=UNIT,
        method="Beta-started NPMLE, jackknife over prompts" + ("" if size >= 8 else ", ± .02 for small groups"),
        prompts=mixing.prompts,
        rollouts=mixing.rollouts,
        bounds=(0.0, 1.0),
        slack=0.0 if size >= 8 else SLACK_FEW,
        correct_bias=True,
    )


def _bounds(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    """Returns what fewer than four rollouts per group can say."""
    several = n >= 2
    if not several.any():
        return one_per_group(n, k, prompts)
    mixing = fit(n[several], k[several], prompts[several])
    order = int(min(n[several].max(), 3))
    return from_moments(mixing.grid, mixing.mass, order, int(np.unique(prompts).size), int(n.sum()))


def jackknife_bits(n: NDArray[np.int64], k: NDArray[np.int64]) -> float:
    """Computes the mean over groups of the delete-one-rollout jackknife of h(k/n): a check on the mixture.

    n h(k/n) - (n-1) [k/n h((k-1)/(n-1)) + (n-k)/n h(k/(n-1))]; bias up to .015 bit at n = 8, .06 at 4.

    >>> round(jackknife_bits(np.array([8, 8]), np.array([0, 4])), 2)
    0.55
    """
    ok = n >= 2
    size, hits = n[ok].astype(np.float64), k[ok].astype(np.float64)
    less = size - 1
    left = hits / size * binary_entropy(np.maximum(hits - 1, 0) / less) + (size - hits) / size * binary_entropy(
        np.minimum(hits / less, 1.0)
    )
    return float(np.mean(size * binary_entropy(hits / size) - less * left)) if ok.any() else float("nan")


@cache
def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns 302 points (0, 300 arcsine-spaced, 1) and the 301 edges of the cells."""
    edges = np.sin(np.pi / 2 * np.linspace(0, 1, CELLS + 1)) ** 2
    centres = np.sin(np.pi / 2 * (np.arange(CELLS) + 0.5) / CELLS) ** 2
    return np.concatenate([[0.0], centres, [1.0]]), edges


@cache
def _starts() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the 41 x 41 Beta parameters that the start is chosen from (logit mean -4…4, strength .1…60)."""
    mean = 1 / (1 + np.exp(-np.linspace(-4, 4, 41)))
    strength = np.exp(np.linspace(np.log(0.1), np.log(60), 41))
    return np.outer(mean, strength).ravel(), np.outer(1 - mean, strength).ravel()


@cache
def _rising(top: int) -> tuple[NDArray[np.float64], ...]:
    """Returns ln Γ(i + a), ln Γ(i + b), ln Γ(i + a + b) for i < top and ln B(a, b), for every start."""
    from scipy.special import betaln, gammaln

    a, b = _starts()
    i = np.arange(top)[:, None]
    return gammaln(i + a), gammaln(i + b), gammaln(i + a + b), betaln(a, b)


def _count_pairs(
    n: NDArray[np.int64], k: NDArray[np.int64], weight: NDArray[np.float64], fold: NDArray[np.intp], folds: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns the distinct (n, k) and, per replicate, the weight of the groups that show each."""
    wide = int(n.max()) + 1
    codes, position = np.unique(n.astype(np.int64) * wide + k, return_inverse=True)
    flat = np.bincount(fold * codes.size + position, weights=weight, minlength=folds * codes.size)
    by_fold = flat.reshape(folds, codes.size)
    total = by_fold.sum(axis=0)
    weights = np.vstack([total, np.maximum(total - by_fold, 0.0)]) if folds > 1 else total[None, :]
    return np.stack([codes // wide, codes % wide], axis=1), weights


def log_binomial(n: NDArray[np.int64], k: NDArray[np.int64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes k_i ln s_j + (n_i-k_i) ln(1-s_j), shape (pairs, grid); -1e300 stands for minus infinity.

    >>> log_binomial(np.array([2]), np.array([2]), np.array([1.0])).tolist()
    [[0.0]]
    """
    with np.errstate(divide="ignore"):
        log_s, log_f = np.log(grid), np.log1p(-grid)
    hit = np.where(k[:, None] > 0, k[:, None] * np.where(np.isfinite(log_s), log_s, -1e300), 0.0)
    miss = np.where((n - k)[:, None] > 0, (n - k)[:, None] * np.where(np.isfinite(log_f), log_f, -1e300), 0.0)
    return np.asarray(hit + miss, dtype=np.float64)


def start_mass(
    n: NDArray[np.int64], k: NDArray[np.int64], weights: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Computes the starting mass of every replicate: its best Beta on the cells, and two small atoms.

    Args:
        n: rollouts of each distinct pair (n, k).
        k: accepted rollouts of each pair.
        weights: how often each pair counts, shape (replicates, pairs).
        edges: edges of the cells of rates, from 0 to 1.

    >>> start_mass(np.array([8]), np.array([4]), np.ones((1, 1)), np.array([0.0, 0.5, 1.0])).round(2).tolist()
    [[0.01, 0.49, 0.49, 0.01]]
    """
    from scipy.special import betainc

    a, b = _starts()
    rising_a, rising_b, rising_n, whole = _rising(int(n.max()) + 1)
    log = rising_a[k] + rising_b[n - k] - rising_n[n] - whole
    best = np.argmax(weights @ log, axis=1)
    cells = np.diff(betainc(a[best][:, None], b[best][:, None], edges), axis=1)
    atom = np.full((weights.shape[0], 1), 0.01)
    return np.hstack([atom, 0.98 * cells, atom])
