"""Rows that hold several texts, unfolded: a producer's row becomes one row per completion, whatever the file's kind."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.stream import Chunk, Place, Plan, Table, Want

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freshbits.rollouts.opened import Source
    from freshbits.rollouts.tables.jsonl import Row, Unfold

PEEK_ROWS = 200


def open_unfolded(source: Source, unfold: Unfold, needed: Sequence[str] | None = None) -> Table:
    """Returns a source as the rows that `unfold` makes of each of its rows.

    Args:
        source: the files or the frame.
        unfold: makes flat rows of one row, given as a dictionary, and its file.
        needed: the raw columns that `unfold` reads; all where None. Others are not read.
    """
    if source.kind == "json":
        return source.table(unfold)
    raw = source.table()
    names = [name for name in raw.columns if needed is None or name in needed]
    wants: Plan = {name: Want(name, Kind.RAW) for name in names}
    first = islice(_rows(raw, wants), PEEK_ROWS)
    shown = [made for row, place in first for made in unfold(row, Path(place.file))]
    columns: dict[str, pl.DataType] = {}
    for row in shown:
        for name in row:
            columns.setdefault(name, _dtype([each.get(name) for each in shown]))

    def read(plan: Plan) -> Iterator[Chunk]:
        for chunk in raw.read(wants):
            gathered: list[list[Any]] = [[] for _ in plan]
            places: list[Place] = []
            for row, place in _of(chunk):
                at = len(gathered[0]) if gathered else 0
                places.append(place._replace(at=at))
                for made in unfold(row, Path(place.file)):
                    for values, want in zip(gathered, plan.values(), strict=True):
                        values.append(made.get(want.column))
            frame = Chunk(pl.DataFrame(), tuple(places))
            series = [
                convert_values(values, name, want, frame.where, source.problems)
                for (name, want), values in zip(plan.items(), gathered, strict=True)
            ]
            if series and len(series[0]):
                yield Chunk(pl.DataFrame(series), frame.places)

    return Table(raw.files, columns, read, raw.notes, raw.divisible and raw.divisible.whole_files())


def _rows(raw: Table, wants: Plan) -> Iterator[tuple[Row, Place]]:
    for chunk in raw.read(wants):
        yield from _of(chunk)


def _of(chunk: Chunk) -> Iterator[tuple[Row, Place]]:
    pieces = chunk.pieces() or [(Place(0, "the log", 1), chunk.rows.height)]
    for place, end in pieces:
        for offset, row in enumerate(chunk.rows[place.at : end].iter_rows(named=True)):
            yield row, Place(place.at + offset, place.file, place.row + offset)


def _dtype(values: list[Any]) -> pl.DataType:
    """Returns the type that values of Python have; text where they are mixed."""
    known = [value for value in values if value is not None]
    if not known:
        return pl.Null()
    if all(isinstance(value, bool) for value in known):
        return pl.Boolean()
    if all(isinstance(value, int) and not isinstance(value, bool) for value in known):
        return pl.Int64()
    if all(isinstance(value, (int, float)) for value in known):
        return pl.Float64()
    if all(isinstance(value, (list, dict)) for value in known):
        return pl.List(pl.String())
    return pl.String()
