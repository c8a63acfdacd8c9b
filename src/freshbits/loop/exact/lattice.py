"""The count lattice: all ways in which a few rows can fall on a few answers, and what one batch can show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def counts(answers: int, rows: int) -> NDArray[np.int64]:
    """Lists all count vectors of `rows` rows over `answers` answers, shape (vectors, answers).

    There are C(rows + answers - 1, answers - 1) of them.

    >>> counts(2, 2).tolist()
    [[0, 2], [1, 1], [2, 0]]
    """
    if answers == 1:
        return np.array([[rows]], dtype=np.int64)
    parts = [
        np.hstack([np.full((rest.shape[0], 1), first, dtype=np.int64), rest])
        for first in range(rows + 1)
        for rest in [counts(answers - 1, rows - first)]
    ]
    return np.vstack(parts)


def ways(vectors: NDArray[np.int64]) -> NDArray[np.float64]:
    """Computes the multinomial coefficient of each count vector: the number of orders that its rows can have.

    >>> ways(np.array([[1, 1], [2, 0]])).tolist()
    [2.0, 1.0]
    """
    factorial = _factorials(int(vectors.sum(axis=-1).max(initial=0)))
    return np.asarray(factorial[vectors.sum(axis=-1)] / factorial[vectors].prod(axis=-1))


def multinomial(vectors: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes P(counts | shares) for every share vector and every count vector, shape (shares, vectors).

    >>> multinomial(np.array([[0, 2], [1, 1], [2, 0]]), np.array([[0.5, 0.5]])).tolist()
    [[0.25, 0.5, 0.25]]
    """
    found: NDArray[np.float64] = ways(vectors) * (share[:, None, :] ** vectors[None, :, :]).prod(axis=-1)
    return found


@dataclass(frozen=True)
class Batch:
    """Holds everything that one round's samples can be and how a filter can part them.

    Attributes:
        sampled: count vectors y of the samples, shape (batches, answers).
        kept: count vectors c of the accepted, of any number, shape (kepts, answers).
        of: for every possible pair (y, c) with c <= y, which y it is; sorted, shape (pairs,).
        leaves: for every pair which c it is.
        first: the first pair of every y.
        orders: for every pair Π_a C(y_a, c_a), in how many ways the samples of y can be accepted to give c.
    """

    sampled: NDArray[np.int64]
    kept: NDArray[np.int64]
    of: NDArray[np.int64]
    leaves: NDArray[np.int64]
    first: NDArray[np.int64]
    orders: NDArray[np.float64]

    @property
    def accepted(self) -> NDArray[np.int64]:
        """Accepted rows per answer of every pair, shape (pairs, answers)."""
        found: NDArray[np.int64] = self.kept[self.leaves]
        return found

    @property
    def rejected(self) -> NDArray[np.int64]:
        """Rejected rows per answer of every pair, shape (pairs, answers)."""
        found: NDArray[np.int64] = self.sampled[self.of] - self.kept[self.leaves]
        return found


@cache
def batch(answers: int, samples: int) -> Batch:
    """Enumerates one round's samples and what a filter can leave of them.

    >>> one = batch(2, 1)
    >>> one.sampled.tolist(), one.accepted.tolist()
    ([[0, 1], [1, 0]], [[0, 0], [0, 1], [0, 0], [1, 0]])
    """
    sampled = counts(answers, samples)
    kept = np.vstack([counts(answers, total) for total in range(samples + 1)])
    of, leaves = np.nonzero((kept[None, :, :] <= sampled[:, None, :]).all(axis=-1))
    accepted, whole = kept[leaves], sampled[of]
    factorial = _factorials(samples)
    orders = (factorial[whole] / (factorial[accepted] * factorial[whole - accepted])).prod(axis=-1)
    return Batch(sampled, kept, of, leaves, np.flatnonzero(np.diff(of, prepend=-1)), orders)


def _factorials(most: int) -> NDArray[np.float64]:
    return np.concatenate([[1.0], np.cumprod(np.arange(1.0, most + 1))])
