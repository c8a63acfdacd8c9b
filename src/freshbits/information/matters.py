"""How many different things several criteria look at: parallel analysis of their correlations inside prompts.

Eigenvalues of the correlation matrix of the criteria inside groups, against those of criteria shuffled inside their
groups: what exceeds the 95th percentile of its place is a thing that more than one criterion looks at. A criterion
that has little to do with any of them looks at one of its own.

References: Horn, Psychometrika 30 (1965) 179; Glorfeld, Educational and Psychological Measurement 55 (1995) 377.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 60
RARE = 0.95
LOOSE = 0.15  # share of a criterion's variance that common things explain beyond chance; below it stands for itself


def matters(levels: NDArray[np.int64], group: NDArray[np.uint64], seed: int = 0) -> int | None:
    """Counts the different things that criteria look at, from their levels on the rollouts of each group.

    Args:
        levels: level of every rollout on every criterion, shape (rollouts, m).
        group: group of each rollout.
        seed: of the shuffles.

    Returns:
        None where fewer than two criteria vary inside groups.

    It counts, and does not say how many bits: the judge's own noise in each criterion does not change the count, a
    thing that only one criterion looks at counts once, and two things that always go together count as one.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(150), 8)
    >>> seen = rng.random((q.size, 2)) < rng.random((150, 2))[q]
    >>> read = np.repeat(seen, 5, axis=1) ^ (rng.random((q.size, 10)) < 0.1)  # ten criteria, each misread now and then
    >>> matters(read.astype(np.int64), q.astype(np.uint64))
    2
    """
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    centred = _centred(levels.astype(np.float64), place, size)
    varying = centred.std(axis=0) > 1e-9
    centred = centred[:, varying]
    count = int(varying.sum())
    if count < 2:
        return None
    related = centred[:, _related(centred, place, seed)]
    shared = int(related.shape[1])
    return count - shared + (max(_common(related, place, seed)[0], 1) if shared else 0)


def _related(centred: NDArray[np.float64], place: NDArray[np.intp], seed: int) -> NDArray[np.bool_]:
    """Tells which criteria have to do with a common thing: what it explains of them beyond chance."""
    common, value, vector = _common(centred, place, seed)
    explained = (vector[:, :common] ** 2 * (value[:common] - 1)).sum(axis=1)
    related: NDArray[np.bool_] = explained >= LOOSE
    return related


def _common(
    centred: NDArray[np.float64], place: NDArray[np.intp], seed: int
) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """Counts the eigenvalues above chance; returns them all, largest first, with their vectors."""
    count = centred.shape[1]
    if count < 2:
        return 0, np.ones(count), np.eye(count)
    value, vector = np.linalg.eigh(np.corrcoef(centred.T))
    order = np.argsort(value)[::-1]
    value, vector = value[order], vector[:, order]
    rng = np.random.default_rng(seed)
    by_group = np.lexsort((np.arange(place.size), place))
    shuffled = np.empty((DRAWS, count))
    for draw in range(DRAWS):
        moved = np.empty_like(centred)
        for criterion in range(count):
            moved[by_group, criterion] = centred[np.lexsort((rng.random(place.size), place)), criterion]
        shuffled[draw] = np.linalg.eigvalsh(np.corrcoef(moved.T))[::-1]
    above = value > np.quantile(shuffled, RARE, axis=0)
    return int(np.argmin(above)) if not above.all() else count, value, vector


def _centred(levels: NDArray[np.float64], place: NDArray[np.intp], size: NDArray[np.intp]) -> NDArray[np.float64]:
    mean = np.stack([np.bincount(place, weights=column) / size for column in levels.T], axis=1)
    found: NDArray[np.float64] = levels - mean[place]
    return found
