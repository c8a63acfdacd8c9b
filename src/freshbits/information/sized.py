"""Pass rates of answer classes, whose size goes with their rate: a mixture over share and rate together.

A class that the model gives often is often the right one, so the number of rollouts in a (prompt, class) cell says
something about the rate at which the cell is accepted. A mixture of rates alone, which `mixing` fits, would carry the
rates of the large cells over to the small ones (bias up to .2 bit). Here every cell has a share p of its group and a
rate s; their joint distribution has no shape but a grid, so small cells borrow from cells of about their share only.

It assumes that the rollouts of a cell are independent given the prompt. What cells of one rollout hide is borrowed
from the others, which is a guess: `task` says how large a share of the rows that is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import binary_entropy
from freshbits.information.mixing import log_binomial, start_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARES, RATES = 12, 80
START_STEPS, STEPS, WARM_STEPS = 200, 800, 60


def mean_entropy(
    size: NDArray[np.int64],
    n: NDArray[np.int64],
    k: NDArray[np.int64],
    weight: NDArray[np.float64],
    fold: NDArray[np.intp],
    folds: int,
) -> NDArray[np.float64]:
    """Estimates Σ weight h(s) over cells, in bits times the unit of the weights, for all rows and each fold left out.

    A row of a cell with share p sees n-1 ~ Binomial(size-1, p) others of its cell and k ~ Binomial(n, s) accepted.
    EM on a grid of 13 shares and 82 rates, started where share and rate are independent.

    Args:
        size: rollouts of the cell's group, shape (cells,).
        n: rollouts of the cell, at least 1.
        k: accepted rollouts of the cell.
        weight: how much the cell counts: the share of its group's rollouts.
        fold: fold of the cell's prompt.
        folds: number of folds.

    Returns:
        Shape (1 + folds,): the sum with all cells, then with each fold left out.

    >>> n = np.full(60, 8); k = np.repeat([0, 8], 30); one = np.ones(60)
    >>> float(mean_entropy(n, n, k, one, np.arange(60) % 3, 3)[0]) / 60 < 0.01  # every class is all wrong or all right
    True
    """
    pattern, position = np.unique(np.stack([size, n, k], axis=1), axis=0, return_inverse=True)
    patterns = pattern.shape[0]
    flat = np.bincount(fold * patterns + position.ravel(), weights=weight, minlength=folds * patterns)
    by_fold = flat.reshape(folds, patterns)
    weights = np.vstack([by_fold.sum(axis=0), np.maximum(by_fold.sum(axis=0) - by_fold, 0.0)])
    shares, edges, rates = _grid()
    of_share = _scaled(log_binomial(pattern[:, 0] - 1, pattern[:, 1] - 1, shares))
    of_rate = _scaled(log_binomial(pattern[:, 1], pattern[:, 2], rates))
    one = np.full((1, shares.size), 1.0 / shares.size)
    two = start_mass(pattern[:, 1], pattern[:, 2], weights[:1], edges)
    mass = np.outer(
        _em(one, of_share, weights[:1], START_STEPS)[0], _em(two, of_rate, weights[:1], START_STEPS)[0]
    ).ravel()[None, :]
    likelihood = (of_share[:, :, None] * of_rate[:, None, :]).reshape(patterns, -1)
    mass = _em(mass, likelihood, weights[:1], STEPS)
    left_out = _em(np.repeat(mass, folds, axis=0), likelihood, weights[1:], WARM_STEPS)
    by_rate = np.vstack([mass, left_out]).reshape(1 + folds, shares.size, rates.size).sum(axis=1)
    found: NDArray[np.float64] = weights.sum(axis=1) * (by_rate @ binary_entropy(rates))
    return found


def _em(
    mass: NDArray[np.float64], likelihood: NDArray[np.float64], weights: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """Returns the mass after so many EM steps, one row per set of weights."""
    total = np.maximum(weights.sum(axis=1), 1e-300)[:, None]
    for _ in range(steps):
        mass = mass * ((weights / np.maximum(mass @ likelihood.T, 1e-300)) @ likelihood) / total
    return mass


def _scaled(log: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = np.exp(log - log.max(axis=1, keepdims=True))
    return scaled


@cache
def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns the shares, and the edges of the cells of rates with the rates themselves (0 and 1 are points)."""
    shares = np.append(_arcsine((np.arange(SHARES) + 0.5) / SHARES), 1.0)
    edges = _arcsine(np.linspace(0, 1, RATES + 1))
    rates = np.concatenate([[0.0], _arcsine((np.arange(RATES) + 0.5) / RATES), [1.0]])
    return shares, edges, rates


def _arcsine(place: NDArray[np.float64]) -> NDArray[np.float64]:
    spaced: NDArray[np.float64] = np.sin(np.pi / 2 * place) ** 2
    return spaced
