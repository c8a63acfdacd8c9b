"""A judge asked several times about one rollout, its verdicts side by side: `NAME@1`, `NAME@2`, … in one row.

The signal is then one verdict, the first; the others stand beside it as `again.NAME@2`, …, and tell how much of the
signal is the judge's own noise. A column `NAME` beside them, such as their mean, is left aside: what an average of
several verdicts carries is another question.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import AGAIN, SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from freshbits.rollouts.opened import Opened

NUMBERED = re.compile(r"(.+)@(\d+)")


def repeated(names: Iterable[str]) -> dict[str, int]:
    """Returns how often each signal was asked, from names numbered without a gap from 1 on.

    >>> repeated(["helpful@1", "helpful@2", "helpful", "reward@gpt-4", "late@2"])
    {'helpful': 2}
    """
    found: dict[str, set[int]] = {}
    for name in names:
        match = NUMBERED.fullmatch(name)
        if match:
            found.setdefault(match.group(1), set()).add(int(match.group(2)))
    return {name: len(seen) for name, seen in found.items() if len(seen) > 1 and seen == set(range(1, len(seen) + 1))}


def take_repeats(opened: Opened) -> None:
    """Makes one signal of verdicts on the same rollout that stand side by side, and keeps the others beside it."""
    inner = opened.rows
    asked = repeated(name.removeprefix(SIGNAL) for name in inner.schema if name.startswith(SIGNAL))
    if not asked:
        return
    source = {f"{SIGNAL}{name}": f"{SIGNAL}{name}@1" for name in asked}
    source |= {
        f"{AGAIN}{name}@{k}": f"{SIGNAL}{name}@{k}" for name, times in asked.items() for k in range(2, times + 1)
    }
    numbered = set(source.values())
    schema: dict[str, pl.DataType] = {}
    for name, dtype in inner.schema.items():
        if name in numbered:
            first, _, _ = name.rpartition("@")
            schema.setdefault(first, dtype)
        else:
            schema[name] = dtype
    schema |= {name: pl.Float64() for name in source if name.startswith(AGAIN)}

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in inner.read([source.get(name, name) for name in columns]):
            yield chunk.with_rows(chunk.rows.select(pl.col(source.get(name, name)).alias(name) for name in columns))

    opened.rows = Stream(schema, read, inner.divisible)
    for kept in (opened.origins, opened.structures, opened.judges):
        for name in asked:
            if f"{name}@1" in kept:
                kept.setdefault(name, kept[f"{name}@1"])
            for k in range(1, asked[name] + 1):
                kept.pop(f"{name}@{k}", None)
    opened.applied = tuple(dict.fromkeys(_base(name, asked) for name in opened.applied))
    times = sorted(set(asked.values()))
    told = ", ".join(asked) if len(asked) <= 4 else f"{len(asked)} signals"
    opened.notes.append(
        f"{told}: asked {' or '.join(map(str, times))} times per rollout; the bits are those of one verdict, the first"
    )


def _base(name: str, asked: dict[str, int]) -> str:
    match = NUMBERED.fullmatch(name)
    return match.group(1) if match and match.group(1) in asked else name
