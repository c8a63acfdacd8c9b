"""Groups that a log shows only by row order: consecutive chunks of num_generations rows with one prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NEEDED = ("step", "prompt")


def run_lengths(chunk: Chunk) -> list[int]:
    """Returns how many rows in a row have one prompt, per file and step; a chunk's last run may be cut.

    >>> run_lengths(Chunk(pl.DataFrame({"step": [1] * 5, "prompt": ["p", "p", "q", "q", "q"]})))
    [2, 3]
    """
    rows = chunk.rows.select(*NEEDED, _file(chunk))
    return rows.to_struct("row").rle().struct.field("len").to_list()


def number_generations(rows: Stream, generations: int, runs: Mapping[str, str]) -> Stream:
    """Adds `group` = "step:number of the chunk in its file", and `run` where there are several directories.

    The same prompt drawn twice in a step stands in two chunks and so in two groups. State crosses chunk borders:
    a file or a run of equal prompts may be cut by one.
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
            for value, length in zip(
                keyed.struct.field("value").to_list(), keyed.struct.field("len"), strict=True
            ):
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

    return Stream(schema, read)


def _file(chunk: Chunk) -> pl.Series:
    pieces = [(place.file, end - place.at) for place, end in chunk.pieces()] or [("", chunk.rows.height)]
    return pl.Series("file", [file for file, n in pieces for _ in range(n)], dtype=pl.String)


def _with_run(chunk: Chunk, runs: Mapping[str, str], columns: Sequence[str]) -> Chunk:
    if "run" not in columns or len(runs) < 2:
        return chunk.with_rows(chunk.rows.select([name for name in columns if name in chunk.rows.columns]))
    run = pl.Series("run", [runs[str(Path(file).parent)] for file in _file(chunk)], dtype=pl.String)
    return chunk.with_rows(chunk.rows.with_columns(run).select(columns))
