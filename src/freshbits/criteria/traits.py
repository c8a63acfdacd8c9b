"""Traits: everything a signal may follow besides the truth, as one column of numbers each, for effects that add up.

Counts enter as log(1 + count), so that a doubling is a step of the same size for short and long texts; categories as
one column per value; a component as it was logged; of judged pairs differences (`opposed`). Words and pairs of words
that go with the signal more surely than chance would make the surest of all join them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.candidates import MOST_CATEGORIES, candidates, two_valued
from freshbits.criteria.opposed import CODED, opposed
from freshbits.information.screen import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

NGRAM = "ngram:"


@dataclass(frozen=True)
class Traits:
    """Holds traits as columns.

    Attributes:
        names: candidate that each column belongs to; the columns of a category share their name.
        kinds: "surface", "source", "component" or "ngram", per column.
        values: shape (rows, columns), no NaN.
        labels: the category that each column stands for; "" for other columns.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    values: NDArray[np.float64]
    labels: tuple[str, ...]

    def __add__(self, other: Traits) -> Traits:
        """Returns the columns of both, these first."""
        values = np.column_stack([self.values, other.values])
        return Traits(self.names + other.names, self.kinds + other.kinds, values, self.labels + other.labels)

    def of(self, columns: NDArray[np.bool_]) -> Traits:
        """Returns the columns that a mask keeps."""
        kept = np.flatnonzero(columns)
        names, kinds, labels = (tuple(held[k] for k in kept) for held in (self.names, self.kinds, self.labels))
        return Traits(names, kinds, self.values[:, kept], labels)


def traits(evidence: Evidence, signal: str, rows: pl.DataFrame) -> Traits:
    """Returns the traits of narrow rows that need no text."""
    names: list[str] = []
    kinds: list[str] = []
    columns: list[NDArray[np.float64]] = []
    labels: list[str] = []
    if evidence.pairs:
        for name, kind, column, label in opposed(evidence, signal, rows):
            names.append(name)
            kinds.append(kind)
            columns.append(column)
            labels.append(label)
    for name, kind, values, numeric in [] if evidence.pairs else candidates(evidence, signal, rows):
        called = list(CODED.get(name, ())) or (_sources(rows) if kind == "source" else [])
        for column, value in _columns(values, numeric=numeric):
            names.append(name)
            kinds.append(kind)
            columns.append(column)
            labels.append("" if value is None else called[int(value)] if called else f"{value:g}")
    table = np.stack(columns, axis=1) if columns else np.empty((rows.height, 0))
    return Traits(tuple(names), tuple(kinds), table, tuple(labels))


def words(
    evidence: Evidence,
    rows: pl.DataFrame,
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    cell: NDArray[np.uint64],
) -> Traits:
    """Returns the words and pairs of words that go with the score inside cells; none where no text was kept.

    With truth they are screened among the wrong rows too, where a verifier is fooled.
    """
    found = surest_words(evidence, rows, score, cell, right)
    table = np.stack([values for _, values, _ in found], axis=1) if found else np.empty((rows.height, 0))
    known = ~np.isnan(table)
    if not known.all():
        table = np.where(known, table, np.nanmean(table, axis=0))
    return Traits(tuple(name for name, _, _ in found), ("ngram",) * len(found), table, ("",) * len(found))


def surest_words(
    evidence: Evidence,
    rows: pl.DataFrame,
    score: NDArray[np.float64],
    cell: NDArray[np.uint64],
    right: NDArray[np.bool_] | None = None,
) -> list[tuple[str, NDArray[np.float64], float]]:
    """Returns (name, whether a row holds it, p-value among all words), the surest first; NaN where no text was kept."""
    none: list[tuple[str, NDArray[np.float64], float]] = []
    if evidence.quotes is None or evidence.pairs or not evidence.quotes.words.names:
        return none
    place = evidence.quotes.places(rows["row"])
    have = place.is_not_null().to_numpy()
    if not have.any():
        return none
    at = place.filter(place.is_not_null()).to_numpy()
    held = evidence.quotes.words.held[at]
    prompt = rows["prompt"].to_numpy()
    found: dict[int, float] = {}
    for mask in _masks(right):
        keep = have & mask
        if not keep.any():
            continue
        part = held[keep[have]]
        for k, p_value in screen(part, score[keep], cell[keep], prompt[keep]):
            found[k] = min(p_value, found.get(k, 1.0))
    chosen = []
    for k in sorted(found, key=lambda k: (found[k], k)):
        values = np.full(rows.height, np.nan)
        values[have] = held[:, [k]].toarray().ravel()
        chosen.append((NGRAM + evidence.quotes.words.names[k], values, found[k]))
    return chosen


def _masks(right: NDArray[np.bool_] | None) -> Sequence[NDArray[np.bool_] | np.bool_]:
    return [np.bool_(True)] if right is None else [np.bool_(True), ~right]


def _sources(rows: pl.DataFrame) -> list[str]:
    """Names the sources in the order of their numbers."""
    return [str(name) for name in np.unique(rows["source"].fill_null("").to_numpy().astype(str))]


def _columns(values: NDArray[np.float64], *, numeric: bool) -> list[tuple[NDArray[np.float64], float | None]]:
    """Returns the columns of one candidate, each with its category, if any; missing values stand at the mean."""
    known = ~np.isnan(values)
    if not known.any():
        return []
    if numeric or two_valued(values):
        plain = values if values[known].min() < 0 else np.log1p(values)
        column = plain if numeric else np.where(values == np.nanmax(values), 1.0, np.where(known, 0.0, np.nan))
        return [(np.where(known, column, column[known].mean()), None)]
    found, counts = np.unique(values[known], return_counts=True)
    most = found[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]
    shares = [(values[known] == value).mean() for value in most]
    return [
        (np.where(known, values == value, share) * 1.0, float(value)) for value, share in zip(most, shares, strict=True)
    ]
