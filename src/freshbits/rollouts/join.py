"""A second file with the same prompt ids, joined to the log: texts, outputs of a pair, answers, truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.discover import families, find
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import plan_columns
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.schema import SIGNAL, conform
from freshbits.rollouts.stream import Chunk, Stream, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ADDED = ("prompt", "completion", "opponent", "truth", "answer", "reference", "region", "source")
KEYS = ("prompt_id", "prompt")


def join(opened: Opened, file: Path, options: ReadOptions, problems: Problems) -> Opened:
    """Returns the log with the columns of `file` that it lacks, matched by prompt id, else prompt text."""
    side = _side(file, options, pair=any(name == SIGNAL + "winner" or "winner@" in name for name in opened.rows.schema))
    key = next((name for name in KEYS if name in side.columns and name in opened.rows.schema), None)
    if key is None:
        raise InputError(
            f"shares no prompt id with the log (it holds {', '.join(side.columns)})", file=file,
            mend="both files need a column such as prompt_id",
        )  # fmt: skip
    side = side.unique(maintain_order=True).filter(pl.col(key).is_not_null())
    if side[key].n_unique() < side.height:
        twice = side.filter(pl.col(key).is_duplicated())[key][0]
        raise InputError(
            f"holds {twice!r} more than once with different values", file=file, column=key,
            mend="leave one row per prompt",
        )  # fmt: skip
    added = [name for name in side.columns if name in ADDED and name not in opened.rows.schema]
    if not added:
        raise InputError("adds nothing that the log does not have already", file=file, mend="leave --join out")
    side = side.select(key, *added)
    inner = opened.rows
    known = side.select(key, pl.lit(value=True).alias("__known__"))

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        own = [name for name in columns if name in inner.schema]
        for chunk in inner.read(list(dict.fromkeys([*own, key]))):
            rows = chunk.rows.join(side, on=key, how="left", maintain_order="left")
            unknown = ~rows.select(key).join(known, on=key, how="left", maintain_order="left")["__known__"].fill_null(
                value=False
            )
            if unknown.any():
                problems.add(
                    f"{key} is not in {file.name}",
                    *chunk.where(int(unknown.arg_max() or 0)),
                    int(unknown.sum()),
                )
            yield chunk.with_rows(rows.select(columns))

    opened.rows = Stream(inner.schema | {name: side.schema[name] for name in added}, read, inner.divisible)
    opened.notes.append(f"{', '.join(added)} joined from {file.name} by {key}")
    return opened


def _side(file: Path, options: ReadOptions, *, pair: bool) -> pl.DataFrame:
    """Reads the second file whole: it has one row per prompt."""
    found = find([file])
    looked = families(found, [])
    table = Source(looked[0].kind, found.files, found.root, Problems()).table()
    plan, _ = plan_columns(table.columns, ReadOptions(map={k: v for k, v in options.map.items() if v in table.columns}))
    if pair and "truth" in plan and options.truth_is is None:
        plan["truth"] = Want(plan["truth"].column, Kind.FIRST)
    if "completion" in plan and plan["completion"].column == "answer":  # beside a log, an answer is the reference
        plan["answer"] = plan.pop("completion")
    plan = {name: want for name, want in plan.items() if name in (*ADDED, *KEYS)}
    rows = [chunk.rows for chunk in stream(table, plan).read(list(plan))]
    return conform(pl.concat(rows)) if rows else pl.DataFrame(schema={"prompt_id": pl.String()})
