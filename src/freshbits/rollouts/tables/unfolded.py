"""Rows that hold several texts, unfolded: a producer's row becomes one row per completion, whatever the file's kind."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.stream import Chunk, Place, Plan, Table, Want
from freshbits.rollouts.tables.rows import dtype_of

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
    shown = [made for row, _, file in first for made in unfold(row, file)]
    columns: dict[str, pl.DataType] = {}
    for name in dict.fromkeys(name for row in shown for name in row):
        columns[name] = dtype_of([row.get(name) for row in shown])

    def read(plan: Plan) -> Iterator[Chunk]:
        for chunk in raw.read(wants):
            gathered: list[list[Any]] = [[] for _ in plan]
            places: list[Place] = []
            wanted = [(values.append, want.column) for values, want in zip(gathered, plan.values(), strict=True)]
            held = 0
            for row, number, file in _of(chunk):
                places.append(Place(held, str(file), number))
                for made in unfold(row, file):
                    held += 1
                    for add, column in wanted:
                        add(made.get(column))
            frame = Chunk(pl.DataFrame(), tuple(places))
            series = [
                convert_values(values, name, want, frame.where, source.problems)
                for (name, want), values in zip(plan.items(), gathered, strict=True)
            ]
            if series and len(series[0]):
                yield Chunk(pl.DataFrame(series), frame.places)

    return Table(raw.files, columns, read, raw.notes, raw.divisible and raw.divisible.whole_files())


def _rows(raw: Table, wants: Plan) -> Iterator[tuple[Row, int, Path]]:
    for chunk in raw.read(wants):
        yield from _of(chunk)


def _of(chunk: Chunk) -> Iterator[tuple[Row, int, Path]]:
    """Yields each row with its number and its file."""
    pieces = chunk.pieces() or [(Place(0, "the log", 1), chunk.rows.height)]
    for place, end in pieces:
        file = Path(place.file)
        for number, row in enumerate(chunk.rows[place.at : end].iter_rows(named=True), start=place.row):
            yield row, number, file
