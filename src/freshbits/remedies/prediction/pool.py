"""A pool of prompts, tried or not, to choose from: a file or a frame with one row per prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.remedies.prediction.history import UNCERTAIN
from freshbits.rollouts.discover import families, find
from freshbits.rollouts.names import plan_columns
from freshbits.rollouts.opened import Source
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.schema import CHOSEN, EXTRA, SIGNAL
from freshbits.rollouts.stream import stream
from freshbits.rollouts.tables.frames import lazy_frame, open_frame

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_pool(
    source: Any, *, has_text: bool | None = None, columns: Mapping[str, str] | None = None, embedding: str | None = None
) -> pl.DataFrame:
    """Reads a pool: `key`, `prompt`, then every flat column as a field; a prompt that stands twice counts once.

    Args:
        source: a file (Parquet, JSONL, CSV), a frame, or a list of prompts.
        has_text: whether prompts are told apart by their text (else by id); by text where there is one, if None.
        columns: canonical column -> column of the pool, as `--map`.
        embedding: column with a list of numbers per prompt.

    Raises:
        InputError: if it has no prompts.

    >>> read_pool(["1+1?", "2+2?", "1+1?"])["prompt"].to_list()
    ['1+1?', '2+2?']
    """
    return read_texts_or_names(source, has_text=has_text, columns=columns, embedding=embedding)[0]


def read_texts_or_names(
    source: Any, *, has_text: bool | None = None, columns: Mapping[str, str] | None = None, embedding: str | None = None
) -> tuple[pl.DataFrame, bool]:
    """Reads a pool as `read_pool` does, and says whether its prompts are texts; else they are names, which say nothing.

    >>> read_texts_or_names(pl.DataFrame({"prompt_id": ["p1", "p2"]}))[1]
    False
    """
    if isinstance(source, (list, tuple)):
        source = pl.DataFrame({"prompt": list(source)})
    if isinstance(source, pl.Series):
        source = source.alias("prompt").to_frame()
    frame = lazy_frame(source)
    if frame is not None:
        opened = open_frame(frame, Problems())
    else:
        found = find([Path(source)])
        looked = families(found, [])
        opened = Source(looked[0].kind, found.files, found.root, Problems()).table()
    asked = () if embedding is None else (embedding,)
    plan, _ = plan_columns(opened.columns, ReadOptions(map=columns or {}, columns=asked, unscored=True))
    order = ("prompt_id", "prompt") if has_text is False else ("prompt", "prompt_id")
    name = next((each for each in order if each in plan), None)
    if name is None or (has_text and name != "prompt"):
        raise InputError(
            "the pool has no column of prompts", file=str(source) if frame is None else None,
            mend=f"say which it is with --pool-prompt COLUMN; it has {', '.join(opened.columns)}",
        )  # fmt: skip
    fields = [each for each in plan if each == "region" or each.startswith((EXTRA, SIGNAL))]
    own_state = [each for each in ("logprob", "tokens") if each in plan]
    read = {each: plan[each] for each in dict.fromkeys([name, *fields, *own_state])}
    parts = [chunk.rows for chunk in stream(opened, read).read(list(read))]
    rows = pl.concat(parts) if parts else pl.DataFrame(schema={name: pl.String()})
    keys = prompt_keys(rows[name]) if name == "prompt" else name_keys(rows[name])
    rows = rows.with_columns(keys.alias("key")).filter(pl.col("key").is_not_null())
    rows = rows.unique("key", keep="first", maintain_order=True)
    if rows.is_empty():
        raise InputError("the pool holds no prompt", file=str(source) if frame is None else None)
    mean = []
    if len(own_state) == 2:
        mean = [(pl.col("logprob") / pl.when(pl.col("tokens") > 0).then(pl.col("tokens"))).alias(UNCERTAIN)]
    named = {each: each.removeprefix(EXTRA).removeprefix(SIGNAL) for each in fields}
    table = rows.select(
        "key",
        pl.col(name).alias("prompt"),
        *(pl.col(each).alias(to) for each, to in named.items() if to != CHOSEN),
        *mean,
    )
    return table, name == "prompt"
