"""Rows of a log as items: which columns a signal is given, and where in the log they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.compact import GROUPED_BY, group_keys
from freshbits.outputs.keys import name_keys, prompt_keys, text_keys
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import COLUMNS, EXTRA, SIGNAL
from freshbits.signals.signal import Item
from freshbits.signals.traits import traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freshbits.signals.signal import Signal

TEXTS = ("prompt", "prompt_id", "completion", "answer")


def asked_columns(signals: Iterable[Signal]) -> tuple[str, ...]:
    """Returns the columns that signals name and that are not canonical: the log is asked to keep them."""
    named = [name for signal in signals for name in (*signal.needs, *traits(signal).wants)]
    return tuple(dict.fromkeys(name for name in named if name not in COLUMNS and not name.startswith((SIGNAL, EXTRA))))


def fields_of(signal: Signal, schema: Mapping[str, object]) -> dict[str, str]:
    """Returns, for every column that a signal names, where the log has it: canonical, `extra.NAME` or a signal.

    Raises:
        InputError: the log lacks a column that the signal needs.
    """
    places: dict[str, str] = {}
    for name in (*signal.needs, *traits(signal).wants):
        found = next((place for place in (name, EXTRA + name, SIGNAL + name) if place in schema), None)
        if found is not None:
            places[name] = found
        elif name in signal.needs:
            raise _missing(signal, name, schema)
    return {name: place for name, place in places.items() if name not in ("answer", "prompt", "completion")}


def read_columns(signals: Iterable[Signal], schema: Mapping[str, object]) -> list[str]:
    """Returns the columns of the log from which items are made."""
    wanted = {*TEXTS, *GROUPED_BY} | {place for signal in signals for place in fields_of(signal, schema).values()}
    return [name for name in schema if name in wanted]


def items_of(
    batch: pl.DataFrame, fields: Mapping[str, str], group: pl.Series | None = None, *, named: bool = False
) -> list[Item | None]:
    """Returns the rows of a batch as items; None where a row has no completion.

    Args:
        batch: canonical rows.
        fields: name -> column, as `fields_of` gives them.
        group: group keys where they are known already.
        named: whether texts are replaced by 16 hex digits that name them.
    """
    group = group_keys(batch) if group is None else group
    prompts = _prompts(batch, named=named)
    completions: list[str | None] = (
        [None if key is None else _hex(key) for key in text_keys(batch["completion"]).to_list()]
        if named
        else batch["completion"].to_list()
    )
    answers: list[str | None] = batch["answer"].to_list() if "answer" in batch.columns else [None] * batch.height
    columns: dict[str, list[Any]] = {name: batch[place].to_list() for name, place in fields.items()}
    return [
        None
        if completion is None
        else Item(prompt, completion, answer, _hex(key), {name: values[row] for name, values in columns.items()})
        for row, (prompt, completion, answer, key) in enumerate(
            zip(prompts, completions, answers, group.to_list(), strict=True)
        )
    ]


def _prompts(batch: pl.DataFrame, *, named: bool) -> list[str]:
    texts = pl.coalesce(*(pl.col(name) for name in ("prompt", "prompt_id") if name in batch.columns), pl.lit(""))
    if not named:
        return batch.select(texts.alias("prompt"))["prompt"].to_list()
    keys = [
        make(batch[name]).alias(name)
        for name, make in (("prompt", prompt_keys), ("prompt_id", name_keys))
        if name in batch.columns
    ]
    if not keys:
        return [_hex(key) for key in group_keys(batch).to_list()]
    return [_hex(key or 0) for key in pl.DataFrame(keys).select(pl.coalesce(pl.all()).alias("key"))["key"].to_list()]


def _hex(key: int) -> str:
    return f"{key:016x}"


def _missing(signal: Signal, name: str, schema: Mapping[str, object]) -> InputError:
    if name.startswith(SIGNAL):
        known = [column.removeprefix(SIGNAL) for column in schema if column.startswith(SIGNAL)]
        name = name.removeprefix(SIGNAL)
        return InputError(
            f"{signal.name} needs the signal {name!r}, which the log does not have" + nearest(name, known),
            mend=f"its signals are {', '.join(known[:20])}" if known else "score that signal first",
        )
    return InputError(
        f"{signal.name} needs a column {name!r}, which the log does not have" + nearest(name, list(schema)),
        mend=f"say which it is with --map {name if name in COLUMNS else EXTRA + name}=COLUMN",
    )
