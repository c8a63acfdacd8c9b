"""Blocks of consecutive rounds: how a long log is cut for trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BLOCKS = 20


def blocks_of(rounds: NDArray[np.int64], most: int = MOST_BLOCKS) -> list[tuple[int, int]]:
    """Cuts rounds into at most `most` blocks of consecutive rounds, (first, last) each; none for a single round.

    >>> blocks_of(np.array([1, 2, 3, 3]), most=2)
    [(1, 2), (3, 3)]
    >>> blocks_of(np.array([7, 7]))
    []
    """
    unique = np.unique(rounds)
    if unique.size < 2:
        return []
    return [(int(part[0]), int(part[-1])) for part in np.array_split(unique, min(most, unique.size))]
