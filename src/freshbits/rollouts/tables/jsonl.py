"""JSON as raw columns: lines or one array, parsed so that a broken row is named by its line."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.convert import convert_values
from freshbits.rollouts.parts import Divisible, Stretch, files_read, stretch_read
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place, Plan, Table
from freshbits.rollouts.tables.cuts import cut_lines
from freshbits.rollouts.tables.flat_lines import blocks, may_be_flat, parse
from freshbits.rollouts.tables.joined import joined
from freshbits.rollouts.tables.packed import opened

PEEK_ROWS = 200  # rows of a file that show its columns
PEEK_BYTES = 4_000_000
PEEK_FILES = 64
BETWEEN = re.compile(r"[\s,]*")  # entries of an array
MISSES = 3  # blocks that had to be read line by line before the others are not tried any more

Row = dict[str, Any]
Unfold = Callable[[Row, Path], Iterable[Row]]  # one line's object -> flat rows


def as_it_is(row: Row, _file: Path) -> Iterable[Row]:
    """Returns a line's object as its only row."""
    return (row,)


def open_jsonl(files: Sequence[Path], problems: Problems, unfold: Unfold = as_it_is) -> Table:
    """Looks at the first rows of JSON files and returns them as one table.

    Columns that appear only after the first rows of every file looked at are not known here: they are not read, and
    the rows that have them are counted.
    """
    columns: dict[str, pl.DataType] = {}
    step = max(1, len(files) // PEEK_FILES)
    silent = Problems()  # what peeking meets is counted when the rows are read
    seen: set[tuple[str, type]] = set()  # what a flat value can say of its column, it says once
    for file in dict.fromkeys([*files[::step], files[-1]]):
        for row in peek(file, silent, unfold):
            for name, value in row.items():
                if (name, type(value)) not in seen:
                    columns[name] = _wider(columns.get(name, pl.Null()), _dtype(value))
                    if not isinstance(value, (list, dict)):
                        seen.add((name, type(value)))

    def read(plan: Plan) -> Iterator[Chunk]:
        if unfold is as_it_is and may_be_flat(plan, columns):
            return joined(_flat(files_read(files), plan, columns, problems))
        rows = ((file, *row) for file in files_read(files) for row in objects(file, problems))
        return _line_by_line(rows, plan, columns, problems, unfold)

    # What takes lines apart may need the lines of a file together.
    divisible = Divisible(tuple(files), cut_lines if unfold is as_it_is else None)
    return Table(tuple(files), columns, read, divisible=divisible)


def peek(file: Path, problems: Problems, unfold: Unfold = as_it_is) -> list[Row]:
    """Returns the first rows of a file: at most 200, and no more than about 4 MB of text."""
    rows: list[Row] = []
    for line, document in objects(file, problems, limit=PEEK_BYTES):
        rows.extend(_unfolded(unfold, document, file, line))
        if len(rows) >= PEEK_ROWS:
            break
    return rows


def _unfolded(unfold: Unfold, document: Row, file: Path, line: int) -> Iterable[Row]:
    """Returns a line's rows; what lacks the format's shape is named, not a traceback."""
    try:
        return list(unfold(document, file))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"does not have the shape of its format ({error})", file=file, row=line,
            mend="mend or delete the line, or read it as a plain table with --format plain",
        ) from None  # fmt: skip


def _line_by_line(
    documents: Iterable[tuple[Path, int, Row]],
    plan: Plan,
    columns: Mapping[str, pl.DataType],
    problems: Problems,
    unfold: Unfold,
) -> Iterator[Chunk]:
    """Yields the rows of (file, line, object), value by value."""
    wants = list(plan.items())
    gathered: list[list[Any]] = [[] for _ in wants]
    places: list[Place] = []
    held = 0
    expected: tuple[Path, int] | None = None
    for file, line, document in documents:
        for row in _unfolded(unfold, document, file, line):
            if expected != (file, line):
                places.append(Place(held, str(file), line))
            for values, (_, want) in zip(gathered, wants, strict=True):
                values.append(row.get(want.column))
            if not row.keys() <= columns.keys():
                late = min(row.keys() - columns.keys())
                problems.add(f"column {late!r} is in none of the first rows: not read", str(file), line)
            held += 1
            expected = (file, line + 1)
        if held >= CHUNK_ROWS:
            yield _chunk(plan, gathered, places, problems)
            gathered = [[] for _ in wants]
            places, held, expected = [], 0, None
    if held:
        yield _chunk(plan, gathered, places, problems)


def _flat(files: Sequence[Path], plan: Plan, columns: Mapping[str, pl.DataType], problems: Problems) -> Iterator[Chunk]:
    """Yields the rows of files of flat objects, a block of lines at once where a block is plainly right."""
    misses = 0
    for file in files:
        with _json(file) as (stream, array):
            stretch = stretch_read()
            if array:
                entries = ((file, *entry) for entry in _array(file, stream))
                yield from _line_by_line(entries, plan, columns, problems, as_it_is)
                continue
            first = 1 if stretch is None else stretch.row + 1
            for block in blocks(stream, None if stretch is None else stretch.stop - stretch.start):
                place = Place(0, str(file), first)
                where = Chunk(pl.DataFrame(), (place,)).where
                found = parse(block, plan, columns, where, problems) if misses < MISSES else None
                if found is not None:
                    yield Chunk(found[0], (place,))
                    first += found[1]
                    continue
                misses += 1
                lines = ((file, *row) for row in _lines(file, io.BytesIO(block), problems, None, first))
                yield from _line_by_line(lines, plan, columns, problems, as_it_is)
                first += block.count(b"\n")


def objects(file: Path, problems: Problems, limit: int | None = None) -> Iterator[tuple[int, Row]]:
    """Yields (row, object) of a JSON file: its lines, or the entries of its one array."""
    with _json(file) as (stream, array):
        stretch = stretch_read()
        if array:
            yield from _array(file, stream) if limit is None else _first_entries(file, stream, limit)
        elif stretch is None:
            yield from _lines(file, stream, problems, limit)
        else:
            yield from _lines(file, _upto(stream, stretch), problems, limit, stretch.row + 1)


@contextmanager
def _json(file: Path) -> Iterator[tuple[IO[bytes], bool]]:
    """Opens a file where reading begins, and tells whether it is one array."""
    try:
        with opened(file) as stream:
            head = stream.peek(4096)
            if b"\x00" in head:
                raise InputError("is not JSON but binary", file=file, mend="give it the ending of its kind")
            stretch = stretch_read()
            if stretch is not None:
                stream.seek(stretch.start)
            yield stream, head.lstrip()[:1] == b"["
    except PermissionError:
        raise InputError("may not be read", file=file, mend="change its permissions") from None
    except (gzip.BadGzipFile, EOFError) as error:
        raise InputError(f"cannot be unpacked ({error})", file=file, mend="copy it again") from None


def _upto(stream: IO[bytes], stretch: Stretch) -> Iterator[bytes]:
    left = stretch.stop - stretch.start
    while left > 0 and (line := stream.readline()):
        left -= len(line)
        yield line


def _lines(
    file: Path, lines: Iterable[bytes], problems: Problems, limit: int | None, first: int = 1
) -> Iterator[tuple[int, Row]]:
    read = 0
    for number, raw in enumerate(lines, start=first):
        read += len(raw)
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            line = raw.decode("utf-8", "replace")
            problems.add("text is not UTF-8: characters replaced", str(file), number)
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            if number > 1 and not raw.endswith(b"\n"):
                problems.add("the last line is cut off: left out", str(file), number)
                return
            if number == 1 and file.suffix == ".json":
                raise InputError(
                    "is neither a list of rows nor one row per line",
                    file=file,
                    mend="give a log, not a settings file",
                ) from None
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            raise InputError(
                f"is not a JSON object ({reason})", file=file, row=number, mend="mend or delete the line"
            ) from None
        if not isinstance(value, dict):
            raise InputError(
                f"is a JSON {_name(value)}, not an object", file=file, row=number,
                mend="write one object per line, such as {\"prompt\": …, \"completion\": …, \"reward\": …}",
            )  # fmt: skip
        yield number, value
        if limit is not None and read > limit:
            return


def _first_entries(file: Path, stream: IO[bytes], limit: int) -> Iterator[tuple[int, Row]]:
    """Yields the entries of an array that stand whole in its first bytes, without parsing the others."""
    head = stream.read(limit)
    if len(head) < limit:
        yield from _array(file, io.BytesIO(head))
        return
    text = head.decode("utf-8-sig", "replace")
    decoder = json.JSONDecoder()
    at, number = text.index("[") + 1, 0
    while True:
        at = BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            if number == 0:  # one entry of that size, or something else
                yield from _array(file, io.BytesIO(head + stream.read()))
            return
        number += 1
        yield number, _entry(value, file, number)


def _array(file: Path, stream: IO[bytes]) -> Iterator[tuple[int, Row]]:
    try:
        values = json.loads(stream.read().decode("utf-8-sig", "replace"))
    except (json.JSONDecodeError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"is not a whole JSON array{place}", file=file, mend="copy it again") from None
    for number, value in enumerate(values, start=1):
        yield number, _entry(value, file, number)


def _entry(value: Any, file: Path, number: int) -> Row:
    if isinstance(value, dict):
        return value
    raise InputError(f"is a JSON {_name(value)}, not an object", file=file, row=number, mend="write a list of objects")


def _chunk(plan: Plan, gathered: list[list[Any]], places: list[Place], problems: Problems) -> Chunk:
    empty = Chunk(pl.DataFrame(), tuple(places))
    columns = [
        convert_values(values, name, want, empty.where, problems)
        for values, (name, want) in zip(gathered, plan.items(), strict=True)
    ]
    return Chunk(pl.DataFrame(columns), tuple(places))


def _name(value: object) -> str:
    return {list: "list", str: "string", bool: "value", type(None): "null"}.get(type(value), "number")


def _dtype(value: object) -> pl.DataType:
    if value is None:
        return pl.Null()
    if isinstance(value, bool):
        return pl.Boolean()
    if isinstance(value, int):
        return pl.Int64()
    if isinstance(value, float):
        return pl.Float64()
    if isinstance(value, str):
        return pl.String()
    if isinstance(value, dict):
        return pl.Struct({"role": pl.String()} if "role" in value else {})
    return pl.List(_dtype(value[0]) if isinstance(value, list) and value else pl.Null())


def _wider(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if other == pl.Null or one == other:
        return one
    if one == pl.Null:
        return other
    numbers = all(dtype.is_numeric() or dtype == pl.Boolean for dtype in (one, other))
    if numbers:
        return pl.Float64() if pl.Float64 in (one, other) else pl.Int64()
    if one.is_nested() or other.is_nested():
        nested, flat = (one, other) if one.is_nested() else (other, one)
        return nested if flat.is_nested() or flat == pl.String else flat  # messages may be text elsewhere
    return pl.String()
