"""The effect of a feature inside prompts: conditional logistic regression on counts.

P(S=1 | q, φ=l) = σ(a_q + β_l). Given how many rollouts of a group are accepted, a_q drops out: the accepted ones are
spread over the levels by the noncentral hypergeometric distribution of β alone. So it does not matter how easy
prompts are, nor that easy prompts may show the feature more often (a random intercept takes that for an effect).

References: Breslow & Day, Statistical Methods in Cancer Research I (1980), ch. 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 25
PRIOR = 0.05  # a weak normal prior (precision) keeps β finite where a level is always or never accepted
MOST = 12.0


def conditional_effects(
    n: NDArray[np.float64], k: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Estimates β (β_0 = 0) for every set of weights, in nats of log-odds, shape (sets, levels).

    Args:
        n: rollouts per (group, level).
        k: accepted rollouts per (group, level).
        weights: how often each group counts, shape (sets, groups). The first set is fitted; the others are one
            Newton step away from it, which is what leaving out a fold amounts to.

    >>> n = np.full((1, 2), 10.0); k = np.array([[2.0, 6.0]])
    >>> conditional_effects(n, k, np.full((1, 1), 50.0)).round(1).tolist()  # a shade below log(6/4) - log(2/8)
    [[0.0, 1.7]]
    """
    total = k.sum(axis=1)
    mixed = (total > 0) & (total < n.sum(axis=1)) & ((n > 0).sum(axis=1) > 1)
    n, k, weights = n[mixed], k[mixed], weights[:, mixed]
    levels = n.shape[1]
    beta = np.zeros(levels)
    if not mixed.any():
        return np.zeros((weights.shape[0], levels))
    for _ in range(STEPS):
        mean, spread = _moments(n, k.sum(axis=1), beta)
        step = _newton(weights[:1], k - mean, spread, beta)[0]
        beta[1:] = np.clip(beta[1:] + np.clip(step, -2.0, 2.0), -MOST, MOST)
        if float(np.abs(step).max()) < 1e-6:
            break
    mean, spread = _moments(n, k.sum(axis=1), beta)
    result = np.repeat(beta[None, :], weights.shape[0], axis=0)
    result[1:, 1:] += np.clip(_newton(weights[1:], k - mean, spread, beta), -1.0, 1.0)
    return np.clip(result, -MOST, MOST)


def _newton(
    weights: NDArray[np.float64], excess: NDArray[np.float64], spread: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns the Newton step of β_1… for every set of weights."""
    gradient = weights @ excess[:, 1:] - PRIOR * beta[1:]
    curvature = np.einsum("sg,gij->sij", weights, spread[:, 1:, 1:]) + PRIOR * np.eye(beta.size - 1)
    step: NDArray[np.float64] = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    return step


def _moments(
    n: NDArray[np.float64], total: NDArray[np.float64], beta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the exact mean of k given its total, and its covariance (normal approximation, exact enough for steps).

    Accepted counts per level are independent binomials conditioned on their sum, whatever the intercept; the
    intercept is chosen so that they sum to the total on average, which keeps every number in range.
    """
    from scipy.stats import binom

    groups, levels = n.shape
    rate = 1 / (1 + np.exp(-(_intercepts(n, total, beta)[:, None] + beta)))
    top = int(n.max())
    counts = np.arange(top + 1)
    masses = [binom.pmf(counts[None, :], n[:, [level]], rate[:, [level]]) for level in range(levels)]
    before = [np.eye(1, 1).repeat(groups, axis=0)]
    for mass in masses[:-1]:
        before.append(_convolved(before[-1], mass))
    after = [np.eye(1, 1).repeat(groups, axis=0)]
    for mass in masses[:0:-1]:
        after.append(_convolved(after[-1], mass))
    mean = np.zeros((groups, levels))
    for level in range(levels):
        others = _convolved(before[level], after[levels - 1 - level])
        rest = total.astype(np.int64)[:, None] - counts[None, :]
        possible = (rest >= 0) & (rest < others.shape[1])
        joint = masses[level] * np.where(
            possible, np.take_along_axis(others, np.clip(rest, 0, others.shape[1] - 1), axis=1), 0.0
        )
        mean[:, level] = (joint @ counts) / np.maximum(joint.sum(axis=1), 1e-300)
    variance = n * rate * (1 - rate)
    whole = np.maximum(variance.sum(axis=1), 1e-12)
    spread = -variance[:, :, None] * variance[:, None, :] / whole[:, None, None]
    spread[:, np.arange(levels), np.arange(levels)] += variance
    size = n.sum(axis=1)
    return mean, spread * (size / np.maximum(size - 1, 1))[:, None, None]


def _intercepts(n: NDArray[np.float64], total: NDArray[np.float64], beta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solves Σ_l n_l σ(a + β_l) = total for every group, by bisection."""
    low, high = np.full(total.size, -40.0 - beta.max()), np.full(total.size, 40.0 - beta.min())
    for _ in range(50):
        middle = (low + high) / 2
        below = (n / (1 + np.exp(-(middle[:, None] + beta)))).sum(axis=1) < total
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: NDArray[np.float64] = (low + high) / 2
    return found


def _convolved(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the distribution of the sum of two independent counts, row by row."""
    short, long = (one, two) if one.shape[1] <= two.shape[1] else (two, one)
    result = np.zeros((one.shape[0], one.shape[1] + two.shape[1] - 1))
    for shift in range(short.shape[1]):
        result[:, shift : shift + long.shape[1]] += short[:, [shift]] * long
    return result
