"""Passes over a log that score it: row by row, group by group, or all at once; memory is bounded in the first two."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.compact import GROUPED_BY, group_keys
from freshbits.signals.items import fields_of, items_of, read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log
    from freshbits.signals.applied import Applied
    from freshbits.signals.signal import Item

HELD_ROWS = 50_000  # rows of unfinished groups that are held; more wait for the next pass


def score_rows(log: Log, applied: Sequence[Applied]) -> None:
    """Scores row by row, every signal in one pass, and places the rows."""
    signals = [each.signal for each in applied]
    fields = [fields_of(signal, log.schema) for signal in signals]
    for batch in log.batches(read_columns(signals, log.schema)):
        group = group_keys(batch)
        for each, own in zip(applied, fields, strict=True):
            each.rows.extend(each.offer(items_of(batch, own, group)))
    for each in applied:
        each.finish()


def score_groups(log: Log, applied: Sequence[Applied]) -> None:
    """Scores whole groups as soon as they are complete: one pass where a group's rows stand near each other.

    Where they do not, further passes take the groups for which there was no room.

    Raises:
        InputError: if the log grew or shrank between two passes.
    """
    signals = [each.signal for each in applied]
    fields = [fields_of(signal, log.schema) for signal in signals]
    columns = read_columns(signals, log.schema)
    groups = _groups(log)
    sizes = np.bincount(groups)
    for each in applied:
        each.rows = array("q", [-1]) * groups.size
    done = np.zeros(sizes.size, dtype=bool)
    while not done.all():
        held: dict[int, tuple[list[int], list[list[Item | None]]]] = {}
        skipped = done.copy()
        waiting = row = 0
        for batch in log.batches(columns):
            if row + batch.height > groups.size:
                raise changed()
            here = groups[row : row + batch.height]
            keys = group_keys(batch)
            items = [items_of(batch, own, keys) for own in fields]
            for place, number in enumerate(here.tolist()):
                if skipped[number]:
                    continue
                if number not in held:
                    if waiting >= HELD_ROWS:
                        skipped[number] = True
                        continue
                    held[number] = ([], [[] for _ in applied])
                at, own_items = held[number]
                at.append(row + place)
                for kept, made in zip(own_items, items, strict=True):
                    kept.append(made[place])
                waiting += 1
                if len(at) == sizes[number]:
                    _score_group(applied, *held.pop(number))
                    waiting -= len(at)
                    done[number] = True
            row += batch.height
        if row != groups.size or held:
            raise changed()
    for each in applied:
        each.finish()


def score_whole(log: Log, applied: Sequence[Applied]) -> None:
    """Scores the whole log at once, for signals that must see all of it; texts stand as 16 hex digits."""
    for each in applied:
        fields = fields_of(each.signal, log.schema)
        items: list[Item | None] = []
        for batch in log.batches(read_columns([each.signal], log.schema)):
            items += items_of(batch, fields, named=True)
        each.settle(items)


def changed() -> InputError:
    """Returns the error for a log that is not the same on a second reading."""
    return InputError("the log has changed while it was read", mend="run the command again once nothing writes to it")


def _score_group(applied: Sequence[Applied], at: list[int], items: list[list[Item | None]]) -> None:
    for each, own in zip(applied, items, strict=True):
        for row, number in zip(at, each.offer(own, group=True), strict=True):
            each.rows[row] = number


def _groups(log: Log) -> NDArray[np.int64]:
    """Returns the number of each row's group, from 0 on, in no order."""
    columns = [name for name in log.schema if name in GROUPED_BY]
    keys = [group_keys(batch) for batch in log.batches(columns)]
    if not keys:
        return np.zeros(0, dtype=np.int64)
    every = pl.concat(keys)
    numbers: NDArray[np.int64] = every.rank("dense").cast(pl.Int64).to_numpy() - 1
    return numbers
