"""Counts what a judge said when it was asked more than once about one output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import AGAIN, SIGNAL
from freshbits.tally.tally import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.tally.values import Values

OUTPUT = ("group", "text", "sample")


def asked_again(rows: pl.LazyFrame, values: Mapping[str, Values]) -> dict[str, Asked]:
    """Counts, per signal, the verdicts on each output that was judged more than once.

    Further verdicts stand in further rows (`repeat` 1, 2, …: both orders of a pair, a judge that was asked again) or
    in the same row (`again.NAME@2`, …).
    """
    names = rows.collect_schema().names()
    found = {}
    for signal, value in values.items():
        beside = [name for name in names if name.startswith(f"{AGAIN}{signal}@")]
        if value.high is None or ("repeat" not in names and not beside):
            continue
        counts = _in_one_row(rows, signal, beside) if beside else _in_rows(rows, signal, names)
        table = (
            counts.group_by("output", "prompt")
            .agg(
                n=pl.col("c").sum(),
                same=(pl.col("c") * (pl.col("c") - 1) // 2).sum(),
                k=pl.col("c").filter(pl.col("v") == value.high).sum(),
            )
            .filter(pl.col("n") > 1)
            .with_columns(differ=pl.col("n") * (pl.col("n") - 1) // 2 - pl.col("same"))
            .drop("output", "same")
            .sort("prompt", "n", "k", "differ")
            .cast({"n": pl.Int64, "k": pl.Int64, "differ": pl.Int64})
            .collect(engine="streaming")
        )
        if table.height:
            found[signal] = Asked(*(table[name].to_numpy() for name in ("prompt", "n", "k", "differ")))
    return found


def _in_rows(rows: pl.LazyFrame, signal: str, names: list[str]) -> pl.LazyFrame:
    """Returns how often each value was given to each output, where every verdict has a row."""
    output = pl.struct(name for name in OUTPUT if name in names).hash(seed=0)
    said = rows.select(output.alias("output"), "prompt", pl.col(SIGNAL + signal).alias("v")).drop_nulls("v")
    return said.group_by("output", "prompt", "v").agg(c=pl.len().cast(pl.Int64))


def _in_one_row(rows: pl.LazyFrame, signal: str, beside: list[str]) -> pl.LazyFrame:
    """Returns how often each value was given to each output, where all verdicts stand in its row."""
    said = rows.select(pl.col("row").alias("output"), "prompt", SIGNAL + signal, *beside)
    long = said.unpivot(index=["output", "prompt"], value_name="v").drop_nulls("v")
    return long.group_by("output", "prompt", "v").agg(c=pl.len().cast(pl.Int64))
