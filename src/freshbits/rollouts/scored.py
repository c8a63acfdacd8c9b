"""A table that `freshbits score` wrote: canonical columns, and beside each signal that it knows more of, its origin.

A signal NAME of known origin is the column `NAME` with `NAME.origin` (one word, the same on every row) and, where
freshbits gave the verdicts, `NAME.evidence`. `log.filtered` says on every row why dead groups may be missing.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import KINDS, asked, extras, is_number, mapped
from freshbits.rollouts.options import ORIGINS, ReadOptions
from freshbits.rollouts.schema import COLUMNS, SIGNAL
from freshbits.rollouts.stream import Plan, Want

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.rollouts.opened import Opened, Source

ORIGIN = ".origin"
EVIDENCE = ".evidence"
FILTERED = "log.filtered"


def scored_signals(columns: Mapping[str, pl.DataType]) -> list[str]:
    """Returns the signals whose origin stands beside them: none in any other table.

    >>> scored_signals({"prompt": pl.String(), "exact": pl.Float64(), "exact.origin": pl.String()})
    ['exact']
    """
    return [name for name in _with_origin(columns) if name not in COLUMNS]


def is_scored(columns: Mapping[str, pl.DataType]) -> bool:
    """Returns whether freshbits wrote a table: some column has its origin beside it.

    >>> is_scored({"logprob": pl.Float64(), "logprob.origin": pl.String()}), is_scored({"logprob": pl.Float64()})
    (True, False)
    """
    return bool(_with_origin(columns))


def plan_scored(columns: Mapping[str, pl.DataType], options: ReadOptions) -> Plan:
    """Returns where each canonical column comes from: its own name, with nothing guessed.

    >>> table = {"prompt": pl.String(), "exact": pl.Float64(), "exact.origin": pl.String(),
    ...          "exact.evidence": pl.String(), "signal.reward": pl.Float64(), "extra.test": pl.String()}
    >>> list(plan_scored(table, ReadOptions()))
    ['prompt', 'signal.reward', 'signal.exact', 'extra.exact.evidence', 'extra.test']
    """
    known = scored_signals(columns)
    plan: Plan = {name: Want(name, KINDS[name]) for name in COLUMNS if name in columns}
    for name, dtype in columns.items():
        if name.startswith(SIGNAL) and (is_number(dtype) or dtype == pl.Null):
            plan[name] = Want(name, Kind.SCORE)
    plan |= {SIGNAL + name: Want(name, Kind.SCORE) for name in known}
    plan |= mapped(options, columns)
    taken = {want.column for want in plan.values()} | {name + ORIGIN for name in _with_origin(columns)} | {FILTERED}
    plan |= extras({name: dtype for name, dtype in columns.items() if name not in taken})
    return plan | asked(options, columns)


def add_known(opened: Opened, source: Source, columns: Mapping[str, pl.DataType]) -> None:
    """Takes over origins and the reason of filtering, from the first rows of every file."""
    signals = scored_signals(columns)
    plan: Plan = {name: Want(name + ORIGIN, Kind.TEXT) for name in signals}
    if FILTERED in columns:
        plan[FILTERED] = Want(FILTERED, Kind.TEXT)
    seen: dict[str, set[str]] = {name: set() for name in plan}
    each_file = [source.table(files=(file,)) for file in source.files]
    for table in each_file or [source.table()]:
        for chunk in islice(table.read(plan), 1):
            for name in plan:
                seen[name] |= set(chunk.rows[name].drop_nulls().unique().to_list())
    opened.applied = tuple(name for name in signals if name + EVIDENCE in columns)
    opened.filtered = " ".join(sorted(seen.pop(FILTERED, ()))) or None
    for name, origins in seen.items():
        if len(origins) == 1 and origins <= set(ORIGINS):
            opened.origins[name] = origins.pop()
        elif origins:
            opened.notes.append(f"{name}: its column says {', '.join(sorted(origins))}, so its origin is unknown")
    told = ", ".join(f"{name} ({opened.origins[name]})" for name in seen if name in opened.origins)
    if told:
        opened.notes.append(f"origins from the log: {told}")


def _with_origin(columns: Mapping[str, pl.DataType]) -> list[str]:
    """Returns the columns of numbers that have their origin beside them."""
    texts = (pl.String, pl.Categorical)
    found = [name.removesuffix(ORIGIN) for name, dtype in columns.items() if name.endswith(ORIGIN) and dtype in texts]
    return [name for name in found if name in columns and (is_number(columns[name]) or columns[name] == pl.Null)]
