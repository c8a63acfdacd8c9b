"""The summary of the log: what was counted, what was mended, and what is missing from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.agreement import agreement
from freshbits.results import Degenerate, Labels, LogSummary, Sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log
    from freshbits.tally.tally import Tally


def summary(log: Log, tally: Tally, labels: Labels | None, *, pairs: bool) -> LogSummary:
    """Describes the log as it was read."""
    groups = tally.groups
    names = groups["source"].drop_nulls().unique().sort().to_list() if "source" in groups.columns else []
    return LogSummary(
        format=log.format,
        files=len(log.files),
        rollouts=tally.rows,
        prompts=int(groups["prompt"].n_unique()),
        groups=groups.height,
        group_size=group_size(groups["rows"].to_numpy()),
        rounds=int(groups["round"].n_unique()),
        sources=names,
        signals=list(tally.values),
        truth=labels is not None,
        labels=labels,
        unscored={name: _unscored(log, tally, name) for name in tally.values},
        truncated=int(groups["truncated"].sum()) if "truncated" in groups.columns else None,
        duplicates=log.duplicates[0],
        pairs=pairs,
        filtered=log.filtered,
        partition=tally.partition,
        sampled=_sampled(tally),
        degenerate=[Degenerate(**found) for found in tally.degenerate],
        problems=log.problems.sentences(),
        notes=[*log.notes, *turns(groups, tally.rows), *([] if pairs else agreement(tally, log.judges))],
    )


def count_labels(tally: Tally, *, drawn: bool) -> Labels | None:
    """Counts the rows labelled with truth and says how they were chosen; None without any.

    Args:
        tally: the counts of the log.
        drawn: whether they come from a file of `freshbits label`, with known inclusion probabilities.
    """
    rows = int(tally.groups["truth"].sum()) if "truth" in tally.groups.columns else 0
    if rows == 0:
        return None
    return Labels(
        rows=rows,
        prompts=int(tally.groups.filter(pl.col("truth") > 0)["prompt"].n_unique()),
        design="drawn with known inclusion probabilities" if drawn else "unknown, taken as random over rollouts",
    )


def turns(groups: pl.DataFrame, rows: int) -> list[str]:
    """Says how many turns a rollout has, where any has more than one.

    >>> turns(pl.DataFrame({"turns": [24, 8]}), 16)
    ['episodes of several turns: 2.0 messages of the model a rollout on average']
    """
    count = int(groups["turns"].sum()) if "turns" in groups.columns else 0
    if count <= rows:
        return []
    return [f"episodes of several turns: {count / rows:.1f} messages of the model a rollout on average"]


def group_size(rows: NDArray[np.int64]) -> str:
    """Says how many rollouts the groups have.

    >>> group_size(np.array([8, 8])), group_size(np.array([2, 8, 8]))
    ('8', '2 to 8, median 8')
    """
    low, high = int(rows.min()), int(rows.max())
    return str(low) if low == high else f"{low} to {high}, median {np.median(rows):g}"


def _unscored(log: Log, tally: Tally, signal: str) -> int:
    """Counts rollouts without a score; for one judge among several, the verdicts it gave as null."""
    if signal in log.judges:
        return log.unread.get(signal, 0)
    return tally.rows - int(tally.groups[f"n.{signal}"].sum())


def _sampled(tally: Tally) -> Sampled | None:
    """Says how large the sample is; None where it holds the whole log."""
    rows = tally.sample.height
    if rows >= tally.rows:
        return None
    return Sampled(
        rows=rows,
        prompts=int(tally.sample["prompt"].n_unique()),
        of_rows=tally.rows,
        of_prompts=int(tally.groups["prompt"].n_unique()),
    )
