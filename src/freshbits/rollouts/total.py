"""The total reward, as a signal of its own: only where every component's weight is logged or given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freshbits.rollouts.opened import Opened

TOTAL = SIGNAL + "total"


def add_total(opened: Opened, given: Mapping[str, float]) -> None:
    """Adds `total` = Σ weight · component, unscored where any component is unscored.

    Nothing is added for a single signal, where a weight is missing, or where the log has a signal of that name.
    """
    inner = opened.rows
    parts = [name for name in inner.schema if name.startswith(SIGNAL)]
    weights = {**opened.weights, **given}
    known = all(name.removeprefix(SIGNAL) in weights for name in parts)
    if len(parts) < 2 or not known or TOTAL in parts:
        return
    terms = [pl.col(name).cast(pl.Float64) * weights[name.removeprefix(SIGNAL)] for name in parts]
    # Rounded: 0.7 + 0.1 and 0.1 + 0.7 must be one value, or a verdict would look like a score.
    total = pl.sum_horizontal(terms, ignore_nulls=False).round(9).alias(TOTAL)

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        if TOTAL not in columns:
            yield from inner.read(columns)
            return
        asked = [name for name in columns if name != TOTAL]
        for chunk in inner.read([*asked, *(name for name in parts if name not in asked)]):
            yield chunk.with_rows(chunk.rows.with_columns(total).select(columns))

    opened.rows = Stream({**inner.schema, TOTAL: pl.Float64()}, read)
    opened.notes.append(
        "total = " + " + ".join(f"{weights[n]:g} × {n}" for n in (p.removeprefix(SIGNAL) for p in parts))
    )
