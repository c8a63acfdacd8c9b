"""Rows that a producer wrote twice: dropped and counted, where the log says which rollout a row is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.rollouts.parts import part_read
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from freshbits.rollouts.opened import Opened
    from freshbits.rollouts.parts import Part

IDENTITY = ("run", "round", "step", "group", "source", "sample", "repeat")


def drop_duplicates(opened: Opened, dropped: list[int]) -> None:
    """Leaves out rows equal in identity, text and every signal to an earlier row.

    Needs `sample`: without it two equal completions are two draws. The first whole pass finds the rows (it
    reads identity and text beside what was asked for); later passes know them.
    """
    inner = opened.rows
    prompt = "prompt_id" if "prompt_id" in inner.schema else "prompt"
    if "sample" not in inner.schema or prompt not in inner.schema:
        return
    compared = [name for name in inner.schema if name in (*IDENTITY, prompt, "completion") or name.startswith(SIGNAL)]
    found: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []  # per chunk, once a pass has ended
    complete = [False]

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        part = part_read()
        if part is not None:  # whoever reads the other parts puts the hashes together
            yield from _apart(inner, columns, compared, part, dropped)
            return
        if complete[0]:
            for repeated, chunk in zip(found, inner.read(columns), strict=True):
                yield from _kept(chunk, repeated, dropped)
            return
        seen = np.empty(0, dtype=np.uint64)
        masks = []
        for chunk in inner.read(list(dict.fromkeys([*columns, *compared]))):
            hashes = chunk.rows.select(compared).hash_rows(seed=0).to_numpy()
            unique, first = np.unique(hashes, return_index=True)
            repeated = np.ones(hashes.size, dtype=bool)
            repeated[first] = np.isin(unique, seen, assume_unique=True)
            seen = np.union1d(seen, unique)
            masks.append(repeated)
            yield from _kept(Chunk(chunk.rows.select(columns), chunk.places), repeated, dropped)
        found[:] = masks
        complete[0] = True

    opened.rows = Stream(inner.schema, read, inner.divisible)


def repeated_rows(hashes: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.bool_]]:
    """Returns, for the hashes of parts in reading order, which rows equal an earlier one.

    >>> one, two = np.array([5, 5, 6], dtype=np.uint64), np.array([6, 7], dtype=np.uint64)
    >>> [mask.tolist() for mask in repeated_rows([one, two])]
    [[False, True, False], [True, False]]
    """
    every = np.concatenate(hashes)
    repeated = np.ones(every.size, dtype=bool)
    repeated[np.unique(every, return_index=True)[1]] = False
    return np.split(repeated, np.cumsum([part.size for part in hashes])[:-1])


def _apart(
    inner: Stream, columns: Sequence[str], compared: list[str], part: Part, dropped: list[int]
) -> Iterator[Chunk]:
    """Reads one part of a log: notes the hashes of its rows, and leaves out those that are known to stand twice."""
    at = 0
    for chunk in inner.read(list(dict.fromkeys([*columns, *compared]))):
        hashes = chunk.rows.select(compared).hash_rows(seed=0).to_numpy()
        part.hashes.append(hashes)
        twice = np.zeros(hashes.size, dtype=bool) if part.twice is None else part.twice[at : at + hashes.size]
        at += hashes.size
        yield from _kept(Chunk(chunk.rows.select(columns), chunk.places), twice, dropped)


def _kept(chunk: Chunk, repeated: np.ndarray[tuple[int], np.dtype[np.bool_]], dropped: list[int]) -> Iterator[Chunk]:
    count = int(repeated.sum())
    dropped[0] += count
    rows = chunk.rows.filter(pl.Series(~repeated)) if count else chunk.rows
    if rows.height:
        yield chunk.with_rows(rows)
