"""How many bits of the signal a feature shares inside a prompt: I(φ;S|Q) by a logit with an intercept per prompt.

P(S=1 | Q=q, φ=l) = σ(a_q + β_l): every prompt has its own difficulty a_q, and the feature moves the odds by the same
factor everywhere. β comes from inside the prompts alone (`conditional`); then the distribution of a_q is fitted
without a shape (mass on a grid, as in `mixing`).
Counting instead of modelling invents about .1 bit per feature from nothing at 8 rollouts per prompt.

It does not see a feature whose effect changes sign from prompt to prompt: that reads zero.
The test (`within_group_test`) is the Cochran-Mantel-Haenszel statistic: exactly the verdicts shuffled inside groups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.conditional import conditional_effects
from freshbits.information.dirichlet import dirichlet_fit
from freshbits.information.entropy import binary_entropy
from freshbits.information.resampling import LEVEL, estimate, estimate_bits, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

GRID = np.linspace(-9.0, 9.0, 61)
FOLDS = 10
STEPS, WARM_STEPS = 60, 10
FEWEST_DRAWS = 4


@dataclass(frozen=True)
class Cells:
    """Counts per (group, level): `n` scored rollouts and `k` accepted ones, shape (groups, levels).

    `weight` is how much each group counts; None where all count alike.

    >>> Cells.count(np.array([7, 7, 8]), np.array([0, 1, 1]), np.array([1, 0, 1])).n.tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """

    n: NDArray[np.float64]
    k: NDArray[np.float64]
    prompts: NDArray[np.uint64]
    weight: NDArray[np.float64] | None = None

    @classmethod
    def count(
        cls,
        group: NDArray[np.uint64],
        level: NDArray[np.int64],
        accepted: NDArray[np.float64],
        prompts: NDArray[np.uint64] | None = None,
    ) -> Cells:
        """Counts rows into cells; `prompts` is the prompt key of each row (the group itself where None)."""
        keys, first, position = np.unique(group, return_index=True, return_inverse=True)
        levels = int(level.max()) + 1 if level.size else 1
        flat = position * levels + level
        shape = (keys.size, levels)
        n = np.bincount(flat, minlength=keys.size * levels).reshape(shape).astype(np.float64)
        k = np.bincount(flat, weights=accepted, minlength=keys.size * levels).reshape(shape).astype(np.float64)
        return cls(n, k, keys.astype(np.uint64) if prompts is None else prompts[first])

    def informative(self) -> Cells:
        """Returns the cells without levels that nobody shows."""
        used = self.n.sum(axis=0) > 0
        return Cells(self.n[:, used], self.k[:, used], self.prompts, self.weight)


@dataclass(frozen=True)
class _Patterns:
    """Distinct rows of cells, and how many groups show each, for all prompts and with each fold left out."""

    n: NDArray[np.float64]
    k: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, cells: Cells, fold: NDArray[np.intp], folds: int) -> _Patterns:
        """Groups with the same counts are interchangeable: thousands of groups shrink to hundreds of patterns."""
        rows, position = np.unique(np.hstack([cells.n, cells.k]), axis=0, return_inverse=True)
        flat = np.bincount(fold * rows.shape[0] + position.ravel(), cells.weight, minlength=folds * rows.shape[0])
        by_fold = flat.reshape(folds, rows.shape[0]).astype(np.float64)
        levels = cells.n.shape[1]
        total = by_fold.sum(axis=0)
        return cls(rows[:, :levels], rows[:, levels:], np.vstack([total, total - by_fold]))


def shared_bits(cells: Cells) -> tuple[Estimate, float]:
    """Estimates I(φ;S|Q) in bits per rollout and the direction of the effect.

    bits = E_q [ h(Σ_l F_l p_l) - Σ_l F_l h(p_l) ], p_l = σ(a_q + β_l), F the group's own distribution of levels,
    drawn from its Dirichlet-multinomial posterior. Where shuffled verdicts do as well (test at 5 %), `low` is 0.

    Returns:
        The estimate (95 %, delete-a-fold jackknife over prompts) and β of the last level less β of the first.

    >>> rng = np.random.default_rng(1); q = np.repeat(np.arange(300), 8); level = rng.integers(0, 2, q.size)
    >>> p = 1 / (1 + np.exp(-rng.normal(0, 1, 300)[q] - 2.0 * level))
    >>> bits, effect = shared_bits(Cells.count(q.astype(np.uint64), level, (rng.random(q.size) < p) * 1.0))
    >>> 0.08 < bits.value < 0.16 and 1.7 < effect < 2.3
    True
    """
    cells = cells.informative()
    levels = cells.n.shape[1]
    if levels < 2 or cells.k.sum() in (0.0, cells.n.sum()):
        return _nothing(cells), 0.0
    fold = folds_of(cells.prompts, FOLDS)
    folds = int(fold.max()) + 1
    effects = leave_out_effects(cells, fold, folds)
    result = estimate_bits(
        leave_out_bits(cells, effects, fold, folds),
        unit="bits/rollout",
        method="conditional logit with a mixture of intercepts, jackknife over prompts",
        prompts=int(np.unique(cells.prompts).size),
        rollouts=int(cells.n.sum()),
        top=1.0,
    )
    if within_group_test(cells) > 1 - LEVEL:
        result = replace(result, low=0.0)
    return result, float(effects[0, -1] - effects[0, 0])


def point_bits(cells: Cells) -> float:
    """Estimates I(φ;S|Q) as `shared_bits` does, the value alone: for a running loop, at a third of the price.

    0 where shuffled verdicts do as well (test at 5 %), so that a series of it does not show noise as bits.

    >>> rng = np.random.default_rng(1); q = np.repeat(np.arange(60), 8); level = rng.integers(0, 2, q.size)
    >>> cells = Cells.count(q.astype(np.uint64), level, (rng.random(q.size) < 0.2 + 0.5 * level) * 1.0)
    >>> round(point_bits(cells) / shared_bits(cells)[0].value, 6)
    1.0
    """
    cells = cells.informative()
    if cells.n.shape[1] < 2 or cells.k.sum() in (0.0, cells.n.sum()) or within_group_test(cells) > 1 - LEVEL:
        return 0.0
    patterns = _Patterns.of(cells, np.zeros(cells.n.shape[0], dtype=np.intp), 1)
    weight = patterns.weights[0]
    effect = conditional_effects(patterns.n, patterns.k, weight[None])[0]
    shares = _level_shares(patterns)
    mass = _fit(patterns, weight, effect, np.full(GRID.size, 1 / GRID.size), STEPS)
    return max(0.0, float(_bits(patterns, weight, effect, mass, shares)))


def leave_out_effects(cells: Cells, fold: NDArray[np.intp], folds: int) -> NDArray[np.float64]:
    """Estimates β for all groups and with each fold left out, shape (1 + folds, levels); see `conditional_effects`.

    >>> cells = Cells.count(np.arange(80) // 4, np.arange(80) % 2, (np.arange(80) % 2) * 1.0)
    >>> bool((leave_out_effects(cells, np.arange(20) % 2, 2)[:, 1] > 2).all())
    True
    """
    patterns = _Patterns.of(cells, fold, folds)
    return conditional_effects(patterns.n, patterns.k, patterns.weights)


def leave_out_bits(
    cells: Cells, effects: NDArray[np.float64], fold: NDArray[np.intp], folds: int
) -> NDArray[np.float64]:
    """Computes the bits of `shared_bits` at given effects, for all groups and with each fold left out.

    >>> cells = Cells.count(np.arange(80) // 4, np.arange(80) % 2, (np.arange(80) % 2) * 1.0)
    >>> leave_out_bits(cells, np.zeros((3, 2)), np.arange(20) % 2, 2).round(6).tolist()
    [0.0, 0.0, 0.0]
    """
    patterns = _Patterns.of(cells, fold, folds)
    shares = _level_shares(patterns)
    mass = _fit(patterns, patterns.weights[0], effects[0], np.full(GRID.size, 1 / GRID.size), STEPS)
    values = [_bits(patterns, patterns.weights[0], effects[0], mass, shares)]
    values += [
        _bits(patterns, weight, beta, _fit(patterns, weight, beta, mass, WARM_STEPS), shares)
        for weight, beta in zip(patterns.weights[1:], effects[1:], strict=True)
    ]
    return np.array(values)


def within_group_test(cells: Cells) -> float:
    """Computes the p-value of no association inside groups (generalised Cochran-Mantel-Haenszel, χ²).

    Mean and variance are those of verdicts shuffled inside each group, so it holds for any base rates.

    References: Landis, Heyman & Koch, Int. Stat. Rev. 46 (1978) 237.

    >>> within_group_test(Cells(np.array([[4.0, 4.0]]), np.array([[2.0, 2.0]]), np.array([1], dtype=np.uint64)))
    1.0
    """
    from scipy.stats import chi2

    n, k = cells.n[:, :-1], cells.k[:, :-1]
    size, accepted = cells.n.sum(axis=1), cells.k.sum(axis=1)
    mixed = (size > 1) & (accepted > 0) & (accepted < size)
    n, k, size, accepted = n[mixed], k[mixed], size[mixed], accepted[mixed]
    if size.size == 0:
        return 1.0
    expected = n * (accepted / size)[:, None]
    spread = accepted * (size - accepted) / (size**2 * (size - 1))
    excess = (k - expected).sum(axis=0)
    covariance = -np.einsum("g,gi,gj->ij", spread, n, n)
    covariance[np.diag_indices_from(covariance)] += (spread * size) @ n
    rank = int(np.linalg.matrix_rank(covariance))
    statistic = float(excess @ np.linalg.pinv(covariance) @ excess)
    return float(chi2.sf(statistic, rank)) if rank else 1.0


def across_prompts_test(cells: Cells) -> float:
    """Computes the p-value of no association inside groups with prompts as the unit (robust χ²).

    It asks whether the lean would come back on other prompts, where `within_group_test` asks about these rollouts:
    a feature that helps on a few prompts only passes that one and fails this one.

    >>> cells = Cells.count(np.arange(80) // 4, np.arange(80) % 2, (np.arange(80) % 2) * 1.0)
    >>> across_prompts_test(cells) < 0.001
    True
    """
    from scipy.stats import chi2

    size, accepted = cells.n.sum(axis=1), cells.k.sum(axis=1)
    excess = (cells.k - cells.n * (accepted / size)[:, None])[:, :-1]
    _, position = np.unique(cells.prompts, return_inverse=True)
    by_prompt = np.stack([np.bincount(position, weights=column) for column in excess.T], axis=1)
    by_prompt = by_prompt[np.abs(by_prompt).sum(axis=1) > 1e-12]
    if by_prompt.shape[0] < 2:
        return 1.0
    total = by_prompt.sum(axis=0)
    spread = by_prompt.T @ by_prompt
    rank = int(np.linalg.matrix_rank(spread))
    return float(chi2.sf(float(total @ np.linalg.pinv(spread) @ total), rank))


def false_discovery(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes Benjamini-Hochberg q-values.

    >>> false_discovery(np.array([0.01, 0.04, 0.5])).tolist()
    [0.03, 0.06, 0.5]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * p_values.size / np.arange(1, p_values.size + 1)
    result = np.empty_like(scaled)
    result[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return result


def _fit(
    patterns: _Patterns, weight: NDArray[np.float64], beta: NDArray[np.float64], mass: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """Returns the mass of the intercepts on the grid, by EM with β fixed."""
    rate = 1 / (1 + np.exp(-(GRID[:, None] + beta)))
    log = _log_likelihood(patterns, rate)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    total = weight.sum()
    for _ in range(steps):
        mass = mass * ((weight / np.maximum(likelihood @ mass, 1e-300)) @ likelihood) / total
    return mass


def _log_likelihood(patterns: _Patterns, rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns log P(counts of the group | intercept), shape (patterns, grid)."""
    rate = np.clip(rate, 1e-12, 1 - 1e-12)
    log: NDArray[np.float64] = patterns.k @ np.log(rate).T + (patterns.n - patterns.k) @ np.log1p(-rate).T
    return log


def _posterior(patterns: _Patterns, rate: NDArray[np.float64], mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns P(intercept | counts of the group), shape (patterns, grid)."""
    log = _log_likelihood(patterns, rate) + np.log(mass + 1e-12)
    posterior = np.exp(log - log.max(axis=1, keepdims=True))
    normed: NDArray[np.float64] = posterior / posterior.sum(axis=1, keepdims=True)
    return normed


def _level_shares(patterns: _Patterns) -> list[NDArray[np.float64]]:
    """Draws every pattern's distribution of levels from its Dirichlet-multinomial posterior.

    Draws, not the posterior mean: bits are concave in the shares, so shrunken means would read too high. Few patterns
    get many draws each, so that the noise of drawing stays small beside that of the data.
    """
    vectors, position = np.unique(patterns.n, axis=0, return_inverse=True)
    weights = np.bincount(position.ravel(), weights=patterns.weights[0])
    alpha = dirichlet_fit(vectors, np.asarray(weights, dtype=np.float64))
    rng = np.random.default_rng(patterns.n.shape)
    draws = int(np.clip(FEWEST_DRAWS * 1000 / patterns.n.shape[0], FEWEST_DRAWS, 16 * FEWEST_DRAWS))
    found = [rng.standard_gamma(patterns.n + alpha) + 1e-300 for _ in range(draws)]
    return [draw / draw.sum(axis=1, keepdims=True) for draw in found]


def _bits(
    patterns: _Patterns,
    weight: NDArray[np.float64],
    beta: NDArray[np.float64],
    mass: NDArray[np.float64],
    shares: list[NDArray[np.float64]],
) -> float:
    rate = 1 / (1 + np.exp(-(GRID[:, None] + beta)))
    posterior = _posterior(patterns, rate, mass)
    level_bits = binary_entropy(rate).T
    per_group = np.zeros(weight.size)
    for share in shares:
        per_group += (posterior * (binary_entropy(share @ rate.T) - share @ level_bits)).sum(axis=1)
    return float(weight @ per_group / (weight.sum() * len(shares)))


def _nothing(cells: Cells) -> Estimate:
    return estimate(
        np.zeros(3),
        unit="bits/rollout",
        method="the feature or the verdict never varies",
        prompts=int(np.unique(cells.prompts).size),
        rollouts=int(cells.n.sum()),
    )
