"""Best of n beyond the log, by a mixture: what each prompt's rollouts are like, as cells of (score level, right).

A group is a draw of counts over the cells (level, right or wrong). Groups differ, so their cell probabilities have a
distribution: a mixture of a few Dirichlets, fitted by EM to all groups. Given its counts a group has a mixture of
Dirichlets as its posterior, under which the best of n has a closed form.

It does not see how right and wrong are spread inside a level of the score, and it takes the right share of a level to
be independent of how often the level occurs, within a component.

References: Antoniak, Ann. Statist. 2 (1974) 1152 (mixtures of Dirichlets); Minka, Estimating a Dirichlet distribution
(2000) (the fixed point).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPONENTS = 4
STEPS, INNER, SETTLED = 200, 3, 1e-3  # at most so many steps, fewer where the log-likelihood gains less in one
ALLOWED = 1.35  # what the log-likelihood may lose: half the 90 % point of chi-square with one degree of freedom
WIDEST = 8.0  # precisions are multiplied by up to 2^8
FEW_VALUES = 8  # signals with no more values are taken as they are
FEWEST = 20  # rows in the highest level
MOST_VALUES = 200
MOST_ALPHA = 1e4  # beyond it groups are as good as equal


@dataclass(frozen=True)
class Fit:
    """Holds a fitted mixture: Dirichlet parameters (components, cells), their shares, and log-likelihood per group.

    Cells are ordered by level, wrong before right.
    """

    alpha: NDArray[np.float64]
    share: NDArray[np.float64]
    likelihood: float


def score_levels(score: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Cuts scores into levels that get finer towards the top: quantiles ¼, ½, ¾, 7/8, 15/16 … over all rows.

    The best of n is about the 1 - 1/n quantile, so each doubling of n has a level of its own, up to 16 times the
    group size while the highest level keeps 20 rows. Signals with up to 8 values keep them.

    >>> score_levels(np.arange(64.0), 8).max()
    np.int64(2)
    """
    values = np.unique(score)
    if values.size <= FEW_VALUES:
        return np.searchsorted(values, score).astype(np.int64)
    tails = 2.0 ** -np.arange(1, np.log2(16 * size) + 1e-9)
    shares = [0.25, *(1 - tail for tail in tails if tail * score.size >= FEWEST)]
    cuts = np.unique(np.quantile(score, shares))
    return np.searchsorted(cuts[cuts < values[-1]], score, side="left").astype(np.int64)


def count_cells(
    place: NDArray[np.intp], level: NDArray[np.int64], right: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Counts the rows of each group in each cell (level, wrong or right), shape (groups, 2 levels).

    A truth between 0 and 1 counts as that share of a right row.

    >>> count_cells(np.array([0, 0]), np.array([0, 1]), np.array([1.0, 0.25]), 1).tolist()
    [[0.0, 1.0, 0.75, 0.25]]
    """
    cells = 2 * (int(level.max()) + 1)
    counts = np.zeros((groups, cells))
    np.add.at(counts, (place, 2 * level + 1), right)
    np.add.at(counts, (place, 2 * level), 1 - right)
    return counts


@dataclass(frozen=True)
class Design:
    """Holds counts by which of a few values each is, so that Γ and ψ are worked out once per value.

    Attributes:
        counts: shape (groups, cells).
        values: the different counts.
        is_value: whether the count of a cell is a value, shape (groups, values · cells).
        sizes: the different group sizes.
        is_size: whether the group has a size, shape (groups, sizes).
    """

    counts: NDArray[np.float64]
    values: NDArray[np.float64]
    is_value: NDArray[np.float64]
    sizes: NDArray[np.float64]
    is_size: NDArray[np.float64]

    @classmethod
    def of(cls, counts: NDArray[np.float64]) -> Design:
        """Finds the values; of counts with many (shares of truth) they are rounded to 200."""
        if np.unique(counts).size > MOST_VALUES:
            step = counts.max() / MOST_VALUES
            counts = np.round(counts / step) * step
        values, place = np.unique(counts, return_inverse=True)
        sizes, of_size = np.unique(counts.sum(axis=1).round(9), return_inverse=True)
        hit = place.reshape(counts.shape)[:, None, :] == np.arange(values.size)[None, :, None]
        is_value = hit.reshape(counts.shape[0], -1).astype(np.float64)
        return cls(counts, values, is_value, sizes, np.eye(sizes.size)[of_size.ravel()])


def fit(design: Design, weight: NDArray[np.float64], start: Fit | None = None) -> Fit:
    """Fits the mixture by EM from two seeded starts, or from an earlier fit, whose precisions are kept.

    EM moves the precision of the components slowly, so it is searched for along the way.

    >>> counts = np.tile([[4.0, 0.0, 0.0, 4.0], [8.0, 0.0, 0.0, 0.0]], (20, 1))
    >>> fit(Design.of(counts), np.ones(40)).share.sum().round(6)
    np.float64(1.0)
    """
    if start is not None:
        return _climb(design, weight, start.alpha, start.share, kept=True)
    rng = np.random.default_rng(0)
    found = [_climb(design, weight, *_start(design.counts, rng)) for _ in range(2)]
    best = max(found, key=lambda each: each.likelihood)
    return _climb(design, weight, best.alpha * _likeliest(design, weight, best), best.share)


def alike(design: Design, weight: NDArray[np.float64], fitted: Fit) -> Fit:
    """Makes the groups as alike as the log allows: components as narrow as a likelihood ratio at 90 % lets them be.

    A rare level that stands in few groups may be common in those or rare in all. The best of many depends on which,
    and the maximum of the likelihood leans to the first: groups that are all alike lie at the edge of the mixtures.

    >>> counts = Design.of(np.tile([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]], (20, 1)))
    >>> fitted = fit(counts, np.ones(60))
    >>> bool(alike(counts, np.ones(60), fitted).alpha.sum() > fitted.alpha.sum())
    True
    """
    from scipy.optimize import brentq

    def left(power: float) -> float:
        likelihood = weight @ _responsible(design, fitted.alpha * 2.0**power, fitted.share)[1]
        return float(likelihood - fitted.likelihood + ALLOWED)

    most = _most(fitted)
    power = most if left(most) >= 0 else float(brentq(left, 0.0, most, xtol=0.01))
    return Fit(fitted.alpha * 2.0**power, fitted.share, fitted.likelihood - ALLOWED + left(power))


def _most(fitted: Fit) -> float:
    """Returns the power of two by which precisions may still be multiplied."""
    return max(0.0, min(WIDEST, float(np.log2(MOST_ALPHA / fitted.alpha.max()))))


def best_of(
    mixture: Fit, design: Design, numbers: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Computes what keeping the best of n gives in each group: (truth, value), shape (groups, numbers).

    Under Dirichlet(a) with a_l the sum of level l and A_l that of all levels up to l, P(the best is at most l) =
    Γ(A_l + n) Γ(A) / (Γ(A_l) Γ(A + n)), and the best is right with a_l,right / a_l, independently.

    >>> one = Fit(np.array([[1.0, 1e-9, 1e-9, 1.0]]), np.ones(1), 0.0)
    >>> truth, _ = best_of(one, Design.of(np.zeros((1, 4))), np.array([1, 3]), np.array([0.0, 1.0]))
    >>> truth.round(4).tolist()  # 1 - E (1-s)^n under s ~ Beta(1, 1)
    [[0.5, 0.75]]
    """
    from scipy.special import gammaln

    counts = design.counts
    posterior = _responsible(design, mixture.alpha, mixture.share)[0]
    truth = np.zeros((counts.shape[0], numbers.size))
    value = np.zeros_like(truth)
    for component, alpha in enumerate(mixture.alpha):
        cells = (counts + alpha).reshape(counts.shape[0], -1, 2)
        level = cells.sum(axis=2)
        right = cells[:, :, 1] / level
        upto = np.cumsum(level, axis=1)[:, :, None]
        total = upto[:, -1:]
        below = np.exp(gammaln(upto + numbers) + gammaln(total) - gammaln(upto) - gammaln(total + numbers))
        best = np.diff(below, axis=1, prepend=0.0)
        truth += posterior[:, [component]] * np.einsum("gln,gl->gn", best, right)
        value += posterior[:, [component]] * np.einsum("gln,l->gn", best, values)
    return truth, value


def _start(counts: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns components around a few groups drawn at random."""
    size = counts.sum(axis=1)
    base = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * counts.shape[1])
    number = min(COMPONENTS, counts.shape[0])
    centre = (counts[rng.choice(counts.shape[0], number, replace=False)] + 4 * base) / (size.mean() + 4)
    log = counts @ np.log(centre).T
    near = np.exp(log - log.max(axis=1, keepdims=True))
    near /= near.sum(axis=1, keepdims=True)
    alpha = 4 * np.maximum((near.T @ counts) / np.maximum(near.T @ size, 1e-9)[:, None], 1e-4)
    return alpha, near.mean(axis=0)


def _responsible(
    design: Design, alpha: NDArray[np.float64], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns P(component | counts of the group) and the log-likelihood of each group."""
    from scipy.special import gammaln

    total = alpha.sum(axis=1)
    cells = gammaln(design.values[:, None, None] + alpha.T) - gammaln(alpha.T)  # values, cells, components
    whole = gammaln(design.sizes[:, None] + total) - gammaln(total)
    log = design.is_value @ cells.reshape(-1, alpha.shape[0]) - design.is_size @ whole + np.log(share)
    top = log.max(axis=1, keepdims=True)
    mass = np.exp(log - top)
    sums = mass.sum(axis=1, keepdims=True)
    return mass / sums, (top + np.log(sums))[:, 0]


def _likeliest(design: Design, weight: NDArray[np.float64], fitted: Fit) -> float:
    """Returns by what to multiply all precisions for the highest likelihood."""
    from scipy.optimize import minimize_scalar

    def loss(power: float) -> float:
        return -float(weight @ _responsible(design, fitted.alpha * 2.0**power, fitted.share)[1])

    found = minimize_scalar(loss, bounds=(-1.0, _most(fitted)), method="bounded", options={"xatol": 0.05})
    return float(2.0**found.x)


def _climb(
    design: Design,
    weight: NDArray[np.float64],
    alpha: NDArray[np.float64],
    share: NDArray[np.float64],
    *,
    kept: bool = False,
) -> Fit:
    from scipy.special import digamma

    before, precision = -np.inf, alpha.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        posterior, log = _responsible(design, alpha, share)
        likelihood = float(weight @ log)
        if likelihood - before < SETTLED:
            break
        before = likelihood
        posterior *= weight[:, None]
        share = np.maximum(posterior.sum(axis=0) / weight.sum(), 1e-8)
        share /= share.sum()
        seen = (posterior.T @ design.is_value).reshape(alpha.shape[0], design.values.size, -1)
        groups = posterior.T @ design.is_size
        for _ in range(INNER):
            total = alpha.sum(axis=1, keepdims=True)
            rise = digamma(design.values[None, :, None] + alpha[:, None, :]) - digamma(alpha)[:, None, :]
            whole = (groups * (digamma(design.sizes + total) - digamma(total))).sum(axis=1, keepdims=True)
            alpha = np.clip(
                alpha * ((seen * rise).sum(axis=1) + 1e-3 / total) / (whole + 1e-3 / total), 1e-4, MOST_ALPHA
            )
            if kept:
                alpha *= precision / alpha.sum(axis=1, keepdims=True)
    return Fit(alpha, share, before)
