"""Which values a signal takes: the exact histogram that decides what kind of signal it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from freshbits.rollouts.schema import SIGNAL

Kind = Literal["unscored", "constant", "binary", "levels", "score"]
MOST_VALUES = 64  # more distinct values than this are a score; their histogram is not kept
MOST_LEVELS = 4


@dataclass(frozen=True)
class Values:
    """Counts the rows per value of one signal; exact and additive, `many` beyond 64 distinct values.

    >>> a = Values({0.0: 3, 1.0: 5}, 1, 0.0, 1.0)
    >>> merged = a.merge(Values({1.0: 2}, 0, 1.0, 1.0))
    >>> merged.counts, merged.unscored, merged.kind
    ({0.0: 3, 1.0: 7}, 1, 'binary')
    """

    counts: dict[float, int]
    unscored: int
    low: float | None
    high: float | None
    many: bool = False

    @property
    def kind(self) -> Kind:
        """Two values are a verdict, up to four are levels, more are a score."""
        if self.many or len(self.counts) > MOST_LEVELS:
            return "score"
        return ("unscored", "constant", "binary", "levels", "levels")[len(self.counts)]

    @property
    def scored(self) -> bool:
        """Whether any row is scored."""
        return self.low is not None

    def merge(self, other: Values) -> Values:
        """Adds the counts of another part of the same log."""
        counts = dict(self.counts)
        for value, rows in other.counts.items():
            counts[value] = counts.get(value, 0) + rows
        lows = [v for v in (self.low, other.low) if v is not None]
        highs = [v for v in (self.high, other.high) if v is not None]
        many = self.many or other.many or len(counts) > MOST_VALUES
        return Values(
            {} if many else dict(sorted(counts.items())),
            self.unscored + other.unscored,
            min(lows) if lows else None,
            max(highs) if highs else None,
            many,
        )


def count_values(narrow: pl.LazyFrame, signals: list[str]) -> dict[str, Values]:
    """Counts the values of every signal.

    >>> count_values(pl.LazyFrame({"signal.r": [1.0, None, 0.0]}), ["r"])["r"].counts
    {0.0: 1, 1.0: 1}
    """
    columns = [pl.col(SIGNAL + name) for name in signals]
    facts = narrow.select(
        *(
            column.drop_nulls().n_unique().alias(f"distinct.{name}")
            for name, column in zip(signals, columns, strict=True)
        ),
        *(column.null_count().alias(f"null.{name}") for name, column in zip(signals, columns, strict=True)),
        *(column.min().alias(f"low.{name}") for name, column in zip(signals, columns, strict=True)),
        *(column.max().alias(f"high.{name}") for name, column in zip(signals, columns, strict=True)),
    ).collect(engine="streaming")
    result = {}
    for name in signals:
        low, high = facts[f"low.{name}"][0], facts[f"high.{name}"][0]
        many = facts[f"distinct.{name}"][0] > MOST_VALUES
        counts: dict[float, int] = {}
        if not many:
            column = pl.col(SIGNAL + name)
            table = narrow.filter(column.is_not_null()).group_by(column).len().collect(engine="streaming")
            counts = dict(sorted(table.rows()))
        result[name] = Values(counts, int(facts[f"null.{name}"][0]), low, high, many)
    return result
