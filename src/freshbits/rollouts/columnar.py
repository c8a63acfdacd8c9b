"""Logs that write a whole batch as one object of lists: taken apart into rows, each batch once.

Trainers keep the rows of the last batch in a buffer and write all of it at every logging step, so a batch may stand
there several times; an evaluation fills the same buffer and is written under the step at which it was run.
"""

from __future__ import annotations

import hashlib
from itertools import groupby
from math import gcd
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.stream import Chunk, Plan, Stream, Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.tables.jsonl import Row

BATCH, AT, GROUP = "__batch__", "__at__", "__group__"
HIDDEN: Plan = {BATCH: Want(BATCH, Kind.TEXT), AT: Want(AT, Kind.INTEGER)}
EVALUATED = "a second batch under the same step, as an evaluation writes it: left out"


def exploded(batch: Mapping[str, object], generations: int | None = None) -> Iterable[Row]:
    """Yields the rows of an object of lists, with the batch's content as a key, the row's place in it and its group.

    Groups are chunks of `generations` rows with one prompt; where it is not known, the greatest common divisor of how
    many rows in a row have one prompt. Where that is 1, rows have no group but their prompt.

    >>> [row["r"] for row in exploded({"prompt": ["p", "p"], "completion": ["a", "b"], "r": [0, 1]})]
    [0, 1]
    """
    lists = {name: value for name, value in batch.items() if isinstance(value, list)}
    completions = lists.get("completion", [])
    key = repr((lists.get("prompt"), completions)).encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(key, digest_size=16).hexdigest()
    groups = _groups(lists.get("prompt", []), generations)
    for at in range(len(completions)):
        row: Row = {name: values[at] for name, values in lists.items() if at < len(values)}
        row |= {BATCH: digest, AT: at}
        yield row | {GROUP: f"{digest[:12]}:{groups[at]}"} if at < len(groups) else row


def _groups(prompts: list[object], generations: int | None) -> list[int]:
    """Returns the number of each row's group, or nothing where row order shows none."""
    runs = [len(list(run)) for _, run in groupby(prompts)]
    size = generations or gcd(*runs)
    if size < 2:
        return []
    found: list[int] = []
    for run in runs:
        number = found[-1] + 1 if found else 0
        found += [number + at // size for at in range(run)]
    return found


def once(rows: Stream, dropped: list[int], problems: Problems) -> Stream:
    """Leaves out batches that stand there already (counted in `dropped`) and a second one under the same step.

    `rows` has the hidden columns of `exploded`; the result has not. State crosses chunks: one may cut a batch.
    """
    schema = {name: dtype for name, dtype in rows.schema.items() if name not in HIDDEN}

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        needed = [*HIDDEN, *(name for name in ("run", "step") if name in rows.schema)]
        seen: set[tuple[object, object]] = set()
        fate, last = "kept", (None, None)
        for chunk in rows.read(list(dict.fromkeys([*columns, *needed]))):
            starts = chunk.rows.with_row_index("__row__").filter(pl.col(AT) == 0)
            batches = starts.select("__row__", *needed).to_dicts()
            if not batches or batches[0]["__row__"] > 0:  # the rest of a batch that the chunk before began
                batches.insert(0, {"__row__": 0})
            mask: list[bool] = []
            ends = [batch["__row__"] for batch in batches[1:]] + [chunk.rows.height]
            for batch, end in zip(batches, ends, strict=True):
                if BATCH in batch:
                    key, now = (batch.get("run"), batch[BATCH]), (batch.get("run"), batch.get("step"))
                    again = now == last and now[1] is not None
                    fate = "repeated" if key in seen else "evaluation" if again else "kept"
                    last = now
                    seen.add(key)
                start = batch["__row__"]
                mask += [fate == "kept"] * (end - start)
                if fate == "repeated":
                    dropped[0] += end - start
                elif fate == "evaluation":
                    problems.add(EVALUATED, *chunk.where(start), end - start)
            kept = chunk.rows.select(columns).filter(pl.Series(mask, dtype=pl.Boolean))
            if kept.height:
                yield Chunk(kept, chunk.places if kept.height == chunk.rows.height else ())

    return Stream(schema, read)
