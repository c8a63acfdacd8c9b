"""Candidates: what a signal may follow, as numbers per row and as levels inside a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.features.core import CORE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.sampled import Scores
    from freshbits.tally.values import Values

FEATURE = "feature."
MOST_CATEGORIES = 6


def accepted_rows(values: Values, scores: Scores, unit: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Returns 1.0 for accepted rows, else 0.0: the highest of two values, else a score above the mean of its unit."""
    if values.kind == "binary":
        return np.asarray(scores.score == values.high, dtype=np.float64)
    _, position = np.unique(unit, return_inverse=True)
    mean = np.bincount(position, weights=scores.score) / np.maximum(np.bincount(position), 1)
    return (scores.score > mean[position] + 1e-12).astype(np.float64)


def candidates(evidence: Evidence, signal: str, rows: pl.DataFrame) -> list[tuple[str, str, NDArray[np.float64], bool]]:
    """Lists (name, kind, value per row with NaN for missing, whether it is a number to be ranked)."""
    found: list[tuple[str, str, NDArray[np.float64], bool]] = []
    for feature in CORE:
        column = FEATURE + feature.name
        if column in rows.columns:
            found.append((feature.name, "surface", _floats(rows[column]), feature.kind == "count"))
    known = {FEATURE + feature.name for feature in CORE}
    for column in (name for name in rows.columns if name.startswith(FEATURE) and name not in known):
        values = _floats(rows[column])
        found.append((column.removeprefix(FEATURE), "user", values, not two_valued(values)))
    if "truncated" in rows.columns:
        found.append(("truncated", "surface", _floats(rows["truncated"].cast(pl.Int8)), False))
    if "source" in rows.columns and rows["source"].n_unique() > 1:
        found.append(("source", "source", _codes(rows["source"]), False))
    whole = signal == "total" and bool(evidence.weights)
    for name in evidence.components() if whole or signal in evidence.components() else []:
        kind = evidence.tally.values[name].kind
        if name != signal and kind != "constant":
            found.append((name, "component", _floats(rows[f"signal.{name}"]), kind == "score"))
    return found


def across_sources(scores: Scores) -> NDArray[np.uint64]:
    """Returns a unit that joins all sources' attempts at one prompt in one round."""
    pairs = np.stack([scores.prompt, scores.round.astype(np.uint64)], axis=1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].ravel().astype(np.uint64)


def number_levels(values: NDArray[np.float64], unit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Cuts numbers into levels: below, at and above a value that half of the rows have, else thirds of the group.

    Ranks would call the same "one bullet" high in a group without bullets and middle in another.
    """
    found, counts = np.unique(values, return_counts=True)
    if 2 * int(counts.max()) < values.size:
        return thirds(values, unit)
    return np.asarray(np.sign(values - found[counts.argmax()]) + 1, dtype=np.int64)


def thirds(values: NDArray[np.float64], unit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Cuts numbers into thirds by their mid-rank inside their unit: 0 low, 1 middle, 2 high; ties share a third.

    >>> thirds(np.array([1.0, 2.0, 3.0, 5.0, 5.0]), np.array([0, 0, 0, 1, 1], dtype=np.uint64)).tolist()
    [0, 1, 2, 1, 1]
    """
    frame = pl.DataFrame({"unit": unit, "value": values})
    rank = frame.select(((pl.col("value").rank("average").over("unit") - 0.5) / pl.len().over("unit")).alias("rank"))[
        "rank"
    ].to_numpy()
    third: NDArray[np.int64] = np.clip((rank * 3).astype(np.int64), 0, 2)
    return third


def top_codes(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers two values in their order, more categories by how often they occur (the rare ones share a number)."""
    if two_valued(values):
        return np.asarray(values == values.max(), dtype=np.int64)
    _, code = np.unique(values, return_inverse=True)
    counts = np.bincount(code)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(counts.size, dtype=np.int64)
    rank[order] = np.arange(counts.size)
    return np.asarray(np.minimum(rank[code], MOST_CATEGORIES - 1), dtype=np.int64)


def two_valued(values: NDArray[np.float64]) -> bool:
    """Tells whether exactly two values occur, NaN aside."""
    return np.unique(values[~np.isnan(values)]).size == 2


def _floats(column: pl.Series) -> NDArray[np.float64]:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _codes(column: pl.Series) -> NDArray[np.float64]:
    return np.unique(column.fill_null("").to_numpy().astype(str), return_inverse=True)[1].astype(np.float64)
