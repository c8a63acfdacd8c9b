"""Targets: which text of each pair is higher in a feature, and how much each pair counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIP = 12.0  # no pair counts more than twelve times as much as another for balance's sake
LEAN = 2.6  # standard errors: a chance of 1 in 100
FEWEST = 8  # pairs in a cell; fewer cannot show what a feature is like without the other


@dataclass(frozen=True)
class Target:
    """Holds what a probe is asked: which of the two texts of a pair is higher in a feature.

    Attributes:
        place: numbers of the pairs that differ in it, in the order in which they are met.
        sign: +1 where the accepted text is higher, -1 where the rejected one is; shape of `place`.
        weight: how much each of them counts, 1 in the mean; shape of `place`.
        share: share of the pairs where it is known that differ in it, by the pairs' own weights.
        agreement: P(accepted is higher | they differ), by the pairs' own weights; .5 where none differs.
        counted: how many equally weighted pairs tell as much of the agreement: (Σw)² / Σw².
    """

    place: NDArray[np.int64]
    sign: NDArray[np.float64]
    weight: NDArray[np.float64]
    share: float
    agreement: float
    counted: float = 0.0

    @property
    def leans(self) -> bool:
        """Tells whether the signal surely leans one way in it: |2a - 1| above 2.6 standard errors of a fair coin."""
        return bool(abs(2 * self.agreement - 1) * np.sqrt(self.counted) > LEAN)

    @property
    def bits(self) -> float:
        """Returns the bits I(φ;S) that the feature shares with the signal, per pair: share · (1 - h(agreement))."""
        return self.share * (1.0 - float(binary(np.array(self.agreement))))


def signs(accepted: NDArray[np.float64], rejected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns +1 where the accepted text is higher, -1 where the rejected one is, 0 for ties, NaN for unknown.

    >>> signs(np.array([2.0, 0.0, 1.0, np.nan]), np.array([1.0, 3.0, 1.0, 0.0])).tolist()
    [1.0, -1.0, 0.0, nan]
    """
    return np.sign(accepted - rejected)


def target(
    sign: NDArray[np.float64],
    weight: NDArray[np.float64],
    beside: NDArray[np.float64] | None = None,
) -> Target:
    """Makes a target of signs, balanced against another feature where one is given.

    Where the accepted text is higher in both features or in neither (cell "same") far more often than in one of them
    (cell "opposed"), a probe could read one through the other. Each pair of a cell then counts 1 / P(cell), clipped
    at 12, so that both cells weigh the same. Pairs that tie in the other feature say nothing of it, and keep their
    weight.

    Args:
        sign: +1, -1, 0 (tie) or NaN (unknown) per pair.
        weight: the pairs' own weights.
        beside: signs of the feature to be balanced against; pairs where it is unknown are left out.
    """
    known = ~np.isnan(sign) & (True if beside is None else ~np.isnan(beside))
    differ = known & (np.nan_to_num(sign) != 0)
    whole = float(weight[known].sum())
    part = float(weight[differ].sum())
    share = part / whole if whole > 0 else 0.0
    agreement = float(weight[differ & (sign > 0)].sum()) / part if part > 0 else 0.5
    squares = float((weight[differ] ** 2).sum())
    counted = part**2 / squares if squares > 0 else 0.0
    place = np.flatnonzero(differ)
    counts = weight[place].copy()
    if beside is not None and place.size:
        cell = sign[place] * beside[place]
        counts *= _balance(cell, counts)
    if place.size:
        counts = counts / counts.mean()
    return Target(place.astype(np.int64), sign[place], counts, share, agreement, counted)


def smallest_cell(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    """Returns how many pairs the smaller of the cells "same" and "opposed" holds.

    >>> smallest_cell(np.array([1.0, 1.0, -1.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0]))
    1
    """
    cell = one * other
    return int(min((cell > 0).sum(), (cell < 0).sum()))


def binary(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns h(p) in bits, elementwise."""
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)), dtype=np.float64)


def _balance(cell: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    factor = np.ones(cell.size)
    both = float(weight[cell != 0].sum())
    for value in (1.0, -1.0):
        here = cell == value
        mass = float(weight[here].sum())
        if mass > 0:
            factor[here] = min(both / (2 * mass), CLIP)
    return factor
