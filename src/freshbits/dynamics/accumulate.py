"""A loop whose rows pile up: every round is trained on all rows so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import binomial, grid, split
from freshbits.dynamics.selection import tilted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POINTS = 257  # the pool moves ever less, so the grid has to be fine
MOST = 60  # rounds that are followed; later ones move the pool by less than 1/60 of a round
KEPT = 200  # rows beyond which a round hardly scatters


def path(ratio: float, kept: float, rates: Array, weights: Array, prompts: int, rounds: int) -> tuple[Array, ...]:
    """Returns by round accuracy, its spread over prompts, variety left inside right, its spread, share dead, pass@k.

    p_{t+1} = (t p_t + k/n) / (t+1), k ~ Binomial(n, p̃_t); variety inside a class of n_c new rows per round keeps
    1 - 1/(n_c s²) in round s (drift with a growing pool; the setting is Gerstgrasser et al. 2024, arXiv 2404.01413).

    >>> rows = path(1.0, 8, np.array([0.5]), np.array([1.0]), 100, 5)
    >>> rows[0].round(4).tolist(), rows[2].round(3)[:2].tolist()
    ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [1.0, 0.778])
    """
    z = grid(POINTS)
    n = round(min(kept, KEPT))
    state = weights @ split(rates, POINTS)
    left = state.copy()
    drift = tilted(z, ratio)
    pmf = binomial(np.arange(n + 1), n, drift)
    found = []
    for t in range(rounds + 1):
        mean, right = float(state @ z), float(state @ z**2)
        spread = float(np.sqrt(max(right - mean**2, 0.0) / prompts))
        passed = [float(state @ (1 - (1 - z) ** k)) for k in (1, 8, 32)]
        kept_share = float(left @ z**2) / right if right > 1e-12 else 0.0
        found.append((mean, spread, kept_share, chance(kept_share, state, z, prompts), state[0], passed))
        if t < min(rounds, MOST):
            state, left = _moved(state, left, pmf, z, n, t)
    return tuple(np.array([row[i] for row in found]) for i in range(6))


def chance(left: float, state: Array, z: Array, prompts: int) -> float:
    """Returns how far chance moves the variety left: prompts count by their share of right pairs.

    Within a prompt what is left lies anywhere in [0, 1]: its variance is taken as left (1 - left) / 3.

    >>> round(chance(0.5, np.array([0.0, 1.0]), np.array([0.0, 1.0]), 100), 4)
    0.0289
    """
    pairs, squared = float(state @ z**2), float(state @ z**4)
    counting = max(prompts * pairs**2 / max(squared, 1e-12), 1.0)
    return float(np.sqrt(max(left * (1.0 - left), 0.0) / 3.0 / counting))


def _moved(state: Array, left: Array, pmf: Array, z: Array, n: int, t: int) -> tuple[Array, Array]:
    ends = (t * z[:, None] + np.arange(n + 1)[None, :] / n) / (t + 1)
    place = np.clip(np.searchsorted(z, ends, side="right") - 1, 0, POINTS - 2)
    share = (ends - z[place]) / (z[place + 1] - z[place])
    # Right rows among the new ones: n p on average in the pool that they join.
    fresh = np.maximum(1.0 - 1.0 / (np.maximum(n * ends, 1.0) * (t + 1) ** 2), 0.0)
    moved: list[Array] = []
    for mass in (state[:, None] * pmf, left[:, None] * pmf * fresh):
        flat = np.bincount(place.ravel(), (mass * (1 - share)).ravel(), POINTS)
        flat = flat + np.bincount(place.ravel() + 1, (mass * share).ravel(), POINTS)
        moved.append(flat.astype(np.float64))
    return moved[0], moved[1]
