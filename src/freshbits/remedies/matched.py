"""Rows matched on what the signal should not pay for: as many accepted as rejected ones for every value of it.

In each stratum (a prompt, a region, the whole log) and each cell (one value of the features, jointly) as many accepted
rows are kept as rejected ones, without repeats. The features then say nothing about the verdict inside a stratum:
I(φ;S|stratum) = 0 exactly. Weighting rows instead holds in expectation only: a network that memorises the few heavy
rows falls back on the feature, the more so the longer it trains. `at_equal_rates` chooses among the accepted alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMON = 0.1  # share of rows from which a cell's rate is known well enough for the others to be cut to it


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


def at_equal_rates(accepted: NDArray[np.bool_], cell: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Chooses accepted rows so that every cell is kept at one rate: as large a share of them as of all rows.

    Of a cell of n rows min(accepted, n·t) are kept, t the least rate of acceptance of the cells that hold a tenth of
    the rows: a rare one does not cut the others by chance, and is kept less often than it was written where it is
    accepted less. Training on what is kept then leaves the features where they are; as many accepted as rejected ones
    would take them below.

    Args:
        accepted: verdict of each row.
        cell: number of the joint value of the features.
        seed: the same seed keeps the same rows.

    Returns:
        A mask of the rows to keep, accepted ones only.

    >>> accepted = np.array([True] * 90 + [False] * 10 + [True] * 60 + [False] * 240)
    >>> kept = at_equal_rates(accepted, np.repeat([0, 1], [100, 300]), seed=0)
    >>> kept[:100].sum(), kept[100:].sum()
    (np.int64(20), np.int64(60))
    """
    if not accepted.any():
        return np.zeros(accepted.size, dtype=np.bool_)
    _, place = np.unique(cell, return_inverse=True)
    size, good = np.bincount(place), np.bincount(place, weights=accepted)
    common = size >= min(COMMON * size.sum(), size.max())
    least = (good[common] / size[common]).min()
    room = np.minimum(good, np.round(size * least)).astype(np.int64)
    order = np.lexsort((np.random.default_rng(seed).random(place.size), ~accepted, place))
    rank = np.empty(place.size, dtype=np.int64)
    rank[order] = np.arange(place.size) - (np.cumsum(size) - size)[place[order]]
    return np.asarray(rank < room[place], dtype=np.bool_)
