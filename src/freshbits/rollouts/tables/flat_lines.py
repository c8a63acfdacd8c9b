r"""JSON lines of flat objects, a block of lines at once: the same values as line by line, for half the time.

Polars parses a block and finds every key and type in it. A block is taken only where nothing can have been lost on the
way: as many rows as lines, no key that is not known, no text that another type was turned into, no number whose type
matters, no broken character. Anything else is read line by line, where it is named. Of a key that stands twice in one
object, the first value is taken here and the last one there: RFC 8259 leaves that open.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.rollouts.convert import convert_series, convert_values
from freshbits.rollouts.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from freshbits.rollouts.convert import Where
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.stream import Plan

BLOCK_BYTES = 4 << 20
SLICE_BYTES = 1 << 16

_FLAT = (pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Null)
_NUMBERS = (Kind.NUMBER, Kind.SCORE, Kind.LOGPROB)
_DIRECT = {  # the kinds that one cast gives; every other kind is read value by value
    pl.String: (Kind.TEXT, Kind.SAMPLED),
    pl.Boolean: (*_NUMBERS, Kind.FLAG, Kind.STOP),
    pl.Int64: (*_NUMBERS, Kind.INTEGER, Kind.LENGTH),
    pl.Float64: _NUMBERS,
}
# What a value of another type looks like once it was turned into text; and half of a surrogate pair, which becomes \0.
_MAYBE_NO_TEXT = r"^(?:[\[{]|-?\d[\d.eE+\-]*$|true$|false$)"
_BROKEN = "\x00"


def may_be_flat(plan: Plan, columns: Mapping[str, pl.DataType]) -> bool:
    """Tells whether all that a plan asks for is text, numbers and truth values, as far as the first rows show."""
    wanted = [columns.get(want.column, pl.Null()) for want in plan.values()]
    return all(want.kind is not Kind.RAW for want in plan.values()) and all(dtype in _FLAT for dtype in wanted)


def blocks(stream: IO[bytes], size: int | None) -> Iterator[bytes]:
    r"""Yields whole lines, about 4 MB at a time, of the next `size` bytes (None: of all).

    >>> import io
    >>> list(blocks(io.BytesIO(b"1\n2\n3"), None))
    [b'1\n2\n3']
    """
    while data := stream.read(BLOCK_BYTES if size is None else min(BLOCK_BYTES, size)):
        if not data.endswith(b"\n"):
            data += stream.readline()
        size = None if size is None else max(size - len(data), 0)
        yield data


def lines_in(block: bytes) -> int:
    r"""Counts the lines of a block, the last one too where it is not ended; the bytes are compared in the cache.

    >>> lines_in(b"1\n2\n3"), lines_in(b"1\n")
    (3, 1)
    """
    data = np.frombuffer(block, dtype=np.uint8)
    held = np.empty(min(len(data), SLICE_BYTES), dtype=bool)
    ends = 0
    for start in range(0, len(data), SLICE_BYTES):
        part = data[start : start + SLICE_BYTES]
        ends += int(np.count_nonzero(np.equal(part, 10, out=held[: len(part)])))
    return ends + (not block.endswith(b"\n"))


def parse(
    block: bytes, plan: Plan, known: Collection[str], where: Where, problems: Problems
) -> tuple[pl.DataFrame, int] | None:
    r"""Returns the canonical columns of a block of lines and its number of lines; None where lines must be looked at.

    >>> from freshbits.rollouts.problems import Problems
    >>> from freshbits.rollouts.stream import Want
    >>> plan = {"completion": Want("text", Kind.TEXT)}
    >>> lines = b'{"text": "a", "r": 1}\n{"text": "b", "r": 0}\n'
    >>> parse(lines, plan, {"text", "r"}, lambda row: ("f", row), Problems())[0]["completion"].to_list()
    ['a', 'b']
    >>> parse(lines.replace(b'"a"', b"1.0"), plan, {"text", "r"}, lambda row: ("f", row), Problems()) is None
    True
    """
    lines = lines_in(block)
    try:
        frame = pl.read_ndjson(block, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if frame.height != lines or not set(frame.columns) <= set(known):
        return None
    nested = any(dtype not in _FLAT for dtype in frame.dtypes)
    raw = {}
    for want in plan.values():
        if want.column in frame.columns:
            series = frame[want.column]
            if not _as_written(series, want.kind, block, nested=nested):
                return None
            raw[want.column] = series
    missing = pl.repeat(None, lines, dtype=pl.Null, eager=True)
    columns = []
    for name, want in plan.items():
        series = raw.get(want.column, missing)
        if series.dtype == pl.Null or want.kind in _DIRECT[type(series.dtype)]:
            columns.append(convert_series(series, name, want, where, problems))
        else:
            columns.append(convert_values(series.to_list(), name, want, where, problems))
    return pl.DataFrame(columns), lines


def _as_written(series: pl.Series, kind: Kind, block: bytes, *, nested: bool) -> bool:
    """Tells whether a column holds the values of the file, each in its own type."""
    if series.dtype not in _FLAT:
        return False
    if series.dtype == pl.Float64:
        return kind in _NUMBERS  # for these alone it is one whether a number was written 1 or 1.0
    if series.dtype != pl.String:
        return True
    text = pl.col(series.name)
    broken, doubtful = (
        series.to_frame()
        .select(
            text.str.contains(_BROKEN, literal=True).any().alias("broken"),
            text.str.contains(_MAYBE_NO_TEXT).any().alias("doubtful"),
        )
        .row(0)
    )
    if broken or (doubtful and nested):
        return False
    if not doubtful:
        return True
    key = json.dumps(series.name, ensure_ascii=False).encode()
    texts = len(series) - series.null_count()
    return any(block.count(key + opening) == texts for opening in (b': "', b':"'))
