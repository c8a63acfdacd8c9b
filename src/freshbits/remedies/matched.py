"""Rows matched on what the signal should not pay for: as many accepted as rejected ones for every value of it.

In each stratum (a prompt, a region, the whole log) and each cell (one value of the features, jointly) as many accepted
rows are kept as rejected ones, without repeats. The features then say nothing about the verdict inside a stratum:
I(φ;S|stratum) = 0 exactly. Weighting rows instead holds in expectation only: a network that memorises the few heavy
rows falls back on the feature, the more so the longer it trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def matched(
    accepted: NDArray[np.bool_], cell: NDArray[np.int64], stratum: NDArray[np.int64], seed: int
) -> NDArray[np.bool_]:
    """Chooses rows so that accepted and rejected ones are equally many in every cell of every stratum.

    Args:
        accepted: verdict of each row.
        cell: number of the joint value of the features.
        stratum: number of what is held fixed.
        seed: the same seed keeps the same rows.

    Returns:
        A mask of the rows to keep.

    >>> accepted = np.array([True, True, True, False, False, True])
    >>> matched(accepted, np.array([0, 0, 0, 0, 1, 1]), np.zeros(6, dtype=np.int64), seed=0).sum()
    np.int64(4)
    """
    if not accepted.size:
        return np.zeros(0, dtype=np.bool_)
    _, place = np.unique(np.stack([stratum, cell], axis=1), axis=0, return_inverse=True)
    place = place.ravel()
    size = np.bincount(place)
    rejected = size - np.bincount(place, weights=accepted).astype(np.int64)
    room = np.minimum(rejected, size - rejected)
    # By cell, the rejected first, in random order: a row's rank among its own kind is its distance from their start.
    order = np.lexsort((np.random.default_rng(seed).random(place.size), accepted, place))
    start = (np.cumsum(size) - size)[place[order]]
    rank = np.empty(place.size, dtype=np.int64)
    rank[order] = np.arange(place.size) - start - np.where(accepted[order], rejected[place[order]], 0)
    return np.asarray(rank < room[place], dtype=np.bool_)
