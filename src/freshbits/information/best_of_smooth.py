"""Best of n beyond the log, by a smooth curve: how often rollouts at each quantile of their prompt's scores are right.

Let r(u) be the mean over prompts of P(right | the rollout stands at quantile u of the scores its prompt can draw).
Then the best of n is right with ∫ r(u) n u^(n-1) du, whatever the scores are, tied or not, and the k-th lowest of N
logged rollouts with ∫ r(u) Beta(u; k, N-k+1) du. So the logged ranks are N blurred looks at r. It is fitted to them as
a smooth curve in z = -log2(1-u), on which every doubling of n is one step, and goes on as a straight line in the
log-odds where the log does not reach.

It needs no comparable scores between prompts, and knows nothing that would stop the line.

References: Eilers & Marx, Statist. Sci. 11 (1996) 89 (penalised curves); Thompson & Eilers, Statist. Sci. 6 (1991) for
the blurred counts (penalised composite link).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS, REACH = 48, 10.0  # cells of equal width in z, up to the 1 - 2^-10 quantile
PENALTIES = np.geomspace(0.1, 300.0, 9)
RIDGE = 1e-3
STEPS = 30


def smooth(profile: NDArray[np.float64], groups: float) -> tuple[NDArray[np.float64], float]:
    """Fits the log-odds of r on the cells; the penalty on its curvature has the largest marginal likelihood.

    Args:
        profile: mean truth by rank, lowest score first, shape (N,).
        groups: how many groups it is the mean of.

    Returns:
        The log-odds of r on the cells, and the penalty.

    >>> odds, _ = smooth(np.full(8, 0.5), 100)
    >>> bool(np.abs(best_of(odds, np.array([1, 32])) - 0.5).max() < 1e-6)
    True
    """
    fits = [(_fit(profile, groups, penalty, None), penalty) for penalty in PENALTIES]
    (odds, _), penalty = max(fits, key=lambda fit: fit[0][1])
    return odds, float(penalty)


def refit(
    profile: NDArray[np.float64], groups: float, penalty: float, start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fits the curve again with a known penalty, from an earlier fit: for replicates."""
    return _fit(profile, groups, penalty, start)[0]


def best_of(odds: NDArray[np.float64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Computes ∫ r(u) n u^(n-1) du for every n."""
    mass = np.diff(_edges()[None, :] ** numbers[:, None], axis=1)
    found: NDArray[np.float64] = mass @ _logistic(odds)
    return found


def _edges() -> NDArray[np.float64]:
    edges = 1 - 2.0 ** -np.linspace(0.0, REACH, CELLS + 1)
    edges[-1] = 1.0
    return edges


def _blur(size: int) -> NDArray[np.float64]:
    """Returns the mass that the k-th of N uniform ranks has on each cell, shape (N, cells)."""
    from scipy.special import betainc

    rank = np.arange(1, size + 1)[:, None]
    return np.diff(betainc(rank, size - rank + 1, _edges()[None, :]), axis=1)


def _logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0)))
    return found


def _fit(
    profile: NDArray[np.float64], groups: float, penalty: float, start: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], float]:
    """Returns the penalised maximum of the binomial likelihood of the rank means, and its Laplace evidence."""
    blur = _blur(profile.size)
    bend = np.diff(np.eye(CELLS), n=2, axis=0)
    prior = penalty * (bend.T @ bend) / (REACH / CELLS) ** 3 + RIDGE * np.eye(CELLS)
    level = np.clip(profile.mean(), 0.01, 0.99)
    odds = np.full(CELLS, np.log(level / (1 - level))) if start is None else start.copy()

    def loss(odds: NDArray[np.float64]) -> float:
        mean = np.clip(blur @ _logistic(odds), 1e-6, 1 - 1e-6)
        log = profile @ np.log(mean) + (1 - profile) @ np.log1p(-mean)
        return float(-groups * log + odds @ prior @ odds / 2)

    def system(odds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        right = _logistic(odds)
        mean = np.clip(blur @ right, 1e-6, 1 - 1e-6)
        slope = blur * (right * (1 - right))
        weight = groups / (mean * (1 - mean))
        return slope.T @ (weight * (profile - mean)) - prior @ odds, (slope.T * weight) @ slope + prior

    now = loss(odds)
    for _ in range(STEPS):
        gradient, curvature = system(odds)
        step, length = np.linalg.solve(curvature, gradient), 1.0
        while loss(odds + length * step) > now + 1e-12 and length > 1e-3:
            length /= 2
        odds = odds + length * step
        before, now = now, loss(odds)
        if abs(before - now) < 1e-8:
            break
    volume = float(np.linalg.slogdet(system(odds)[1])[1])
    return odds, -now + (CELLS - 2) / 2 * float(np.log(penalty)) - volume / 2
