"""Logs of millions of rollouts, cheaply: each file has the same texts with another ending, smaller logs are links."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.text_pass import write_log

if TYPE_CHECKING:
    from pathlib import Path

FILE_ROWS = 25_000
ROUNDS = 40  # files per pass over the prompts: 125,000 prompts, eight completions each time one is asked


def write(folder: Path, rows: int) -> None:
    """Writes a log in TRL's layout, one file of 25,000 rows per step, about 1.1 kB of text a row."""
    place = folder / "completions"
    place.mkdir(parents=True)
    base = pl.read_parquet(write_log(place, FILE_ROWS, seed=0)[0]).select(
        "prompt",
        "completion",
        pl.col("signal.accuracy").alias("accuracy_reward"),
        (pl.col("signal.format") < 0.9).cast(pl.Float64).alias("format_reward"),
    )
    (place / "part-000.parquet").unlink()
    for step in range(rows // FILE_ROWS):
        frame = base.select(
            pl.lit(step, pl.Int64).alias("step"),
            (pl.col("prompt") + f" ({step % ROUNDS})").alias("prompt"),
            (pl.col("completion") + f" [{step}]").alias("completion"),
            pl.col("accuracy_reward", "format_reward"),
            pl.lit(0.0).alias("advantage"),
        )
        frame.write_parquet(place / f"completions_{step:05d}.parquet", compression="lz4")


def first(folder: Path, whole: Path, rows: int) -> Path:
    """Returns a log of the first rows of another, which it shares the files of."""
    place = folder / "completions"
    place.mkdir(parents=True)
    for file in sorted((whole / "completions").glob("*.parquet"))[: rows // FILE_ROWS]:
        os.link(file, place / file.name)
    return folder


def as_lines(log: Path, file: Path) -> Path:
    """Writes a log as one file of JSON lines."""
    with file.open("wb") as stream:
        for part in sorted((log / "completions").glob("*.parquet")):
            pl.read_parquet(part).write_ndjson(stream)
    return file


def as_table(log: Path, file: Path) -> Path:
    """Writes a log as one Parquet file."""
    pl.read_parquet(sorted((log / "completions").glob("*.parquet"))).write_parquet(file, compression="zstd")
    return file
