"""Where a large file may be cut to be read in parts: between rows of Parquet, between lines of JSON."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.parts import Stretch
from freshbits.rollouts.tables.packed import PACKED

if TYPE_CHECKING:
    from pathlib import Path

LINES = {".jsonl", ".ndjson", ".json"}  # not packed
LEAST, MOST = 1 << 12, 1 << 20  # bytes read at once


def cut_rows(file: Path, size: int) -> list[Stretch]:
    """Cuts a Parquet file into stretches of equally many rows, of about `size` bytes each."""
    rows = int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
    pieces = max(1, -(-file.stat().st_size // size))
    edges = [rows * piece // pieces for piece in range(pieces + 1)]
    return [Stretch(start, stop, start) for start, stop in pairwise(edges) if start < stop]


def cut_lines(file: Path, size: int) -> list[Stretch]:
    """Cuts a file of JSON lines behind line ends, about every `size` bytes; none where it is one array, or packed.

    The file is read once for this, to count its lines: a stretch knows how many stand before it.
    """
    with file.open("rb") as stream:
        if file.suffix in PACKED or stream.read(4096).lstrip()[:1] == b"[":
            return []
        stream.seek(0)
        found = []
        start = row = lines = at = 0
        while block := stream.read(max(min(size, MOST), LEAST)):
            if at + len(block) - start >= size and (end := block.rfind(b"\n") + 1):
                lines += block.count(b"\n", 0, end)
                found.append(Stretch(start, at + end, row))
                start, row = at + end, lines
                lines += block.count(b"\n", end)
            else:
                lines += block.count(b"\n")
            at += len(block)
    return [*found, Stretch(start, at, row)] if at > start else found
