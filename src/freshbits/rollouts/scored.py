"""A table that `freshbits score` wrote: canonical columns, and beside each signal that it knows more of, its origin.

A signal NAME of known origin is the column `NAME` with `NAME.origin` (one word, the same on every row) and, where
freshbits gave the verdicts, `NAME.evidence`; `NAME.weights` holds, as JSON, the signals that NAME is the weighted sum
of. `log.filtered` says on every row why dead groups may be missing.
"""

from __future__ import annotations

import contextlib
import json
import math
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.asked_again import repeated
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
WEIGHTS = ".weights"
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
    again = [f"{name}@{k}" for name, times in repeated(columns).items() if name in known for k in range(1, times + 1)]
    plan |= {SIGNAL + name: Want(name, Kind.SCORE) for name in again if is_number(columns[name])}
    plan |= mapped(options, columns)
    taken = {want.column for want in plan.values()} | {name + ORIGIN for name in _with_origin(columns)} | {FILTERED}
    taken |= {name + WEIGHTS for name in known}
    plan |= extras({name: dtype for name, dtype in columns.items() if name not in taken})
    return plan | asked(options, columns)


def add_known(opened: Opened, source: Source, columns: Mapping[str, pl.DataType]) -> None:
    """Takes over origins and the reason of filtering, from the first rows of every file."""
    signals = scored_signals(columns)
    plan: Plan = {name: Want(name + ORIGIN, Kind.TEXT) for name in signals}
    if FILTERED in columns:
        plan[FILTERED] = Want(FILTERED, Kind.TEXT)
    sums = [name for name in signals if columns.get(name + WEIGHTS) == pl.String]
    plan |= {name + WEIGHTS: Want(name + WEIGHTS, Kind.TEXT) for name in sums}
    seen: dict[str, set[str]] = {name: set() for name in plan}
    each_file = [source.table(files=(file,)) for file in source.files]
    for table in each_file or [source.table()]:
        for chunk in islice(table.read(plan), 1):
            for name in plan:
                seen[name] |= set(chunk.rows[name].drop_nulls().unique().to_list())
    opened.applied = tuple(name for name in signals if name + EVIDENCE in columns)
    opened.filtered = " ".join(sorted(seen.pop(FILTERED, ()))) or None
    for name in sums:
        _take_weights(opened, name, seen.pop(name + WEIGHTS), signals)
    for name, origins in seen.items():
        if len(origins) == 1 and origins <= set(ORIGINS):
            opened.origins[name] = origins.pop()
        elif origins:
            opened.notes.append(f"{name}: its column says {', '.join(sorted(origins))}, so its origin is unknown")
    told = ", ".join(f"{name} ({opened.origins[name]})" for name in seen if name in opened.origins)
    if told:
        opened.notes.append(f"origins from the log: {told}")


def _take_weights(opened: Opened, total: str, texts: set[str], signals: list[str]) -> None:
    """Takes over the weights that a signal is summed with, where every file says the same and says it well."""
    found = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(texts.pop()) if len(texts) == 1 else None
    if not isinstance(found, dict) or not found or not set(found) <= set(signals):
        return
    if not all(isinstance(weight, (int, float)) and math.isfinite(weight) for weight in found.values()):
        return
    opened.weights |= {name: float(weight) for name, weight in found.items()}
    opened.notes.append(f"{total} = " + " + ".join(f"{weight:.4g} × {name}" for name, weight in found.items()))


def _with_origin(columns: Mapping[str, pl.DataType]) -> list[str]:
    """Returns the columns of numbers that have their origin beside them."""
    texts = (pl.String, pl.Categorical)
    found = [name.removesuffix(ORIGIN) for name, dtype in columns.items() if name.endswith(ORIGIN) and dtype in texts]
    return [name for name in found if name in columns and (is_number(columns[name]) or columns[name] == pl.Null)]
