"""Groups that a log shows only by row order: consecutive chunks of num_generations rows with one prompt."""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

NEEDED = ("step", "prompt")
ENOUGH_ROWS = 200_000


def num_generations(chunks: Iterable[Chunk]) -> int:
    """Returns the greatest common divisor of how many rows in a row have one prompt, per file and step.

    1 where the rows are not ordered by prompt. Chunks may cut a run; it is counted whole.

    >>> import polars as pl
    >>> num_generations([Chunk(pl.DataFrame({"step": [1] * 6, "prompt": list("ppqqqq")}))])
    2
    """
    found = seen = length = 0
    last: object = None
    for chunk in chunks:
        heads, lengths = _runs(chunk)
        if heads.height:
            whole = lengths.tolist()
            if heads.row(0) == last:
                whole[0] += length
            else:
                found = gcd(found, length)
            found = gcd(found, *whole[:-1])
            last, length = heads.row(-1), whole[-1]
        seen += chunk.rows.height
        if found == 1 or seen > ENOUGH_ROWS:
            return found
    return gcd(found, length)


def group_sizes(rows: Stream) -> list[str]:
    """Says how many rows the groups have: "4 per prompt and source, by equal prompt".

    Only the first rows are looked at, which is said; the last group there may be cut: not counted. A log
    that is not ordered by prompt shows too few.
    """
    keys = [name for name in ("run", "round", "step", "source", "repeat") if name in rows.schema]
    prompt = next((name for name in ("group", "prompt_id", "prompt") if name in rows.schema), None)
    chunks = rows.read([*keys, prompt]) if prompt is not None else iter(())
    first = next(chunks, None)
    if first is None:
        return []
    whole = next(chunks, None) is None
    sizes = first.rows.to_struct("group").value_counts(sort=False)
    if not whole and sizes.height > 1:
        sizes = sizes.filter(pl.col("group") != first.rows.to_struct("group").tail(1).first())
    counts = sorted(set(sizes["count"].to_list()))
    shown = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    by = " and ".join(["prompt", *keys])
    return [f"{shown} per {by}, by equal {prompt}" + ("" if whole else f" (first {first.rows.height:,} rows)")]


def number_generations(rows: Stream, generations: int, runs: Mapping[str, str]) -> Stream:
    """Adds `group` = "step:number of the chunk in its file", and `run` where there are several directories.

    The same prompt drawn twice in a step stands in two chunks and so in two groups. State crosses chunk
    borders: a file or a run of equal prompts may be cut by one.
    """
    several = len(runs) > 1
    schema = dict(rows.schema)
    if generations > 1:
        schema["group"] = pl.String()
    if several:
        schema["run"] = pl.String()

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        own = [name for name in columns if name in rows.schema]
        if "group" not in columns or generations < 2:
            for chunk in rows.read(own):
                yield _with_run(chunk, runs, columns)
            return
        last: tuple[object, ...] | None = None
        inside = number = 0  # rows of the current run so far; number of its first chunk in the file and step
        for chunk in rows.read(list(dict.fromkeys([*own, *NEEDED]))):
            heads, lengths = _runs(chunk)
            before: list[int] = []  # rows of the run in earlier chunks
            numbers: list[int] = []
            place = None if last is None else last[:2]
            for at, (here, length) in enumerate(zip(heads.select("file", "step").iter_rows(), lengths, strict=True)):
                if at or heads.row(0) != last:
                    number = number - (-inside // generations) if here == place else 0
                    inside, place = 0, here
                before.append(inside)
                numbers.append(number)
                inside += int(length)
            last = heads.row(-1) if heads.height else last
            numbered = chunk.rows.with_columns(_names(chunk, lengths, before, numbers, generations))
            yield _with_run(chunk.with_rows(numbered), runs, columns)

    # Chunks of a file are numbered from its beginning.
    divisible = rows.divisible if generations < 2 or rows.divisible is None else rows.divisible.whole_files()
    return Stream(schema, read, divisible)


def _runs(chunk: Chunk) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Returns the first row of each run of rows with one file, step and prompt, and how long it is."""
    keyed = chunk.rows.select(_file(chunk), *NEEDED)
    if keyed.height == 0:
        return keyed, np.empty(0, dtype=np.int64)
    # Equal neighbours column by column: a struct of texts would be copied.
    new = keyed.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift()))).to_series().to_numpy().copy()
    new[0] = True
    starts = np.flatnonzero(new)
    return keyed[starts], np.diff(starts, append=keyed.height)


def _names(
    chunk: Chunk, lengths: NDArray[np.int64], before: list[int], numbers: list[int], generations: int
) -> pl.Series:
    """Returns "step:number" of each row."""
    starts = np.cumsum(lengths) - lengths
    inside = np.arange(chunk.rows.height) + np.repeat(np.array(before, dtype=np.int64) - starts, lengths)
    number = np.repeat(np.array(numbers, dtype=np.int64), lengths) + inside // generations
    step = chunk.rows["step"].cast(pl.String).fill_null("None")
    return pl.DataFrame({"step": step, "number": number}).select(
        pl.concat_str("step", "number", separator=":").alias("group")
    )["group"]


def _file(chunk: Chunk) -> pl.Series:
    pieces = [(place.file, end - place.at) for place, end in chunk.pieces()] or [("", chunk.rows.height)]
    names = pl.Series("file", [file for file, _ in pieces], dtype=pl.String)
    return names.gather(np.repeat(np.arange(len(pieces)), [rows for _, rows in pieces]))


def _with_run(chunk: Chunk, runs: Mapping[str, str], columns: Sequence[str]) -> Chunk:
    if "run" not in columns or len(runs) < 2:
        return chunk.with_rows(chunk.rows.select([name for name in columns if name in chunk.rows.columns]))
    run = pl.Series("run", [runs[str(Path(file).parent)] for file in _file(chunk)], dtype=pl.String)
    return chunk.with_rows(chunk.rows.with_columns(run).select(columns))
