"""Counts a log on this machine: one pass over the text, then passes over integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.answers import choose as choose_partition
from freshbits.outputs.compact import compact, needed
from freshbits.outputs.degenerate import Sampled, degenerate, sample
from freshbits.outputs.partition import TEXT, Partition
from freshbits.tally.asked import asked_again
from freshbits.tally.cells import count_cells, summarise
from freshbits.tally.labelled import draw_labelled
from freshbits.tally.narrow import Narrow
from freshbits.tally.sample import draw
from freshbits.tally.tally import Tally
from freshbits.tally.values import Values, count_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.outputs.features.feature import Feature
    from freshbits.rollouts.log import Log
    from freshbits.rollouts.problems import Problems

SHARD_ROWS = 400_000  # rows whose cells are held at once
FEATURE = "feature."


def tally(log: Log, progress: Callable[[str], None] | None = None, features: Sequence[Feature] = ()) -> Tally:
    """Counts a log into a `Tally`, reading its text once.

    Args:
        log: what `freshbits.read` gave.
        progress: called with what is being done, in words.
        features: a person's own features, counted beside the core ones.

    Raises:
        InputError: if the log has no rows or none of its signals is ever scored.
    """
    with Narrow() as narrow:
        texts = Sampled.empty()
        partition = _partition(log)
        for batch in log.batches(needed(log.schema, partition)):
            part = compact(batch, partition, features)
            texts = texts.merge(sample(batch, part))
            narrow.append(_with_prompts(part, log.problems, narrow.rows))
            if progress is not None:
                progress(f"{narrow.rows:,} rollouts read")
        if narrow.rows == 0:
            raise InputError("the log has no rollouts", file=log.files[0] if log.files else None)
        signals = list(log.signals)
        rows = narrow.lazy()
        values = count_values(rows, signals)
        if signals and not any(value.scored for value in values.values()):
            raise InputError(f"no rollout is scored by {', '.join(signals)}", mend="name the reward with --signal")
        once = _first_presentation(rows)
        groups, prompts = _summaries(once, values, narrow.rows)
        drawn = draw(rows, groups)
        return Tally(
            values=values,
            groups=groups,
            prompts=prompts,
            features=_feature_sums(once),
            sample=drawn,
            labelled=draw_labelled(rows, groups),
            partition=partition.name if "answer_class" in rows.collect_schema() else None,
            coarser=partition.coarser.name if partition.coarser is not None else None,
            by_construction=partition.by_construction,
            degenerate=tuple(degenerate(drawn, texts, pairs="opponent" in log.schema)),
            repeats=asked_again(rows, values),
        )


def _partition(log: Log) -> Partition:
    """Chooses how answers are read from the first rows of the log."""
    looked_at = [c for c in ("prompt", "completion", "answer", "extracted") if c in log.schema]
    for batch in log.batches(looked_at):
        return choose_partition(batch)
    return TEXT


def _with_prompts(part: pl.DataFrame, problems: Problems, before: int) -> pl.DataFrame:
    """Returns the rows that have a prompt (where no prompt is logged at all, the group stands for it)."""
    if "prompt" not in part.columns:
        return part.with_columns(prompt="group")
    missing = part["prompt"].is_null()
    if missing.any():
        first = before + int(missing.arg_true()[0]) + 1
        problems.add("no prompt: left out", "the log", first, int(missing.sum()))
        return part.filter(~missing)
    return part


def _first_presentation(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Returns one row per rollout where a judge was asked several times."""
    if "repeat" not in rows.collect_schema().names():
        return rows
    return rows.filter(pl.col("repeat").fill_null(0) == 0)


def _summaries(rows: pl.LazyFrame, values: dict[str, Values], count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts cells shard by shard of prompts, so that memory does not grow with the log."""
    shards = -(-count // SHARD_ROWS)
    signals = list(values)
    parts = []
    for shard in range(shards):
        part = rows if shards == 1 else rows.filter(pl.col("prompt") % shards == shard)
        parts.append(summarise(count_cells(part, values).collect(engine="streaming"), signals))
    groups = pl.concat([g for g, _ in parts], how="diagonal_relaxed").sort("prompt", "round", "group")
    prompts = pl.concat([p for _, p in parts], how="diagonal_relaxed").sort("prompt")
    return groups, prompts


def _feature_sums(rows: pl.LazyFrame) -> pl.DataFrame:
    """Returns, per round, the number of rows and the sum of every counted feature."""
    names = [name for name in rows.collect_schema().names() if name.startswith(FEATURE)]
    return (
        rows.group_by("round")
        .agg(pl.len().cast(pl.Int64).alias("rows"), *(pl.col(name).cast(pl.Int64).sum() for name in names))
        .sort("round")
        .collect(engine="streaming")
    )
