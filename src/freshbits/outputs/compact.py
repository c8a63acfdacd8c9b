"""Text becomes numbers here: one narrow integer row per rollout, after which no stage reads text again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.answers import classes
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.outputs.keys import combined_keys, name_keys, prompt_keys, text_keys
from freshbits.rollouts.schema import AGAIN, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from freshbits.outputs.features.feature import Feature
    from freshbits.outputs.partition import Partition

FEATURE = "feature."

_KEPT = ("run", "source", "region")
_NUMBERS = ("truncated", "truth", "truth_weight", "logprob", "tokens", "turns", "repeat", "sample")
_NEEDED = (
    "run",
    "round",
    "step",
    "prompt",
    "prompt_id",
    "group",
    "source",
    "completion",
    "opponent",
    "region",
)
CATEGORIES = 16


def needed(schema: Iterable[str], partition: Partition | None = None) -> list[str]:
    """Returns the canonical columns that `compact` reads, of those that a log has, in the log's order.

    `prompt_id` is read only where prompts have no text or groups no explicit key; references and extras
    never.

    >>> needed(["prompt", "completion", "reference", "signal.r", "extra.x", "tokens"])
    ['prompt', 'completion', 'signal.r', 'tokens']
    """
    wanted = {*_NEEDED, *_NUMBERS}
    if partition is not None:
        wanted.add(partition.column)
    return [name for name in schema if name in wanted or name.startswith((SIGNAL, AGAIN))]


def compact(batch: pl.DataFrame, partition: Partition, own: Sequence[Feature] = ()) -> pl.DataFrame:
    r"""Turns canonical rows into narrow rows of numbers: keys of texts, answer classes, features.

    Columns, each left out where the batch has nothing to make it from: `round` (else step, else 0); `run`,
    `source`, `region` as text; `prompt` (key of the prompt after normalising white space; of `prompt_id`
    where there is no text); `group` (key of run, round, source and the explicit group, else prompt_id, else
    prompt); `answer_class`, `unreadable`; `text` (key of the completion); `truncated`, `truth`,
    `truth_weight`, `logprob`, `tokens`, `repeat`, `sample`; `signal.*`; `again.*`; `feature.*`. Rows keep their order,
    and every value depends on its own row only, so a log may be cut into batches anywhere.

    `own` features are counted beside the core ones. For pairs a feature is the completion's minus the
    opponent's; a category is 0 where both agree, else `16 * completion's + opponent's`.

    >>> from freshbits.outputs.partition import BOXED
    >>> rows = pl.DataFrame({"prompt": ["1+1?", " 1+1? "], "completion": ["\\boxed{2}", ""]})
    >>> frame = compact(rows, BOXED)
    >>> frame["prompt"].n_unique(), frame["unreadable"].to_list(), frame["feature.characters"].to_list()
    (1, [False, True], [9, 0])
    """
    has = set(batch.columns)
    columns: list[pl.Series] = [_rounds(batch)]
    columns += [batch[name] for name in _KEPT if name in has]
    prompt = _prompts(batch)
    if prompt is not None:
        columns.append(prompt)
    columns.append(_groups(batch, columns[0], prompt))
    if "completion" in has:
        columns += classes(batch, partition).get_columns()
        columns.append(text_keys(batch["completion"]).alias("text"))
    columns += [batch[name] for name in _NUMBERS if name in has]
    columns += [batch[name] for name in batch.columns if name.startswith((SIGNAL, AGAIN))]
    if "completion" in has:
        columns += _features(batch, (*CORE, *own))
    return pl.DataFrame(columns)


def group_keys(batch: pl.DataFrame) -> pl.Series:
    """Returns the key of each row's group, as `compact` forms it, without a look at the completions.

    >>> rows = pl.DataFrame({"prompt": ["1+1?", " 1+1? ", "2+2?"], "step": [1, 1, 1]})
    >>> group_keys(rows).rle_id().to_list()
    [0, 0, 1]
    """
    return _groups(batch, _rounds(batch), _prompts(batch))


GROUPED_BY = ("run", "round", "step", "prompt", "prompt_id", "group", "source")
"""The columns that `group_keys` reads, of those that a log has."""


def _rounds(batch: pl.DataFrame) -> pl.Series:
    logged = [pl.col(name) for name in ("round", "step") if name in batch.columns]
    if not logged:
        return pl.zeros(batch.height, pl.Int64, eager=True).alias("round")
    return batch.select(pl.coalesce(*logged, pl.lit(0, pl.Int64)).alias("round")).to_series()


def _prompts(batch: pl.DataFrame) -> pl.Series | None:
    keys = [
        make(batch[name]).alias(name)
        for name, make in (("prompt", prompt_keys), ("prompt_id", name_keys))
        if name in batch.columns and (name == "prompt" or _lacks(batch, "prompt"))
    ]
    if not keys:
        return None
    return pl.DataFrame(keys).select(pl.coalesce(pl.all()).alias("prompt")).to_series()


def _lacks(batch: pl.DataFrame, name: str) -> bool:
    return name not in batch.columns or batch[name].null_count() > 0


def _groups(batch: pl.DataFrame, rounds: pl.Series, prompt: pl.Series | None) -> pl.Series:
    # Each way to name a group has its own tag, so that a prompt_id never meets a group of the same spelling.
    names: list[NDArray[np.uint64]] = [np.zeros(batch.height, np.uint64), np.zeros(batch.height, np.uint64)]
    unnamed = np.ones(batch.height, dtype=bool)
    for tag, name in enumerate(("group", "prompt_id", "prompt"), start=1):
        if not unnamed.any():
            break
        keys = prompt if name == "prompt" else name_keys(batch[name]) if name in batch.columns else None
        if keys is None:
            continue
        here = unnamed & keys.is_not_null().to_numpy()
        names[0][here] = tag
        names[1][here] = keys.fill_null(0).to_numpy()[here]
        unnamed &= ~here
    place = [
        name_keys(batch[name]).fill_null(0).to_numpy() if name in batch.columns else np.zeros(batch.height, np.uint64)
        for name in ("run", "source")
    ]
    return pl.Series("group", combined_keys([*place, rounds.to_numpy().astype(np.uint64), *names]))


def _features(batch: pl.DataFrame, features: Sequence[Feature]) -> list[pl.Series]:
    values = measure(batch["completion"], features)
    if "opponent" in batch.columns:
        other = measure(batch["opponent"], features)
        values = pl.DataFrame(
            [
                _ordered_pair(values[feature.name], other[feature.name])
                if feature.kind == "category"
                else values[feature.name].cast(pl.Int32) - other[feature.name].cast(pl.Int32)
                for feature in features
            ]
        )
    return [column.alias(FEATURE + column.name) for column in values.get_columns()]


def _ordered_pair(one: pl.Series, two: pl.Series) -> pl.Series:
    pair = pl.DataFrame({"one": one.cast(pl.Int32), "two": two.cast(pl.Int32)}).select(
        pl.when(pl.col("one") == pl.col("two")).then(0).otherwise(CATEGORIES * pl.col("one") + pl.col("two"))
    )
    return pair.to_series().alias(one.name)
