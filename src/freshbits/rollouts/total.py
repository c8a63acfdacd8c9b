"""The total reward, as a signal of its own: only where every component's weight is logged or given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import AGAIN, SIGNAL
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
    named = [name.removeprefix(SIGNAL) for name in parts]
    made = {TOTAL: _sum({name: weights[n] for name, n in zip(parts, named, strict=True)})}
    # Where every component was asked again, so was the total.
    for time in range(2, 1 + min(sum(name.startswith(f"{AGAIN}{n}@") for name in inner.schema) + 1 for n in named)):
        made[f"{AGAIN}total@{time}"] = _sum({f"{AGAIN}{n}@{time}": weights[n] for n in named})
    needs = [*parts, *(name for name in inner.schema if name.startswith(AGAIN))]

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        asked = [name for name in columns if name in made]
        if not asked:
            yield from inner.read(columns)
            return
        own = [name for name in columns if name not in made]
        for chunk in inner.read([*own, *(name for name in needs if name not in own)]):
            totals = [made[name].alias(name) for name in asked]
            yield chunk.with_rows(chunk.rows.with_columns(totals).select(columns))

    opened.rows = Stream({**inner.schema, **dict.fromkeys(made, pl.Float64())}, read, inner.divisible)
    opened.notes.append("total = " + " + ".join(f"{weights[n]:g} × {n}" for n in named))


def _sum(weights: Mapping[str, float]) -> pl.Expr:
    terms = [pl.col(name).cast(pl.Float64) * weight for name, weight in weights.items()]
    # Rounded: 0.7 + 0.1 and 0.1 + 0.7 must be one value, or a verdict would look like a score.
    return pl.sum_horizontal(terms, ignore_nulls=False).round(9)
