"""Belief: what the rollouts of a group say about each other, the logged part of the model's own state.

A signal that these columns predict brings nothing that the model could not have told itself. They say nothing
about the signal or the truth, and they are poorer than the model's real state: two models with the same votes
may differ in what they know.
"""

from __future__ import annotations

import polars as pl

_VOTES = ("vote_share", "runner_up", "margin", "n_classes", "is_plurality", "tie")


def belief(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns the belief columns of the narrow frame, row by row; columns that never vary are left out.

    With v_c the share of a group's rollouts in class c, and v_1 >= v_2 the two largest: `vote_share` = v of
    the row's class; `runner_up` = v_2 (0 where all agree); `margin` = v_1 - v_2; `n_classes`; `is_plurality`
    = the row's class has v_1; `tie` = v_1 = v_2. Unreadable answers vote as one class. Repeated judgements of
    one rollout vote once. Where log-probabilities are logged, `mean_logprob` is the completion's
    log-probability per token (nats), or `logprob` itself where tokens are not counted.

    Args:
        frame: rows of `compact`, of the whole log: whether a column varies is a property of the log.

    >>> frame = pl.DataFrame({"group": [1, 1, 1, 2, 2], "answer_class": [7, 7, 8, 7, 9]})
    >>> belief(frame).select("vote_share", "tie").rows()[2:4]
    [(0.3333333333333333, 0.0), (0.5, 1.0)]
    """
    columns: list[pl.Series] = []
    if "answer_class" in frame.columns:
        columns += _votes(frame).get_columns()
    if "logprob" in frame.columns:
        columns.append(_logprob(frame))
    return pl.DataFrame([column for column in columns if column.drop_nulls().n_unique() > 1])


def belief_columns(frame: pl.DataFrame) -> list[str]:
    """Returns the names of the belief columns that a log has: none without groups or log-probability.

    >>> belief_columns(pl.DataFrame({"group": [1, 2], "answer_class": [7, 8]}))
    []
    """
    return belief(frame).columns


def _votes(frame: pl.DataFrame) -> pl.DataFrame:
    rows = frame.select("group", "answer_class")
    counts = _rollouts(frame).group_by("group", "answer_class").len("votes")
    first, second = pl.col("votes").max(), pl.col("votes").top_k(2).sum() - pl.col("votes").max()
    totals = counts.group_by("group").agg(
        pl.col("votes").sum().alias("all"),
        first.alias("first"),
        second.alias("second"),
        pl.len().cast(pl.Float64).alias("n_classes"),
    )
    votes, total = pl.col("votes"), pl.col("all")
    one, two = pl.col("first").cast(pl.Int64), pl.col("second").cast(pl.Int64)
    return (
        rows.join(counts, on=["group", "answer_class"], how="left", maintain_order="left")
        .join(totals, on="group", how="left", maintain_order="left")
        .select(
            (votes / total).alias("vote_share"),
            (two / total).alias("runner_up"),
            ((one - two) / total).alias("margin"),
            "n_classes",
            (votes == one).cast(pl.Float64).alias("is_plurality"),
            (one == two).cast(pl.Float64).alias("tie"),
        )
    )


def _rollouts(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns group and class of each distinct rollout."""
    if "repeat" not in frame.columns:
        return frame.select("group", "answer_class")
    named = [name for name in ("sample", "text") if name in frame.columns]
    return frame.select("group", "answer_class", *named).unique().select("group", "answer_class")


def _logprob(frame: pl.DataFrame) -> pl.Series:
    if "tokens" not in frame.columns:
        return frame["logprob"]
    tokens = pl.col("tokens")
    return frame.select(pl.when(tokens > 0).then(pl.col("logprob") / tokens).alias("mean_logprob")).to_series()
