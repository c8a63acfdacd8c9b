"""Rows that are made one by one, as a table: for files that only their producer, or a person, can read."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    Row = dict[str, Any]
    Numbered = tuple[str, int, Row]  # the file, the row's 1-based number there, the row
    Made = Callable[[Problems], Iterator[Numbered]]

PEEK_ROWS = 200


def open_rows(
    made: Made, problems: Problems, files: Sequence[Path] = (), known: Mapping[str, pl.DataType] | None = None
) -> Table:
    """Returns rows that `made` yields anew at each reading, as a table; no more than one chunk of them is held.

    Args:
        made: yields (file, row number, row) with flat rows; what is wrong with single ones is counted where it is told.
        problems: where that is counted while rows are read (what the look ahead meets is not).
        files: the files behind the rows.
        known: columns that the first rows need not show.

    >>> table = open_rows(lambda _: iter([("a", 1, {"x": 1}), ("a", 2, {"x": 2.5})]), Problems())
    >>> table.columns
    {'x': Float64}
    """
    first = [row for _, _, row in islice(made(Problems()), PEEK_ROWS)]
    columns = dict(known or {})
    for name in dict.fromkeys(name for row in first for name in row):
        columns.setdefault(name, dtype_of([row.get(name) for row in first]))

    def read(plan: Plan) -> Iterator[Chunk]:
        gathered: list[list[Any]] = [[] for _ in plan]
        names = [want.column for want in plan.values()]
        places: list[Place] = []
        held, expected = 0, ("", 0)
        for file, number, row in made(problems):
            if (file, number) != expected:
                places.append(Place(held, file, number))
            for values, name in zip(gathered, names, strict=True):
                values.append(row.get(name))
            if not row.keys() <= columns.keys():
                late = min(row.keys() - columns.keys())
                problems.add(f"column {late!r} is in none of the first rows: not read", file, number)
            held += 1
            expected = (file, number + 1)
            if held >= CHUNK_ROWS:
                yield _chunk(plan, gathered, places, problems)
                gathered, places, held, expected = [[] for _ in plan], [], 0, ("", 0)
        if held:
            yield _chunk(plan, gathered, places, problems)

    return Table(tuple(files), columns, read)


def dtype_of(values: list[Any]) -> pl.DataType:
    """Returns the type that values of Python have; text where they are mixed.

    >>> dtype_of([True, None]), dtype_of([1, 2.5]), dtype_of([1, "a"])
    (Boolean, Float64, String)
    """
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


def _chunk(plan: Plan, gathered: list[list[Any]], places: list[Place], problems: Problems) -> Chunk:
    chunk = Chunk(pl.DataFrame(), tuple(places))
    series = [
        convert_values(values, name, want, chunk.where, problems)
        for values, (name, want) in zip(gathered, plan.items(), strict=True)
    ]
    return Chunk(pl.DataFrame(series), chunk.places)
