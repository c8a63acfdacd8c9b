"""The canonical rollout table: one row per completion, the same columns whatever wrote the log.

Every reader yields batches with a subset of these columns, in this order, with these types. Columns that a
format does not have are left out, not filled. Signals, weights and anything else a log carries are flat
columns with a prefix, so that they can be pruned: `signal.NAME` (Float64; null = unscored, never 0),
`extra.NAME` (as logged), `again.NAME@2` (a further verdict of the same judge on the same rollout).
"""

from __future__ import annotations

import polars as pl

SIGNAL = "signal."
EXTRA = "extra."
CHOSEN = "prompt_probability"  # extra column: how likely a prompt was to be asked, where prompts were chosen
AGAIN = "again."

COLUMNS: dict[str, pl.DataType] = {
    "run": pl.String(),  # which training run; null where one log is one run
    "round": pl.Int64(),  # generation-training round, where the log has rounds
    "step": pl.Int64(),  # optimiser or global step
    "prompt": pl.String(),  # text, messages joined; the cluster
    "prompt_id": pl.String(),  # the log's own name of the prompt; stands for a missing text
    "group": pl.String(),  # explicit group key (uid, group.id, chunk of num_generations); null = prompt
    "source": pl.String(),  # who generated: model or system
    "sample": pl.Int64(),  # index of the attempt inside its group
    "repeat": pl.Int64(),  # index of a repeated judgement of the same completion (order, re-asking)
    "completion": pl.String(),  # all sampled messages joined; tool output is not part of it
    "opponent": pl.String(),  # pairs: the other completion
    "truth": pl.Float64(),  # 1 right, 0 wrong, null not labelled
    "truth_weight": pl.Float64(),  # 1 / inclusion probability of the label
    "answer": pl.String(),  # reference answer
    "extracted": pl.String(),  # the answer the audited signal itself read
    "reference": pl.String(),  # reference completion
    "logprob": pl.Float64(),  # sum over the completion, nats
    "tokens": pl.Int64(),
    "turns": pl.Int64(),
    "truncated": pl.Boolean(),
    "region": pl.String(),  # data source or domain
}


def signal_columns(columns: list[str]) -> list[str]:
    """Returns the names of the signals among canonical column names.

    >>> signal_columns(["prompt", "signal.accuracy", "signal.format"])
    ['accuracy', 'format']
    """
    return [name.removeprefix(SIGNAL) for name in columns if name.startswith(SIGNAL)]


def conform(batch: pl.DataFrame) -> pl.DataFrame:
    """Casts a batch to the canonical types and puts its columns in canonical order.

    >>> conform(pl.DataFrame({"signal.r": [1], "prompt": ["p"]})).schema
    Schema([('prompt', String), ('signal.r', Float64)])
    """
    present = [name for name in COLUMNS if name in batch.columns]
    signals = [name for name in batch.columns if name.startswith(SIGNAL)]
    again = [name for name in batch.columns if name.startswith(AGAIN)]
    extras = [name for name in batch.columns if name.startswith(EXTRA)]
    return batch.select(
        *(pl.col(name).cast(COLUMNS[name]) for name in present),
        *(pl.col(name).cast(pl.Float64) for name in (*signals, *again)),
        *extras,
    )
