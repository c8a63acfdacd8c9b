"""Groups that a log shows only by row order: consecutive chunks of num_generations rows with one prompt."""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
        runs = chunk.rows.select(_file(chunk), *NEEDED).to_struct("row").rle()
        for key, rows in zip(runs.struct.field("value").to_list(), runs.struct.field("len"), strict=True):
            if key == last:
                length += rows
                continue
            found = gcd(found, length)
            last, length = key, rows
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
        inside = number = -1  # rows of the current run so far; chunk number in the current file
        for chunk in rows.read(list(dict.fromkeys([*own, *NEEDED]))):
            groups: list[str] = []
            keyed = chunk.rows.select(_file(chunk), *NEEDED).to_struct("row").rle()
            for value, length in zip(keyed.struct.field("value").to_list(), keyed.struct.field("len"), strict=True):
                run = tuple(value.values())
                if run != last:
                    number = 0 if last is None or run[:2] != last[:2] else number + 1
                    inside, last = 0, run
                for _ in range(length):
                    if inside == generations:
                        inside, number = 0, number + 1
                    groups.append(f"{value['step']}:{number}")
                    inside += 1
            numbered = chunk.rows.with_columns(pl.Series("group", groups, dtype=pl.String))
            yield _with_run(chunk.with_rows(numbered), runs, columns)

    # Chunks of a file are numbered from its beginning.
    divisible = rows.divisible if generations < 2 or rows.divisible is None else rows.divisible.whole_files()
    return Stream(schema, read, divisible)


def _file(chunk: Chunk) -> pl.Series:
    pieces = [(place.file, end - place.at) for place, end in chunk.pieces()] or [("", chunk.rows.height)]
    return pl.Series("file", [file for file, n in pieces for _ in range(n)], dtype=pl.String)


def _with_run(chunk: Chunk, runs: Mapping[str, str], columns: Sequence[str]) -> Chunk:
    if "run" not in columns or len(runs) < 2:
        return chunk.with_rows(chunk.rows.select([name for name in columns if name in chunk.rows.columns]))
    run = pl.Series("run", [runs[str(Path(file).parent)] for file in _file(chunk)], dtype=pl.String)
    return chunk.with_rows(chunk.rows.with_columns(run).select(columns))
