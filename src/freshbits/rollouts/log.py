"""A log that has been recognised: what it is, what it holds, and its rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.problems import Problems
from freshbits.rollouts.schema import signal_columns

if TYPE_CHECKING:
    from pathlib import Path

    from freshbits.rollouts.parts import Divisible

Batches = Callable[[Sequence[str] | None], Iterator[pl.DataFrame]]


@dataclass(frozen=True)
class Log:
    """Holds one recognised log; reading its rows is lazy, in file order, and bounded in memory.

    Attributes:
        format: the reader's name for it, as printed ("TRL completions").
        files: the files, in reading order; empty for a frame in memory.
        schema: canonical column -> type, as the batches have them.
        read: `read(columns)` yields canonical batches with those columns (all where None).
        notes: what was recognised and how, one sentence each, for the person to check.
        weights: weights of signals in the total, where logged or given.
        origins: origin of signals that the reader knows ("external", "own_state", …).
        structures: signal -> what the declared loop's graph says of it ("open, renewing", …), where a run was declared.
        judges: signal -> the judge whose verdicts it holds, where a judge column split the signal.
        applied: signals that `freshbits score` gave afterwards: no components of the reward of the run.
        unread: signal -> verdicts that its judge gave as null (a rollout it never saw is not unscored).
        filtered: None where the log is the unbiased sample; else why dead groups may be missing from it.
        problems: rows that were mended or left unscored; filled while batches are read.
        duplicates: rows left out because the producer wrote them twice; filled while batches are read.
        made: "set" where the rows were made to be trained on, "pairs" where they are chosen and rejected; else None.
        judged_by: signal -> the model that gave it, where the set names one.
        divisible: how it may be read in parts, by several machines; None: only in one place.
    """

    format: str
    files: tuple[Path, ...]
    schema: dict[str, pl.DataType]
    read: Batches
    notes: tuple[str, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)
    applied: tuple[str, ...] = ()
    unread: dict[str, int] = field(default_factory=dict)
    filtered: str | None = None
    problems: Problems = field(default_factory=Problems)
    duplicates: list[int] = field(default_factory=lambda: [0])
    made: str | None = None
    judged_by: dict[str, str] = field(default_factory=dict)
    divisible: Divisible | None = None

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals, as logged, in column order."""
        return tuple(signal_columns(list(self.schema)))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yields canonical batches with `columns` (all where None), in file order."""
        self.problems.counts.clear()
        self.problems.first.clear()
        self.duplicates[0] = 0
        yield from self.read(columns)

    def again(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yields the same rows a second time, and leaves what was counted in the first reading as it was."""
        counts, first, duplicates = dict(self.problems.counts), dict(self.problems.first), self.duplicates[0]
        try:
            yield from self.read(columns)
        finally:
            self.problems.counts, self.problems.first = counts, first
            self.duplicates[0] = duplicates

    def frame(self) -> pl.LazyFrame:
        """Returns the rows as one lazy frame whose columns are pruned before they are read."""
        from polars.io.plugins import register_io_source

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            left = n_rows
            for batch in self.batches(columns):
                rows = batch if predicate is None else batch.filter(predicate)
                if left is not None:
                    rows = rows.head(left)
                    left -= rows.height
                yield rows
                if left == 0:
                    return

        return register_io_source(source, schema=dict(self.schema))
