"""CSV and TSV as raw columns: values are read as text and converted by kind, so a bad one has its row."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.kinds import BadValueError, number
from freshbits.rollouts.parts import Divisible, files_read
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PEEK_ROWS = 1_000
FIELD_LIMIT = 1 << 30  # a completion may be long; the csv module stops at 128 kB by default


def csv_columns(file: Path) -> dict[str, pl.DataType]:
    """Returns a CSV file's columns, with the type that its first 1,000 rows have."""
    rows = list(islice(_rows(file, Problems()), PEEK_ROWS + 1))
    if not rows:
        raise InputError("the file is empty", file=file, mend="point at a log that has rows")
    header = rows[0][1]
    return {name: _dtype([row[index] for _, row in rows[1:]]) for index, name in enumerate(header)}


def open_csv(files: Sequence[Path], problems: Problems) -> Table:
    """Returns CSV files as one table (the union of their columns)."""
    columns: dict[str, pl.DataType] = {}
    for file in files:
        for name, dtype in csv_columns(file).items():
            held = columns.setdefault(name, dtype)
            if held != dtype:
                columns[name] = held if dtype == pl.Null else dtype if held == pl.Null else pl.String()

    def read(plan: Plan) -> Iterator[Chunk]:
        for file in files_read(files):
            rows = _rows(file, problems)
            header = next(rows)[1]
            at = {name: index for index, name in enumerate(header)}
            while batch := list(islice(rows, CHUNK_ROWS)):
                # Rows may span lines; the row number is the record's, the header being row 1.
                chunk = Chunk(pl.DataFrame(), (Place(0, str(file), batch[0][0]),))
                series = []
                for name, want in plan.items():
                    index = at.get(want.column)
                    values = [row[index] or None if index is not None else None for _, row in batch]
                    series.append(convert_values(values, name, want, chunk.where, problems))
                yield Chunk(pl.DataFrame(series), chunk.places)

    return Table(tuple(files), columns, read, divisible=Divisible(tuple(files)))


def _separator(file: Path) -> str:
    """Returns what parts the values: a tab in .tsv; a semicolon or tab where the header has no comma; else a comma."""
    if file.suffix.lower() == ".tsv":
        return "\t"
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        header = stream.readline(1 << 16)
    return "," if "," in header else next((each for each in ";\t" if each in header), ",")


def _rows(file: Path, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yields (row, values): row 1 is the header, and every row has as many values as it."""
    csv.field_size_limit(FIELD_LIMIT)
    separator = _separator(file)
    width = 0
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            for row, values in enumerate(csv.reader(stream, delimiter=separator, strict=True), start=1):
                if not values:
                    continue
                if row == 1:
                    width = len(values)
                    if any("\x00" in value for value in values):
                        raise InputError("is not CSV but binary", file=file, mend="give it the ending of its kind")
                    if len(set(values)) < width:
                        raise InputError("two columns have one name", file=file, row=1, mend="rename one")
                elif len(values) != width:
                    raise InputError(
                        f"has {len(values)} values where the header has {width} columns", file=file, row=row,
                        mend="quote the values that hold a comma or a line break",
                    )  # fmt: skip
                yield row, [_clean(value, file, row, problems) for value in values]
    except csv.Error as error:
        raise InputError(f"is not CSV ({error})", file=file, mend="quote the values") from None
    except PermissionError:
        raise InputError("may not be read", file=file, mend="change its permissions") from None


def _clean(value: str, file: Path, row: int, problems: Problems) -> str:
    if value.isascii():
        return value
    mended = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if mended != value:
        problems.add("text is not UTF-8: characters replaced", str(file), row)
    return mended


def _dtype(values: list[str]) -> pl.DataType:
    found: pl.DataType = pl.Null()
    for value in values:
        try:
            if number(value) is None:
                continue
        except BadValueError:
            return pl.String()
        word = value.strip().lower()
        if word in ("true", "false"):
            found = pl.Boolean() if found in (pl.Null, pl.Boolean) else found
        elif word.lstrip("+-").isdigit():
            found = found if found == pl.Float64 else pl.Int64()
        else:
            found = pl.Float64()
    return found
