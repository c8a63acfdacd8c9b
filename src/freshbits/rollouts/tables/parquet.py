"""Parquet as raw columns: small files are scanned many at once, large ones stream, columns are pruned."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_series
from freshbits.rollouts.kinds import DTYPE
from freshbits.rollouts.parts import Divisible, files_read, stretch_read
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table
from freshbits.rollouts.tables.cuts import cut_rows
from freshbits.rollouts.tables.joined import LEAST_ROWS, not_too_long

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from freshbits.rollouts.parts import Stretch
    from freshbits.rollouts.problems import Problems

FILES_AT_ONCE = 256  # files in one scan: past this the saving is gone and open handles grow
LARGE = 64 * 2**20  # bytes; larger files are read in slices
SLICE_ROWS, SLICE_BYTES = 60_000, 128 << 20
UNPACKED = 4  # bytes in memory per byte in a file, before the first slice tells
PATH = "__file__"
AHEAD = "POLARS_ROW_GROUP_PREFETCH_SIZE"


def open_parquet(files: Sequence[Path], problems: Problems) -> Table:
    """Reads the schemas of Parquet files and returns them as one table (the union of their columns)."""
    schemas = [file_schema(file) for file in files]
    columns: dict[str, pl.DataType] = {}
    seen: set[tuple[tuple[str, pl.DataType], ...]] = set()
    for file, schema in zip(files, schemas, strict=True):
        layout = tuple(schema.items())
        if layout in seen:
            continue
        seen.add(layout)
        for name, dtype in layout:
            columns[name] = wider(columns.get(name, dtype), dtype, name, file)
    notes = []
    if len(seen) > 1:
        partial = [name for name in columns if any(name not in schema for schema in schemas)]
        if partial:
            notes.append(f"files differ in columns; missing ones are read as null: {', '.join(sorted(partial))}")

    def read(plan: Plan) -> Iterator[Chunk]:
        wanted = set(files_read(files))
        pairs = [pair for pair in zip(files, schemas, strict=True) if pair[0] in wanted]
        for _, run in groupby(pairs, key=lambda pair: tuple(pair[1].items())):
            alike = list(run)
            present = set(alike[0][1])
            for large, some in groupby(alike, key=lambda pair: pair[0].stat().st_size > LARGE):
                same = [file for file, _ in some]
                step = 1 if large else FILES_AT_ONCE
                for start in range(0, len(same), step):
                    yield from _scan(same[start : start + step], present, plan, problems, large=large)

    return Table(tuple(files), columns, read, tuple(notes), Divisible(tuple(files), cut_rows))


def file_schema(file: Path) -> dict[str, pl.DataType]:
    """Returns a Parquet file's columns, or says why it is none."""
    try:
        return dict(pl.read_parquet_schema(file))
    except PermissionError:
        raise InputError("may not be read", file=file, mend="change its permissions") from None
    except Exception as error:
        if file.stat().st_size == 0:
            raise InputError("the file is empty", file=file, mend="leave it out or write it again") from None
        raise _unreadable(file, error) from None


def wider(one: pl.DataType, other: pl.DataType, name: str, file: Path | None) -> pl.DataType:
    """Returns a type that holds both, where the same column differs between files.

    >>> wider(pl.Int64(), pl.Float64(), "reward", None)
    Float64
    """
    if one == other or other == pl.Null:
        return one
    if one == pl.Null:
        return other

    def number(dtype: pl.DataType) -> bool:
        return dtype.is_numeric() or dtype == pl.Boolean

    if number(one) and number(other):
        return one if one.is_float() else other if other.is_float() else pl.Int64()
    text = (pl.String, pl.Categorical)
    nested = one.is_nested() or other.is_nested()
    if nested and all(dtype.is_nested() or dtype in text for dtype in (one, other)):
        return one if one.is_nested() else other  # text here, messages there: values are read one by one
    raise InputError(
        f"is {other} here and {one} in an earlier file", file=file, column=name,
        mend="read the two kinds of files apart",
    )  # fmt: skip


def _scan(files: list[Path], present: set[str], plan: Plan, problems: Problems, *, large: bool) -> Iterator[Chunk]:
    needed = sorted({want.column for want in plan.values()} & present)
    rows_before: dict[str, int] = {}
    stretch = stretch_read()
    first = 0 if stretch is None else stretch.row
    try:
        scan = pl.scan_parquet(files, include_file_paths=PATH, glob=False).select(*needed, PATH)
        slices = _sliced(scan, files[0], stretch) if large or stretch is not None else _started(scan)
        for batch in (piece for whole in slices for piece in not_too_long(whole)):
            places = []
            at = 0
            for run in batch[PATH].rle().to_list():
                name, height = str(run["value"]), int(run["len"])
                places.append(Place(at, name, rows_before.get(name, first) + 1))
                rows_before[name] = rows_before.get(name, first) + height
                at += height
            chunk = Chunk(batch, tuple(places))
            columns = [
                convert_series(batch[want.column], name, want, chunk.where, problems)
                if want.column in present
                else pl.Series(name, [None] * batch.height, dtype=DTYPE[want.kind])
                for name, want in plan.items()
            ]
            yield chunk.with_rows(pl.DataFrame(columns))
    except (pl.exceptions.PolarsError, OSError) as error:
        for file in files:
            try:
                pl.read_parquet(file, columns=needed or None, glob=False)
            except (pl.exceptions.PolarsError, OSError) as reason:
                raise _unreadable(file, reason) from None
        raise _unreadable(files[0], error) from None


def _started(scan: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Yields the scan's batches, one row group read ahead.

    Polars reads up to 128 row groups ahead, which holds a large log in memory twice (1 GB where 0.4 GB do,
    and no faster). It has no argument for this; the setting is read as a scan starts, and put back then.
    """
    before = os.environ.get(AHEAD)
    os.environ.setdefault(AHEAD, "1")
    try:
        batches = iter(scan.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True))
        first = next(batches, None)
    finally:
        if before is None:
            del os.environ[AHEAD]
    if first is not None:
        yield first
        yield from batches


def _sliced(scan: pl.LazyFrame, file: Path, stretch: Stretch | None) -> Iterator[pl.DataFrame]:
    """Yields a large file slice by slice: its row groups may be too large to decode whole.

    Two million rows in row groups of 262,144 peaked at 1.4 GB when streamed, at 0.6 GB in slices, for a tenth more
    CPU (pages outside the slice are skipped, not decoded). Of long texts a slice has fewer rows: about 128 MB.
    """
    whole = max(int(scan.select(pl.len()).collect().item()), 1)
    start, stop = (0, whole) if stretch is None else (stretch.start, min(stretch.stop, whole))
    size = UNPACKED * file.stat().st_size / whole
    while start < stop:
        rows = min(max(int(SLICE_BYTES / max(size, 1.0)), LEAST_ROWS), SLICE_ROWS, stop - start)
        batch = scan.slice(start, rows).collect()
        size = batch.estimated_size() / max(batch.height, 1)
        yield batch
        del batch  # before the next is read
        start += rows


def _unreadable(file: Path, error: Exception) -> InputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(
        f"cannot be read as Parquet ({reason})", file=file,
        mend="it may be cut short or another kind of file; copy it again",
    )  # fmt: skip
