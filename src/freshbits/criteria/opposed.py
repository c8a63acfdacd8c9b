"""Traits of judged pairs: each is a difference that changes its sign when the two texts change places.

Which of two texts stands first says nothing about them, so every pair is looked at both ways round: with its two texts
exchanged, its verdict and its truth turned, and its traits with the other sign. Effects are then the same in whatever
order pairs were logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.candidates import candidates
from freshbits.outputs.compact import CATEGORIES
from freshbits.outputs.features.core import CORE

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

FEWEST = 30  # pairs that differ in a trait; of fewer no interval can be believed
NAMED = {feature.name for feature in CORE}
CODED = {feature.name: feature.names for feature in CORE if feature.kind == "category"}


def opposed(evidence: Evidence, signal: str, rows: pl.DataFrame) -> list[tuple[str, str, NDArray[np.float64], str]]:
    """Returns (name, kind, column, category or "") of the traits in which at least 30 pairs differ.

    Counts enter as sign(d) log(1 + |d|), d the difference; flags as -1, 0, 1; of a category each value that one text
    has and the other has not; components as far as they lean to one of the two. A missing value is no difference.
    """
    found = []
    for name, kind, values, _ in candidates(evidence, signal, rows):
        columns, labels = [], [""]
        if name in CODED:
            columns, labels = _coded(values, len(CODED[name])), list(CODED[name])
        elif name in NAMED or kind == "user":
            columns = [np.sign(values) * np.log1p(np.abs(values))]
        elif kind == "component":
            known = evidence.tally.values[name]
            columns = [values - ((known.high or 0.0) + (known.low or 0.0)) / 2]
        for column, label in zip(columns, labels, strict=False):
            plain = np.nan_to_num(column, nan=0.0)
            if np.count_nonzero(plain) >= FEWEST:
                found.append((name, kind, plain, label))
    return found


def both_ways(
    score: NDArray[np.float64], right: NDArray[np.bool_] | None, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None, NDArray[np.float64]]:
    """Returns pairs followed by the same pairs with their texts exchanged: score, truth, traits.

    >>> score, right, values = both_ways(np.array([1.0, 0.0]), np.array([True, True]), np.array([[2.0], [0.0]]))
    >>> score.tolist(), right.tolist(), values.ravel().tolist()
    ([1.0, 0.0, 0.0, 1.0], [True, True, False, False], [2.0, 0.0, -2.0, -0.0])
    """
    turned = score.max() + score.min() - score
    return (
        np.concatenate([score, turned]),
        None if right is None else np.concatenate([right, ~right]),
        np.concatenate([values, -values]),
    )


def _coded(values: NDArray[np.float64], count: int) -> list[NDArray[np.float64]]:
    """Takes the code of two unequal categories apart: one column per category, 1 or -1 by which text has it."""
    one, other = np.divmod(np.nan_to_num(values, nan=0.0), CATEGORIES)
    differ = np.nan_to_num(values, nan=0.0) != 0
    return [differ * ((one == category) * 1.0 - (other == category) * 1.0) for category in range(count)]
