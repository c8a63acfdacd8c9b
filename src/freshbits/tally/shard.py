"""What is counted of whole prompts: the part of the tally that adds up over any division of the prompts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.tally.asked import asked_again
from freshbits.tally.cells import count_cells, summarise
from freshbits.tally.tally import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.tally.values import Values

FEATURE = "feature."


@dataclass(frozen=True)
class Shard:
    """Holds the counts of some prompts, each of them whole.

    Attributes:
        groups: one row per group. prompts: one row per prompt. features: one row per round. All sorted.
        repeats: per signal, the outputs that its judge was asked about more than once.
    """

    groups: pl.DataFrame
    prompts: pl.DataFrame
    features: pl.DataFrame
    repeats: dict[str, Asked] = field(default_factory=dict)


def count_shard(rows: pl.LazyFrame, values: dict[str, Values]) -> Shard:
    """Counts the narrow rows of some prompts.

    Args:
        rows: every row of these prompts, and none of others.
        values: what each signal takes in the whole log.
    """
    once = first_presentation(rows)
    groups, prompts = summarise(count_cells(once, values).collect(engine="streaming"), list(values))
    return Shard(groups, prompts, feature_sums(once), asked_again(rows, values))


def add_shards(shards: Sequence[Shard]) -> Shard:
    """Puts the counts of all prompts together; the same however the prompts were divided."""
    groups, prompts = join_summaries([(shard.groups, shard.prompts) for shard in shards])
    features = pl.concat([shard.features for shard in shards], how="diagonal_relaxed")
    names = sorted({name for shard in shards for name in shard.repeats})
    return Shard(
        groups,
        prompts,
        features.group_by("round").agg(pl.exclude("round").sum()).sort("round"),
        {name: _together([shard.repeats[name] for shard in shards if name in shard.repeats]) for name in names},
    )


def join_summaries(parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Returns (groups, prompts) of several shards as two sorted tables."""
    groups = pl.concat([g for g, _ in parts], how="diagonal_relaxed").sort("prompt", "round", "group")
    prompts = pl.concat([p for _, p in parts], how="diagonal_relaxed").sort("prompt")
    return groups, prompts


def first_presentation(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Returns one row per rollout where a judge was asked several times."""
    if "repeat" not in rows.collect_schema().names():
        return rows
    return rows.filter(pl.col("repeat").fill_null(0) == 0)


def feature_sums(rows: pl.LazyFrame) -> pl.DataFrame:
    """Returns, per round, the number of rows and the sum of every counted feature."""
    names = [name for name in rows.collect_schema().names() if name.startswith(FEATURE)]
    return (
        rows.group_by("round")
        .agg(pl.len().cast(pl.Int64).alias("rows"), *(pl.col(name).cast(pl.Int64).sum() for name in names))
        .sort("round")
        .collect(engine="streaming")
    )


def _together(parts: Sequence[Asked]) -> Asked:
    """Returns the outputs of several shards, in the order in which one pass over all rows has them."""
    names = ("prompt", "n", "k", "differ")
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    order = np.lexsort(columns[::-1])
    return Asked(*(column[order] for column in columns))
