"""One round of keeping rows as a matrix on a grid of pass rates, for any number of rows kept.

A round turns the pass rate p of a prompt into k/n, k ~ Binomial(n, μ(p)). On the lattice of k/n that is an exact
matrix (`selection`); a fit needs n to vary, fresh rows to pull towards where the prompt began, and few states. So
states lie on a fixed grid, dense near 0 and 1, and k/n is split linearly between its two neighbours: the mean stays
exact, the variance grows by a known small factor that is taken off n beforehand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST_KEPT = 2000  # more rows than this differ from infinitely many by less than the grid can show


@lru_cache(maxsize=8)
def grid(points: int) -> Array:
    """Returns pass rates from 0 to 1, equally spaced in arcsine: sin²(π/2 · i/(points-1)).

    >>> grid(3).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    z: Array = np.sin(np.pi / 2 * np.linspace(0.0, 1.0, points)) ** 2
    z[0], z[-1] = 0.0, 1.0
    z.setflags(write=False)
    return z


@lru_cache(maxsize=2048)
def _splits(kept: int, points: int) -> Array:
    """Returns (kept+1, points): how k/kept is split between its neighbours on the grid."""
    return split(np.arange(kept + 1) / kept, points)


def split(rates: Array, points: int) -> Array:
    """Returns (rates, points): the weights of the two grid neighbours of each rate; their mean is the rate.

    >>> split(np.array([0.25]), 3).round(9).tolist()
    [[0.5, 0.5, 0.0]]
    """
    z = grid(points)
    left = np.clip(np.searchsorted(z, rates, side="right") - 1, 0, points - 2)
    share = (rates - z[left]) / (z[left + 1] - z[left])
    found = np.zeros((rates.size, points))
    row = np.arange(rates.size)
    found[row, left] = 1.0 - share
    found[row, left + 1] += share
    return found


def inflation(points: int) -> float:
    """Returns what splitting adds to the variance, as a share of p (1-p): (π/(points-1))²/6."""
    return float((np.pi / (points - 1)) ** 2 / 6)


def resample(mean: Array, kept: float, points: int) -> Array:
    """Returns (rows, points): the distribution of k/n after one round, given each row's mean μ.

    Between two whole numbers of rows the kernels are mixed so that 1/n is as asked.

    Args:
        mean: μ of each row, shape (rows,), in [0, 1].
        kept: rows kept, n >= 1; it need not be whole.
        points: size of the grid.

    >>> out = resample(np.array([0.3]), 6.5, 65)
    >>> round(float(out[0] @ grid(65)), 6)
    0.3
    """
    inverse = 1.0 / kept
    # Where k/n is finer than the grid, splitting adds variance; one that is coarser is split as little.
    inverse = min(max(inverse - inflation(points) * (1.0 if kept > 16 else 0.0), 1.0 / MOST_KEPT), 1.0)
    low = int(np.floor(1.0 / inverse + 1e-9))
    share = 0.0
    if low < MOST_KEPT:
        share = (1.0 / low - inverse) / (1.0 / low - 1.0 / (low + 1))
    result = _whole(mean, low, points)
    if share > 1e-9:
        result = (1.0 - share) * result + share * _whole(mean, low + 1, points)
    return result


def _whole(mean: Array, kept: int, points: int) -> Array:
    pmf = binomial(np.arange(kept + 1), kept, mean)
    found: Array = pmf @ _splits(kept, points)
    return found


def binomial(k: NDArray[np.int64], n: int, mean: Array) -> Array:
    """Returns (means, k): Binomial(k; n, μ), exact at μ = 0 and 1.

    >>> binomial(np.arange(3), 2, np.array([0.0, 0.5])).round(9).tolist()
    [[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]
    """
    mu = np.clip(mean, 0.0, 1.0)[:, None]
    right, wrong = np.log(np.maximum(mu, 1e-300)), np.log(np.maximum(1.0 - mu, 1e-300))
    factorials = log_factorials(n)
    choose = factorials[n] - factorials[k] - factorials[n - k]
    found: Array = np.exp(choose + k * right + (n - k) * wrong)
    return found / found.sum(axis=1, keepdims=True) if k.size == n + 1 else found


@lru_cache(maxsize=2048)
def log_factorials(most: int) -> Array:
    """Returns ln k! for k = 0 … most.

    >>> log_factorials(3).round(3).tolist()
    [0.0, 0.0, 0.693, 1.792]
    """
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
