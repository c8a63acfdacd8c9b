"""Rows of trainers' logs taken apart with care: one that lacks the shape of its format is left out and counted.

Trainers write from threads and are killed at any time; one odd row must not cost the log. It is named with its file and
row among the problems of the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.stream import Chunk, Place, Plan, Table, Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from freshbits.rollouts.opened import Source
    from freshbits.rollouts.tables.jsonl import Row, Unfold

ODD = "__odd__"
LEFT_OUT = "the row does not have the shape of its format: left out"


def tolerant(source: Source, unfold: Unfold, files: tuple[Path, ...] | None = None) -> Table:
    """Returns a source's rows as `unfold` makes them, without those that it cannot take apart.

    Raises:
        InputError: if none of the first rows has the shape of the format.
    """

    def lenient(row: Row, file: Path) -> Iterable[Row]:
        try:
            made = list(unfold(row, file))
        except (AttributeError, KeyError, TypeError, ValueError):
            made = [{ODD: True}]
        return ({ODD: None, **each} for each in made)

    table = source.table(lenient, files)
    columns = {name: dtype for name, dtype in table.columns.items() if name != ODD}
    if not columns:
        raise InputError(
            "no row has the shape of its format", file=table.files[0] if table.files else None,
            mend="read it as a plain table with --format plain",
        )  # fmt: skip

    def read(plan: Plan) -> Iterator[Chunk]:
        for chunk in table.read(plan | {ODD: Want(ODD, Kind.FLAG)}):
            odd = chunk.rows[ODD].fill_null(value=False)
            rows = chunk.rows.drop(ODD)
            if not odd.any():
                yield Chunk(rows, chunk.places)
                continue
            for at in odd.arg_true():
                source.problems.add(LEFT_OUT, *chunk.where(at))
            kept = (~odd).arg_true().to_list()
            if kept:
                yield Chunk(rows.filter(~odd), _places(chunk, kept))

    return Table(table.files, columns, read, table.notes, table.divisible)


def _places(chunk: Chunk, kept: list[int]) -> tuple[Place, ...]:
    """Returns where the kept rows of a chunk stand, one place per stretch of rows that follow each other.

    >>> import polars as pl
    >>> _places(Chunk(pl.DataFrame({"a": [1, 2, 3, 4]}), (Place(0, "f", 5),)), [0, 1, 3])
    (Place(at=0, file='f', row=5), Place(at=2, file='f', row=8))
    """
    places: list[Place] = []
    expected = None
    for at, index in enumerate(kept):
        here = chunk.where(index)
        if here != expected:
            places.append(Place(at, *here))
        expected = (here[0], here[1] + 1)
    return tuple(places)
