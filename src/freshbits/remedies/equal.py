"""Rewards at equal features, inside groups: the columns and the effects of which E[r|φ] is made.

A flag has two levels and one effect. A count has a slope per log unit, and beside it an effect for each of its levels
(eight per doubling), shrunk towards the slope as if four rows in it had said nothing: what is paid by steps, or up to a
length, is taken off as what is paid in proportion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PER_DOUBLING, LEVELS = 8, 160  # levels of a count; those beyond a million share one
SHRUNK = 4.0  # rows without a message, by which the effect of a level is shrunk
RIDGE = 1e-6  # of a slope's own variance
FLOOR = 0.1  # of the mean deviation of groups: none counts as less
NOTHING = 1e-9  # squares of a group's rewards about their mean that are none


def inside(columns: Floats, place: NDArray[np.int64]) -> Floats:
    """Returns columns less their means in each group; `place` numbers the groups from 0.

    >>> inside(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    size = np.maximum(np.bincount(place), 1)
    means = np.stack([np.bincount(place, weights=column) / size for column in columns.T], axis=1)
    return np.asarray(columns - means[place], dtype=np.float64)


def differing(rewards: Floats, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tells for each row whether the rewards of its group differ at all.

    >>> differing(np.array([1.0, 1.0, 0.0, 1.0]), np.array([0, 0, 1, 1])).tolist()
    [False, False, True, True]
    """
    own = inside(rewards[:, None], place)[:, 0]
    return np.asarray(np.bincount(place, weights=own**2)[place] > NOTHING, dtype=np.bool_)


def widened(table: Floats, counts: Sequence[bool]) -> Floats:
    """Returns the columns of the features, log(1 + count) each, and after them the levels of those that are counts.

    >>> widened(np.log1p([[0.0], [5.0], [6.0]]), [True]).shape, widened(np.log1p([[0.0], [1.0]]), [False]).shape
    ((3, 161), (2, 1))
    """
    parts = [table]
    for column, count in zip(table.T, counts, strict=True):
        if count:
            level = np.clip(np.floor(PER_DOUBLING * column / np.log(2)), 0, LEVELS - 1).astype(np.int64)
            parts.append(np.eye(LEVELS)[level])
    return np.concatenate(parts, axis=1)


def effects(inner: Floats, outer: Floats, slopes: int) -> Floats:
    """Solves for the effects: the first `slopes` columns as they are, levels after them shrunk.

    (X'X + λ) b = X'r, X and r less the means of their groups, λ 4 rows for a level.
    """
    own = np.diag(inner)
    penalty = np.where(np.arange(own.size) < slopes, RIDGE * np.maximum(own, 1e-12), SHRUNK)
    return np.asarray(np.linalg.solve(inner + np.diag(penalty), outer), dtype=np.float64)


def weights(left: Floats, place: NDArray[np.int64]) -> Floats:
    """Returns for each row 1 / the root mean square of what is left in its group, their mean over groups 1.

    A trainer that divides by the deviation of a group listens to it so much. What is less than a tenth of the usual
    counts as a tenth.

    >>> weights(np.array([1.0, -1.0, 3.0, -3.0]), np.array([0, 0, 1, 1])).tolist()
    [1.5, 1.5, 0.5, 0.5]
    """
    if not left.size:
        return left
    spread = np.sqrt(np.bincount(place, weights=left**2) / np.bincount(place))
    weight = 1 / np.maximum(spread, max(FLOOR * float(spread.mean()), 1e-12))
    return np.asarray((weight / weight.mean())[place], dtype=np.float64)
