"""Logs of millions of rollouts, cheaply: smaller ones link the files of the largest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.audit_speed import BLOCK

if TYPE_CHECKING:
    from pathlib import Path


def first(folder: Path, whole: Path, rows: int) -> Path:
    """Returns a log of the first rows of another, which it shares the files of."""
    place = folder / "completions"
    place.mkdir(parents=True)
    for file in sorted((whole / "completions").glob("*.parquet"))[: rows // BLOCK]:
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
