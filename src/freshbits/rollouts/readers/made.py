"""What all readers of sets share: rows that were made to be trained on, with no groups behind them.

A set has prompts and completions; scores, flags and names of judges may be missing, and are not asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.judges import split_by_judge
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import JUDGE, is_number, plan_columns, require_rollouts
from freshbits.rollouts.opened import Opened
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Chunk, Stream, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freshbits.rollouts.opened import Source
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.stream import Table

JUDGES = (*JUDGE, "labelling_model", "labeling_model", "ultrafeedback_model", "rating_model", "evaluator_model")
KEPT = ("kept", "keep", "is_kept", "selected", "is_selected", "accepted", "is_accepted", "passed_filter", "included")
DROPPED = ("dropped", "is_dropped", "removed", "discarded", "filtered_out")
GENERATION = "generation_index"  # place of a completion in its row, where a row holds several
SEEN_AGAIN = 0.75  # share of different texts under which rows are one text judged by several
QUALITY = re.compile(r"(^|_)(quality|helpfulness|complexity|difficulty_score|quality_score)$")
ROLLED_OUT = {"step", "global_step", "round", "group", "group_id", "sample_index", "sample_idx", "rollout_index",
              "advantage", "advantages", "uid", "swapped", "winner", "preferred"}  # fmt: skip


def is_set(columns: set[str]) -> bool:
    """Returns whether no column tells of rollouts: steps, groups, attempts, orders of a pair.

    >>> is_set({"instruction", "output"}), is_set({"prompt", "completion", "step"})
    (True, False)
    """
    return not columns & ROLLED_OUT


def open_set(
    source: Source, table: Table, options: ReadOptions, *, made: str = "set", given: Mapping[str, str] | None = None
) -> Opened:
    """Returns the rows of a set under canonical names: flags and scores as signals, the judge's name beside them.

    Args:
        source: the files.
        table: their rows, one per completion.
        options: what a person said; it overrules `given`.
        made: "set", or "pairs" where rows are chosen and rejected.
        given: canonical column -> column, as the reader knows them.

    Raises:
        InputError: if there is no prompt or no completion.
    """
    columns = dict(table.columns)
    given = {**(given or {}), **options.map}
    if "is_chosen" in columns:
        given.setdefault(SIGNAL + "chosen", "is_chosen")
    kept = next((name for name in KEPT if _is_flag(name, columns)), None)
    dropped = next((name for name in DROPPED if _is_flag(name, columns)), None) if kept is None else None
    taken = set(given.values())
    for name in (kept, *(name for name in columns if QUALITY.search(name.lower()) and is_number(columns[name]))):
        if name is not None and name not in taken:
            given[SIGNAL + name] = name
    if dropped is not None and dropped not in taken:
        given[SIGNAL + "kept"] = dropped
    judge = next((name for name in JUDGES if name in columns and not is_number(columns[name])), None)
    rest = {name: dtype for name, dtype in columns.items() if name not in (judge, GENERATION)}
    plan, notes = plan_columns(rest, _with_map(options, given))
    require_rollouts(plan, table.columns, source.first_file, unscored=True)
    if GENERATION in columns:
        plan[EXTRA + GENERATION] = Want(GENERATION, Kind.NUMBER)
    if judge is not None:
        plan[EXTRA + "judge"] = Want(judge, Kind.TEXT)
    opened = Opened(stream(table, plan), notes=[*table.notes, *notes], made=made)
    if dropped is not None and given.get(SIGNAL + "kept") == dropped:
        opened.rows = _turned(opened.rows, SIGNAL + "kept")
        opened.notes.append(f"kept: 1 where {dropped} is false")
    if "filtered" in columns and "filtered" not in taken:
        opened.notes.append("filtered says not whether a row went or stayed: --map signal.kept=filtered if it stayed")
    _by_judge(opened, judge)
    return opened


def _is_flag(name: str, columns: Mapping[str, pl.DataType]) -> bool:
    return name in columns and (is_number(columns[name]))


def _with_map(options: ReadOptions, given: Mapping[str, str]) -> ReadOptions:
    return replace(options, map=given)


def _turned(rows: Stream, name: str) -> Stream:
    """Returns the rows with a verdict the other way round."""

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in rows.read(columns):
            if name in columns:
                turned = (1.0 - pl.col(name)).alias(name)
                yield chunk.with_rows(chunk.rows.with_columns(turned))
            else:
                yield chunk

    return Stream(rows.schema, read, rows.divisible)


def _by_judge(opened: Opened, judge: str | None) -> None:
    """Names the judge of every score; several judges of the same rows become signals of their own."""
    signals = [name.removeprefix(SIGNAL) for name in opened.rows.schema if name.startswith(SIGNAL)]
    scores = [name for name in signals if name not in (*KEPT, "chosen")]
    if judge is None or not scores:
        return
    texts = [name for name in ("prompt", "completion", "source") if name in opened.rows.schema]
    first = next(iter(opened.rows.read([*texts, EXTRA + "judge"])), None)
    several = first is not None and first.rows[EXTRA + "judge"].n_unique() > 1
    if several and first is not None and first.rows.select(texts).n_unique() < SEEN_AGAIN * first.rows.height:
        split = split_by_judge(opened, opened.rows, [EXTRA + "judge"])
        opened.rows, opened.judges, opened.unread = split.rows, split.judges, split.unread
        opened.notes[:] = split.notes
        opened.judged_by = dict(split.judges)
        return
    if several:
        opened.notes.append("several judges, each of other rows: their scores stand in one signal")
    opened.judged_by = dict.fromkeys(scores, "")
