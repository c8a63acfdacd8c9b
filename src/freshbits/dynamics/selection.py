"""Selection by a verifier and chance together: the operator that carries the distribution of pass rates over a round.

A round accepts a right answer with probability TPR and a wrong one with FPR and trains on what it kept, so the share
of right rows among the kept is p̃ = TPR p / (TPR p + FPR (1-p)), and the next pass rate is Binomial(k, p̃) / k. The
operator applies that to the distribution of p over prompts; it is exact where rows are kept per prompt. The bare
replicator (p becomes p̃) forgets that a right answer can be lost by chance and promises too much.

Assumes: verdicts are independent given right or wrong, every round refits to the kept rows, prompts do not share.
Does not know: shortcuts (see `onset`), networks that share across prompts (fit n and r), temperature.
Source: the Wright-Fisher chain with selection (Ewens 2004, Mathematical Population Genetics); the replicator of
curated retraining is that of Ferbach et al. 2024, arXiv 2407.09499.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from freshbits.dynamics.regime import demand, past, shares, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

MOST_KEPT = 4096
MOST_SAMPLES = 256
ENDS = 128  # values next to 0, and to the highest, that such a grid keeps as they are
NEAREST = 1e-7  # pass rate that is told from 0
CELLS = 512  # of the grid where the pass rates that can occur are no lattice of few points


def tilted(rate: ArrayLike, ratio: ArrayLike) -> NDArray[np.float64]:
    """Computes the share of right rows among accepted ones: r p / (r p + 1 - p), r = TPR / FPR.

    r = inf (no false positives) gives 1 wherever p > 0. Clipped to [0, 1], which rounding can leave.

    >>> tilted([0.0, 0.5, 1.0], 3.0).tolist()
    [0.0, 0.75, 1.0]
    """
    p, r = np.broadcast_arrays(shares(rate, "the pass rate"), np.asarray(ratio, dtype=np.float64))
    demand(r >= 0, "a ratio of acceptance rates cannot be negative.")
    finite = np.where(np.isinf(r), 1.0, r)
    with np.errstate(invalid="ignore"):
        share = finite * p / (finite * p + (1 - p))  # else a tiny r at p = 1 rounds the sum to 0
    share = np.where(p == 1, 1.0, share)  # r = 0 at p = 1: nothing but right rows, however few
    return np.asarray(np.where(np.isinf(r), (p > 0).astype(np.float64), np.clip(share, 0.0, 1.0)))


class Rule(Protocol):
    """Names what both rules for the rows kept in a round can do."""

    @property
    def grid(self) -> Array:
        """Returns the pass rates that the operator knows, from 0 to 1."""

    def after(self, rates: Array) -> Array:
        """Returns the distribution on the grid one round after each of these pass rates: (rates, grid)."""


@dataclass(frozen=True)
class Kept:
    """Keeps a fixed number n of accepted rows per prompt and round: p -> Binomial(n, p̃) / n.

    Attributes:
        kept: n, at most 4096.
        ratio: r = TPR / FPR; only the ratio matters, as rollouts are drawn until n are accepted.
        recorruption: μ, the share of right answers that turn wrong after each round.

    Exact up to n = 512: the grid is where one round can end, (1-μ) k/n. Above, the grid has those values near 0 and 1
    only; in between a pass rate is split between its two neighbours, which keeps its mean.

    >>> Kept(2, 3.0).after(np.array([0.5])).round(6).tolist()
    [[0.0625, 0.375, 0.5625]]
    """

    kept: int
    ratio: float
    recorruption: float = 0.0

    def __post_init__(self) -> None:
        whole(self.kept, "the rows kept per prompt and round", 1)
        demand(self.kept <= MOST_KEPT, f"the operator is not made for more than {MOST_KEPT} rows per prompt and round.")
        shares(self.recorruption, "recorruption")

    @cached_property
    def grid(self) -> Array:
        """Returns (1-μ) k/n and 1; for more than 512 rows the first and last of them, and even pass rates between."""
        ends = (1 - self.recorruption) * np.arange(self.kept + 1) / self.kept
        if self.kept > CELLS:
            ends = np.concatenate([ends[:ENDS], ends[-ENDS:], np.linspace(0.0, 1.0, CELLS + 1)])
        return np.unique(np.append(ends, 1.0))

    def after(self, rates: Array) -> Array:
        """Returns the distribution on the grid one round after each of these pass rates: (rates, grid)."""
        mass = _binomial(self.kept, tilted(rates, self.ratio))
        if self.recorruption == 0 and self.kept <= CELLS:
            return mass
        return np.asarray(mass @ split((1 - self.recorruption) * np.arange(self.kept + 1) / self.kept, self.grid))


@dataclass(frozen=True)
class Sampled:
    """Samples a fixed number N of rollouts per prompt and round and keeps what is accepted.

    k ~ Binomial(N, a), a = TPR p + FPR (1-p); then p -> Binomial(k, p̃) / k, and k = 0 leaves p as it is.

    Attributes:
        samples: N, at most 256.
        tpr: probability that a right answer is accepted.
        fpr: probability that a wrong answer is accepted.
        recorruption: μ, the share of right answers that turn wrong after each round.

    The pass rates k can give are no lattice; each is split between its neighbours on a grid of 512 cells (4 N if that
    is more; finer near 0 and 1), which keeps its mean and adds at most 1e-6 to the variance. Measured against loops:
    pass rates and shares of lost prompts within sampling error, N = 1 … 200, p down to .001.

    >>> perfect = Sampled(4, 1.0, 0.0)
    >>> mass = perfect.after(np.array([0.5]))[0]
    >>> mass[perfect.grid == 0.5].round(6), mass[-1].round(6)  # stays where nothing was accepted
    (array([0.0625]), np.float64(0.9375))
    """

    samples: int
    tpr: float
    fpr: float
    recorruption: float = 0.0

    def __post_init__(self) -> None:
        whole(self.samples, "the rollouts per prompt and round", 1)
        demand(self.samples <= MOST_SAMPLES, f"more than {MOST_SAMPLES} rollouts: give the number kept instead.")
        shares([self.tpr, self.fpr, self.recorruption], "TPR, FPR and recorruption")
        demand(self.tpr > 0 or self.fpr > 0, "a verifier that accepts nothing trains nothing.")

    @cached_property
    def grid(self) -> Array:
        """Returns even pass rates, and ever closer ones near 0 and 1, where a prompt may wait for long."""
        even = np.linspace(0.0, 1.0, max(CELLS, 4 * self.samples) + 1)
        near = np.geomspace(NEAREST, even[1], 40)[:-1]
        return np.unique(np.concatenate([even, near, 1 - near]))

    def after(self, rates: Array) -> Array:
        """Returns the distribution on the grid one round after each of these pass rates: (rates, grid)."""
        stay = 1 - self.recorruption
        share = tilted(rates, self.tpr / self.fpr if self.fpr else np.inf)
        accepted = np.clip(self.tpr * rates + self.fpr * (1 - rates), 0.0, 1.0)
        number = _binomial(self.samples, accepted)
        found = number[:, :1] * split(stay * rates, self.grid)
        for k in range(1, self.samples + 1):
            some = number[:, k] > 1e-15
            mass = number[some, k, None] * _binomial(k, share[some])
            found[some] += mass @ split(stay * np.arange(k + 1) / k, self.grid)
        return np.asarray(found)


@dataclass(frozen=True)
class Course:
    """Holds the distribution of pass rates over prompts, round by round.

    Attributes:
        grid: pass rates, shape (grid,).
        mass: share of prompts at each, shape (rounds + 1, grid).
    """

    grid: Array
    mass: Array

    @property
    def rate(self) -> Array:
        """Returns the mean pass rate of every round."""
        return np.asarray(self.mass @ self.grid)

    @property
    def lost(self) -> Array:
        """Returns the share of prompts whose right answer is gone, in every round."""
        return np.asarray(self.mass[:, 0])

    @property
    def mastered(self) -> Array:
        """Returns the share of prompts that give nothing but right answers, in every round."""
        return np.asarray(self.mass[:, -1])

    @property
    def variety(self) -> Array:
        """Returns the mean of 2 p (1-p), the chance that right and wrong differ between two rollouts."""
        return np.asarray(self.mass @ (2 * self.grid * (1 - self.grid)))

    def reaches(self, target: float) -> int | None:
        """Returns the first round whose mean pass rate is at least the target, None if none is."""
        there = np.flatnonzero(self.rate >= target)
        return int(there[0]) if there.size else None


def course(rule: Rule, rates: ArrayLike, weights: ArrayLike, rounds: int) -> Course:
    """Computes the distribution of pass rates over the rounds 0 … t under a rule.

    Args:
        rule: `Kept` or `Sampled`.
        rates: pass rates of round 0, shape (m,).
        weights: the share of prompts at each; normalised here.
        rounds: t.

    Round 0 is split onto the grid (its mean is exact); round 1 starts from the rates as they are given.

    >>> closed = course(Kept(8, 1.0), [0.25], [1.0], 10)  # no selection: the mean stays
    >>> closed.rate.round(6)[[0, 10]].tolist(), closed.reaches(0.5)
    ([0.25, 0.25], None)
    >>> course(Kept(4, 3.0), [0.25], [1.0], 10).rate.round(3)[[1, 10]].tolist()
    [0.5, 0.91]
    """
    p = np.atleast_1d(shares(rates, "the pass rate"))
    weight = np.broadcast_to(np.asarray(weights, dtype=np.float64), p.shape)
    demand((weight >= 0).all() and weight.sum() > 0, "the weights of the pass rates have to be positive.")
    weight = weight / weight.sum()
    last = int(past(rounds))
    found = [weight @ split(p, rule.grid)]
    if last:
        found.append(weight @ rule.after(p))
    if last > 1:
        step = rule.after(rule.grid)
        for _ in range(last - 1):
            found.append(found[-1] @ step)
    return Course(rule.grid, np.stack(found))


def split(values: Array, grid: Array) -> Array:
    """Returns the weights (values, grid) of the two grid points beside each value; their mean is the value.

    >>> split(np.array([0.3, 1.0]), np.array([0.0, 0.5, 1.0])).round(3).tolist()
    [[0.4, 0.6, 0.0], [0.0, 0.0, 1.0]]
    """
    left = np.clip(np.searchsorted(grid, values, side="right") - 1, 0, grid.size - 2)
    share = (values - grid[left]) / (grid[left + 1] - grid[left])
    found = np.zeros((values.size, grid.size))
    row = np.arange(values.size)
    found[row, left] = 1 - share
    found[row, left + 1] = share
    return found


def _binomial(n: int, share: Array) -> Array:
    """Returns Binomial(k; n, share) for k = 0 … n, shape (shares, n + 1)."""
    from scipy.stats import binom

    return np.asarray(binom.pmf(np.arange(n + 1), n, share[:, None]), dtype=np.float64)
