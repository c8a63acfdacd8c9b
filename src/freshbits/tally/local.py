"""Counts a log on this machine: one pass over the text, then passes over integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.compact import needed
from freshbits.outputs.degenerate import Sampled, degenerate
from freshbits.tally.asked import asked_again
from freshbits.tally.block import partition_of, shrink
from freshbits.tally.cells import count_cells, summarise
from freshbits.tally.labelled import draw_labelled
from freshbits.tally.narrow import Narrow
from freshbits.tally.sample import draw
from freshbits.tally.shard import feature_sums, first_presentation, join_summaries
from freshbits.tally.tally import Tally
from freshbits.tally.values import Values, count_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.outputs.features.feature import Feature
    from freshbits.rollouts.log import Log

SHARD_ROWS = 400_000  # rows whose cells are held at once


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
        partition = partition_of(log)
        for batch in log.batches(needed(log.schema, partition)):
            block = shrink(batch, partition, features)
            texts = texts.merge(block.texts)
            block.report(log.problems, narrow.rows)
            narrow.append(block.rows)
            if progress is not None:
                progress(f"{narrow.rows:,} rollouts read")
        require_rows(log, narrow.rows)
        rows = narrow.lazy()
        values = count_values(rows, list(log.signals))
        require_scores(values)
        once = first_presentation(rows)
        groups, prompts = _summaries(once, values, narrow.rows)
        drawn = draw(rows, groups)
        return Tally(
            values=values,
            groups=groups,
            prompts=prompts,
            features=feature_sums(once),
            sample=drawn,
            labelled=draw_labelled(rows, groups),
            partition=partition.name if "answer_class" in rows.collect_schema() else None,
            coarser=partition.coarser.name if partition.coarser is not None else None,
            by_construction=partition.by_construction,
            degenerate=tuple(degenerate(drawn, texts, pairs="opponent" in log.schema)),
            repeats=asked_again(rows, values),
        )


def require_rows(log: Log, rows: int) -> None:
    """Raises where a log has no rows at all."""
    if rows == 0:
        raise InputError("the log has no rollouts", file=log.files[0] if log.files else None)


def require_scores(values: dict[str, Values]) -> None:
    """Raises where a log has signals and none of them is ever scored."""
    if values and not any(value.scored for value in values.values()):
        raise InputError(f"no rollout is scored by {', '.join(values)}", mend="name the reward with --signal")


def _summaries(rows: pl.LazyFrame, values: dict[str, Values], count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts cells shard by shard of prompts, so that memory does not grow with the log."""
    shards = -(-count // SHARD_ROWS)
    signals = list(values)
    parts = []
    for shard in range(shards):
        part = rows if shards == 1 else rows.filter(pl.col("prompt") % shards == shard)
        parts.append(summarise(count_cells(part, values).collect(engine="streaming"), signals))
    return join_summaries(parts)
