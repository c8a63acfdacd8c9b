"""Quotes telling prompts: reads the log once more for their texts and for a few of their rollouts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.rollouts.schema import SIGNAL
from freshbits.telling import Rollout

if TYPE_CHECKING:
    from freshbits.rollouts.log import Log
    from freshbits.telling import Telling

LETTERS = 240  # of a prompt
MOST_LETTERS = 700  # of a completion
DETAILED = 60  # prompts whose rollouts are quoted
BESIDE = ("truth", "source", "round", "step")


def quoted(log: Log, found: list[Telling], highs: dict[str, float | None], detailed: int = DETAILED) -> list[Telling]:
    """Returns the telling prompts with the beginning of their texts; the first ones with up to four rollouts.

    Of a prompt's rollouts the first of each kind is quoted: accepted and wrong, rejected and right, accepted, rejected.

    Args:
        log: the log that they were chosen from.
        found: the prompts, in their order.
        highs: per signal its highest value, which counts as accepted.
        detailed: prompts whose rollouts are quoted.
    """
    if not {"prompt", "prompt_id"} & set(log.schema) or not found:
        return found
    wanted = pl.Series("key", [int(each.key, 16) for each in found], dtype=pl.UInt64).unique()
    examined = {(int(each.key, 16), each.signal) for each in found[:detailed]}
    texts: dict[int, str] = {}
    kinds: dict[tuple[int, str], dict[int, Rollout]] = {}
    names = {signal for _, signal in examined}
    columns = [c for c in log.schema if c in ("prompt", "prompt_id", "completion", *BESIDE) or c in _of(names)]
    for batch in log.batches(columns):
        rows = batch.with_columns(_keys(batch)).filter(pl.col("key").is_in(wanted.implode()))
        for key, text in rows.group_by("key", maintain_order=True).agg(_text(batch).first()).iter_rows():
            texts.setdefault(key, _beginning(text, LETTERS))
        if "completion" in batch.columns:
            for signal in sorted(names):
                keys = [key for key, name in examined if name == signal]
                _collect(rows.filter(pl.col("key").is_in(keys)), signal, highs.get(signal), kinds)
    return [
        replace(
            each,
            prompt=texts.get(int(each.key, 16)),
            rollouts=[rollout for _, rollout in sorted(kinds.get((int(each.key, 16), each.signal), {}).items())],
        )
        for each in found
    ]


def _collect(
    rows: pl.DataFrame, signal: str, high: float | None, kinds: dict[tuple[int, str], dict[int, Rollout]]
) -> None:
    """Adds the first rollout of each kind, of each prompt."""
    score = pl.col(SIGNAL + signal)
    right = pl.col("truth").cast(pl.Float64) if "truth" in rows.columns else pl.lit(None, pl.Float64)
    accepted = score == high
    kind = (
        pl.when(accepted & (right < 1))
        .then(0)
        .when(~accepted & (right == 1))
        .then(1)
        .when(accepted)
        .then(2)
        .otherwise(3)
    )
    first = rows.filter(score.is_not_null()).with_columns(kind.alias("kind"), right.alias("truth"))
    for row in first.group_by("key", "kind", maintain_order=True).first().iter_rows(named=True):
        here = kinds.setdefault((row["key"], signal), {})
        if row["kind"] in here:
            continue
        text = row["completion"] or ""
        round_ = row.get("round") if row.get("round") is not None else row.get("step")
        here[row["kind"]] = Rollout(
            completion=text[:MOST_LETTERS],
            cut=len(text) > MOST_LETTERS,
            score=row[SIGNAL + signal],
            truth=row["truth"],
            source=row.get("source"),
            round=round_,
        )


def _of(signals: set[str]) -> set[str]:
    return {SIGNAL + name for name in signals}


def _text(batch: pl.DataFrame) -> pl.Expr:
    return pl.coalesce(*(pl.col(name).cast(pl.String) for name in ("prompt", "prompt_id") if name in batch.columns))


def _keys(batch: pl.DataFrame) -> pl.Series:
    """Returns the prompt keys as the tally makes them: of the text, else of the id."""
    keys = [
        make(batch[name]).alias(name)
        for name, make in (("prompt", prompt_keys), ("prompt_id", name_keys))
        if name in batch.columns
    ]
    return pl.DataFrame(keys).select(pl.coalesce(pl.all()).alias("key")).to_series()


def _beginning(text: str | None, letters: int) -> str:
    text = text or ""
    return text if len(text) <= letters else text[:letters] + "…"
