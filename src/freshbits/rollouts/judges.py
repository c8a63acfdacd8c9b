"""A log with a judge column, turned so that one row is one rollout and every judge is a signal of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.opened import Opened
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IDENTITY = (
    "run",
    "round",
    "step",
    "prompt",
    "prompt_id",
    "group",
    "source",
    "sample",
    "repeat",
    "completion",
    "opponent",
)
KEY, ROW, JUDGE, AGAIN = "__key__", "__row__", "__judge__", "__again__"


def split_by_judge(opened: Opened, labelled: Stream, parts: Sequence[str]) -> Opened:
    """Returns the log with `NAME@JUDGE` signals, one row per rollout and repeat.

    Verdicts are matched by a 64-bit hash of the rollout's identity and text, so only numbers are held in
    memory. The same judge's further verdicts on one rollout become repeats; a row written twice is dropped
    and counted.
    """
    signals = [name for name in opened.rows.schema if name.startswith(SIGNAL)]
    verdicts = _verdicts(labelled, signals, parts)
    label, told = _labels(verdicts, parts)
    named = verdicts.with_columns(label.alias(JUDGE)).drop([p for p in parts if p != parts[0]])
    held = named.height
    named = named.unique([KEY, JUDGE, *signals], keep="first", maintain_order=True)
    twice = held - named.height
    named = named.with_columns(pl.int_range(pl.len()).over(KEY, JUDGE).alias(AGAIN))
    order = named[JUDGE].unique(maintain_order=True).to_list()
    wide = named.group_by(KEY, AGAIN, maintain_order=True).agg(
        pl.col(ROW).first(),
        *(
            pl.col(name).filter(pl.col(JUDGE) == judge).first().alias(f"{name}@{judge}")
            for name in signals
            for judge in order
        ),
    ).sort(ROW)  # fmt: skip
    judge_of = dict(named.select(JUDGE, parts[0]).unique().iter_rows())
    split = [name for name in wide.columns if name.startswith(SIGNAL)]
    again = int(wide[AGAIN].max() or 0) if wide.height else 0  # type: ignore[arg-type]
    rows = _first_rows(opened.rows, wide, set(signals), split, again, opened.duplicates, twice)
    notes = [
        *opened.notes,
        f"{len(order)} judges, each a signal of its own ({told})" if len(order) > 1 else f"one judge ({told})",
    ]
    if again:
        notes.append(f"a judge scored some rollouts up to {again + 1} times: repeats")
    unread = {
        f"{name.removeprefix(SIGNAL)}@{judge}": named.filter(pl.col(JUDGE) == judge)[name].null_count()
        for name in signals
        for judge in order
    }
    judges = {f"{name.removeprefix(SIGNAL)}@{judge}": judge_of[judge] or "" for name in signals for judge in order}
    return Opened(rows, notes, judges=judges, unread=unread, duplicates=opened.duplicates, files=opened.files)


def _verdicts(labelled: Stream, signals: list[str], parts: Sequence[str]) -> pl.DataFrame:
    """Reads identity hashes, row numbers, judges and values: the narrow part of the log."""
    identity = [name for name in IDENTITY if name in labelled.schema]
    frames = []
    at = 0
    for chunk in labelled.read([*identity, *signals, *parts]):
        rows = chunk.rows
        frames.append(
            rows.select(
                rows.select(identity).hash_rows(seed=0).alias(KEY),
                pl.int_range(at, at + rows.height).alias(ROW),
                *(pl.col(part).fill_null("unnamed") for part in parts),
                *signals,
            )
        )
        at += rows.height
    return pl.concat(frames)


def _labels(verdicts: pl.DataFrame, parts: Sequence[str]) -> tuple[pl.Expr, str]:
    """Returns the judge's name with those further parts that vary in this log."""
    varying = [parts[0], *(part for part in parts[1:] if verdicts[part].n_unique() > 1)]
    return pl.concat_str(varying, separator="/"), ", ".join(part.removeprefix("judge.") for part in varying)


def _first_rows(
    rows: Stream,
    wide: pl.DataFrame,
    dropped: set[str],
    split: list[str],
    again: int,
    duplicates: list[int],
    twice: int,
) -> Stream:
    """Returns those rows that stand first for their rollout, with all judges' values beside them."""
    kept = {name: dtype for name, dtype in rows.schema.items() if name not in dropped}
    schema = kept | {name: pl.Float64() for name in split}
    if again:
        schema["repeat"] = pl.Int64()

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        own = [name for name in columns if name in kept]
        at = 0
        duplicates[0] += twice
        for chunk in rows.read(own or list(kept)[:1]):
            part = wide.filter(pl.col(ROW).is_between(at, at + chunk.rows.height - 1))
            taken = chunk.rows[(part[ROW] - at).to_list()] if part.height else chunk.rows.clear()
            frame = taken.with_columns(part.get_columns())
            if again and "repeat" in columns:
                earlier = pl.col("repeat") if "repeat" in kept else pl.lit(0)
                frame = frame.with_columns((earlier * (again + 1) + pl.col(AGAIN)).alias("repeat"))
            at += chunk.rows.height
            if frame.height:
                yield Chunk(frame.select(columns))

    return Stream(schema, read)
