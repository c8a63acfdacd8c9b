"""Cells: integer counts per (group, answer class), which add up under any split of the rows.

`count_cells` turns rows into cells, `add_cells` merges the cells of two parts of a log, `summarise` reduces the
cells of whole prompts to one row per group and one per prompt. Whatever the split and the order, the summary is the
same to the last integer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from freshbits.tally.values import Values

KEYS = ["group", "prompt", "round"]
NAMES = ["run", "source", "region"]


def count_cells(rows: pl.LazyFrame, values: dict[str, Values]) -> pl.LazyFrame:
    """Counts rows into cells.

    Columns per cell: the keys, `rows`, `truncated`, `turns` (their sum), `unreadable`, `truth` (labelled rows), and per
    signal s: `n.s` scored, `k.s` scored at the highest value, `low.s` and `high.s` the extreme values, `cut.s`
    truncated rows scored at the lowest value.
    """
    columns = rows.collect_schema().names()
    keys = [*KEYS, *(["answer_class"] if "answer_class" in columns else [])]
    counts = [pl.len().cast(pl.Int64).alias("rows")]
    if "truncated" in columns:
        counts.append(pl.col("truncated").sum().cast(pl.Int64))
    if "turns" in columns:
        counts.append(pl.col("turns").sum().cast(pl.Int64))
    if "unreadable" in columns:
        counts.append(pl.col("unreadable").sum().cast(pl.Int64))
    if "truth" in columns:
        counts.append(pl.col("truth").count().cast(pl.Int64))
    for name, value in values.items():
        score = pl.col(SIGNAL + name)
        counts += [
            score.count().cast(pl.Int64).alias(f"n.{name}"),
            (score == pl.lit(value.high, pl.Float64)).sum().cast(pl.Int64).alias(f"k.{name}"),
            score.min().alias(f"low.{name}"),
            score.max().alias(f"high.{name}"),
        ]
        if "truncated" in columns:
            cut = (pl.col("truncated") & (score == pl.lit(value.low, pl.Float64))).sum().cast(pl.Int64)
            counts.append(cut.alias(f"cut.{name}"))
    names = [pl.col(name).min() for name in NAMES if name in columns]
    return rows.group_by(keys).agg(*names, *counts)


def add_cells(*parts: pl.DataFrame) -> pl.DataFrame:
    """Adds the cells of several parts of one log."""
    frame = pl.concat(parts, how="diagonal_relaxed")
    keys = [name for name in (*KEYS, "answer_class") if name in frame.columns]
    return frame.group_by(keys).agg(
        *(_merged(name) for name in frame.columns if name not in keys),
    )


def summarise(cells: pl.DataFrame, signals: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reduces the cells of whole prompts to (one row per group, one row per prompt), both sorted.

    Groups gain `classes` (distinct) and `equal_pairs` (Σ c (c-1) over classes). Prompts have `rows`, `distinct`,
    `once`, `twice` over all rows and, per signal, the same over accepted rows.
    """
    classes = "answer_class" in cells.columns
    shape = [
        (pl.len() if classes else pl.lit(None)).cast(pl.Int64).alias("classes"),
        ((pl.col("rows") * (pl.col("rows") - 1)).sum() if classes else pl.lit(None, pl.Int64)).alias("equal_pairs"),
    ]
    others = [name for name in cells.columns if name not in (*KEYS, "answer_class")]
    groups = cells.group_by(KEYS).agg(*shape, *(_merged(name) for name in others)).sort("prompt", "round", "group")
    if not classes:
        return groups, groups.group_by("prompt").agg(pl.col("rows").sum()).sort("prompt")
    species = cells.group_by("prompt", "answer_class").agg(
        pl.col("rows").sum(), *(pl.col(f"{c}.{name}").sum() for name in signals for c in ("n", "k"))
    )
    accepted = [
        expression
        for name in signals
        for expression in (
            pl.col(f"n.{name}").sum(),
            pl.col(f"k.{name}").sum(),
            (pl.col(f"k.{name}") > 0).sum().cast(pl.Int64).alias(f"distinct.{name}"),
            (pl.col(f"k.{name}") == 1).sum().cast(pl.Int64).alias(f"once.{name}"),
            (pl.col(f"k.{name}") == 2).sum().cast(pl.Int64).alias(f"twice.{name}"),
        )
    ]
    prompts = species.group_by("prompt").agg(
        pl.col("rows").sum(),
        pl.len().cast(pl.Int64).alias("distinct"),
        (pl.col("rows") == 1).sum().cast(pl.Int64).alias("once"),
        (pl.col("rows") == 2).sum().cast(pl.Int64).alias("twice"),
        *accepted,
    )
    return groups, prompts.sort("prompt")


def _merged(name: str) -> pl.Expr:
    """Returns how a column of cells is merged: names and lows by minimum, highs by maximum, counts by sum."""
    column = pl.col(name)
    if name in NAMES or name.startswith("low."):
        return column.min()
    return column.max() if name.startswith("high.") else column.sum()
