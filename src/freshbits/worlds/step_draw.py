"""Draws multinomial counts for very many prompts at once.

Few rows per prompt: every uniform number is compared with every cumulated share, which whole-array comparisons do
faster than any search. Many rows: one binomial per answer that has mass left (the conditional method).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from freshbits.worlds.state import Ints

Shares = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int32]

FEW = 100  # rows per prompt up to which comparing is faster
BLOCK = 4096  # prompts handled together: what is compared stays in the cache


def multinomial(rng: np.random.Generator, rows: Ints, weights: Shares) -> Counts:
    """Draws counts of `rows[j]` rows over answers with probabilities ∝ weights[:, j]; shape as weights.

    An answer without weight is never drawn, whatever the rounding. Columns without any weight must have no rows.

    Args:
        rng: where the numbers come from.
        rows: rows per prompt, shape (prompts,).
        weights: shape (answers, prompts), not negative.

    >>> rng = np.random.default_rng(1)
    >>> multinomial(rng, np.array([4, 0]), np.array([[0, 1], [2, 1], [2, 1]], dtype=np.float32)).sum(axis=0).tolist()
    [4, 0]
    """
    most = int(rows.max(initial=0))
    draw = _compare if most <= FEW else _conditional
    found = np.empty(weights.shape, dtype=np.int32)
    for start in range(0, rows.size, BLOCK):
        part = slice(start, start + BLOCK)
        found[:, part] = draw(rng, rows[part], weights[:, part], above(weights[:, part]))
    return found


def above(weights: Shares) -> Shares:
    """Returns the mass of all answers behind each one; the last row is exactly 0, and rows of no weight add nothing.

    >>> above(np.array([[1], [0], [3]], dtype=np.float32)).ravel().tolist()
    [3.0, 3.0, 0.0]
    """
    behind = np.zeros_like(weights)
    for a in range(weights.shape[0] - 2, -1, -1):
        np.add(behind[a + 1], weights[a + 1], out=behind[a])
    return behind


def _compare(rng: np.random.Generator, rows: Ints, weights: Shares, behind: Shares) -> Counts:
    """Counts the uniform numbers below each cumulated share; a number below S_a lies behind answer a."""
    total = behind[0] + weights[0]
    # Divided, so that where nothing lies before, the share is exactly 1 and every number lies below it.
    share = (behind / np.where(total > 0, total, np.float32(1)))[:-1]
    most = int(rows.max(initial=0))
    uniform = rng.random((most, rows.size), dtype=np.float32)
    if (rows < most).any():
        uniform[np.arange(most)[:, None] >= rows] = 2.0
    beyond = np.zeros(share.shape, dtype=np.uint8)  # FEW is below 256
    below = np.empty(share.shape, dtype=np.bool_)
    for number in uniform:
        np.less(number, share, out=below)
        np.add(beyond, below.view(np.uint8), out=beyond)
    counts = np.empty(weights.shape, dtype=np.int32)
    np.subtract(rows, beyond[0], out=counts[0], casting="unsafe")
    counts[1:-1] = beyond[:-1] - beyond[1:]
    counts[-1] = beyond[-1]
    return counts


def _conditional(rng: np.random.Generator, rows: Ints, weights: Shares, behind: Shares) -> Counts:
    """Draws answer by answer from what is left; the last answer with weight takes the rest, since behind it is 0."""
    counts = np.zeros(weights.shape, dtype=np.int32)
    left = rows.astype(np.int64)
    for a in range(weights.shape[0]):
        some = np.flatnonzero((left > 0) & (weights[a] > 0))
        mass = weights[a, some].astype(np.float64)
        drawn = rng.binomial(left[some], mass / (mass + behind[a, some]))
        counts[a, some] = drawn
        left[some] -= drawn
    return counts
