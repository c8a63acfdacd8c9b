"""Rows on their way from a file to the canonical table: chunks that know their place, and stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from freshbits.rollouts.kinds import DTYPE, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from freshbits.rollouts.parts import Divisible

CHUNK_ROWS = 20_000


class Want(NamedTuple):
    """Names the column that a canonical column is read from, and how."""

    column: str
    kind: Kind
    strict: bool = True  # a value that cannot be read: an error, or (extras) null and counted


Plan = dict[str, Want]  # canonical name -> where it comes from


class Place(NamedTuple):
    """Says that from row `at` of a chunk on, rows come from `file`, beginning with its 1-based row `row`."""

    at: int
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Holds some rows and where they stand; `places` is empty once rows were left out."""

    rows: pl.DataFrame
    places: tuple[Place, ...] = ()

    def where(self, index: int) -> tuple[str, int]:
        """Returns file and 1-based row of a row of this chunk.

        >>> import polars as pl
        >>> Chunk(pl.DataFrame({"a": [1, 2, 3]}), (Place(0, "a.csv", 9), Place(2, "b.csv", 1))).where(1)
        ('a.csv', 10)
        """
        held = Place(0, "the log", 1)
        for place in self.places:
            if place.at > index:
                break
            held = place
        return held.file, held.row + index - held.at

    def pieces(self) -> list[tuple[Place, int]]:
        """Returns the stretches of rows that come from one file, each with its end."""
        ends = [place.at for place in self.places[1:]] + [self.rows.height]
        return list(zip(self.places, ends, strict=True)) if self.places else []

    def with_rows(self, rows: pl.DataFrame) -> Chunk:
        """Returns the chunk with other columns (and, if rows were left out, without places)."""
        return Chunk(rows, self.places if rows.height == self.rows.height else ())


@dataclass(frozen=True)
class Table:
    """Holds files of one kind as raw columns that can be read under canonical names.

    Attributes:
        files: the files, in reading order; empty for a frame.
        columns: raw column -> type; nested ones too, as the file has them.
        read: yields chunks whose columns are the plan's canonical names.
        notes: what had to be decided about the columns.
        divisible: how it may be read in parts; None: only as a whole.
    """

    files: tuple[Path, ...]
    columns: dict[str, pl.DataType]
    read: Callable[[Plan], Iterator[Chunk]]
    notes: tuple[str, ...] = ()
    divisible: Divisible | None = None


@dataclass(frozen=True)
class Stream:
    """Holds canonical columns and how to read some of them; a stage makes one stream from another.

    A stage that treats every row by itself hands on `divisible`; one that needs all rows in order leaves it None.
    """

    schema: dict[str, pl.DataType]
    read: Callable[[Sequence[str]], Iterator[Chunk]]
    divisible: Divisible | None = None


def stream(table: Table, plan: Mapping[str, Want]) -> Stream:
    """Returns the table's rows under canonical names."""

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        # With no column asked for (a row count), one has to be read all the same to know the height.
        names = list(columns) or list(plan)[:1]
        for chunk in table.read({name: plan[name] for name in names}):
            yield chunk.with_rows(chunk.rows.select(names))

    return Stream({name: DTYPE[want.kind] for name, want in plan.items()}, read, table.divisible)
