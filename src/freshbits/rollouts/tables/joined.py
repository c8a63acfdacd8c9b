"""Chunks of one size out of chunks of any: what a stage holds at once is neither many small tables nor a huge one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.stream import CHUNK_ROWS, Chunk, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAST_ROWS = 2_000
MOST_BYTES = 32 << 20


def joined(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yields the same rows in chunks of 20,000; of fewer, but 2,000 at least, where 32 MB of text have come together.

    >>> parts = [Chunk(pl.DataFrame({"a": range(7)}), (Place(0, "f", 1 + 7 * i),)) for i in range(3_000)]
    >>> [(chunk.rows.height, chunk.where(0)) for chunk in joined(parts)]
    [(20000, ('f', 1)), (1000, ('f', 20001))]
    """
    held: list[Chunk] = []
    rows = size = 0
    for chunk in chunks:
        held.append(chunk)
        rows += chunk.rows.height
        size += int(chunk.rows.estimated_size())
        if rows >= CHUNK_ROWS or (size >= MOST_BYTES and rows >= LEAST_ROWS):
            whole = _one(held)
            rest = rows % CHUNK_ROWS if rows > CHUNK_ROWS else 0
            for start in range(0, rows - rest, CHUNK_ROWS):
                yield _cut(whole, start, min(start + CHUNK_ROWS, rows))
            held = [_cut(whole, rows - rest, rows)] if rest else []
            rows, size = rest, int(sum(chunk.rows.estimated_size() for chunk in held))
    if held:
        yield _one(held)


def not_too_long(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yields a batch in pieces of at most 20,000 rows, and of about 32 MB where these are 2,000 rows or more.

    >>> [piece.height for piece in not_too_long(pl.DataFrame({"a": ["x" * 10_000] * 5_000}))]
    [3355, 1645]
    """
    rows = int(MOST_BYTES * batch.height / max(batch.estimated_size(), 1))
    yield from batch.iter_slices(min(max(rows, LEAST_ROWS), CHUNK_ROWS)) if batch.height else ()


def _one(chunks: list[Chunk]) -> Chunk:
    """Puts chunks together; places that go on where the last ended are one."""
    if len(chunks) == 1:
        return chunks[0]
    places: list[Place] = []
    at = 0
    for chunk in chunks:
        for place in chunk.places:
            here = place._replace(at=place.at + at)
            last = places[-1] if places else None
            if last is None or last.file != here.file or here.row - last.row != here.at - last.at:
                places.append(here)
        at += chunk.rows.height
    return Chunk(pl.concat([chunk.rows for chunk in chunks], rechunk=True), tuple(places))


def _cut(chunk: Chunk, start: int, stop: int) -> Chunk:
    """Returns the rows from `start` to `stop`, each with its place."""
    if start == 0 and stop == chunk.rows.height:
        return chunk
    places = [
        Place(max(place.at - start, 0), place.file, place.row + max(start - place.at, 0))
        for place, end in chunk.pieces()
        if end > start and place.at < stop
    ]
    return Chunk(chunk.rows.slice(start, stop - start), tuple(places))
