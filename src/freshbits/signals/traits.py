"""What a signal may offer beyond the protocol, each with a default, so that most signals need say nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from freshbits.rollouts.log import Log
    from freshbits.signals.signal import Signal
    from freshbits.signals.spending import Usage


@dataclass(frozen=True, slots=True)
class Traits:
    """Holds what a signal says of itself by attributes of these names; the defaults hold where it says nothing.

    Attributes:
        wants: columns that it uses where the log has them; `needs` are refused where they are missing.
        threads: how many batches it is asked at once, in threads, where nobody says how many: for signals that wait
            for a server or for other processes. 0: its time is spent in Python, so it is asked in processes.
        alone: it holds a model or the like, so one batch at a time in this process, whatever `--workers` says.
        batch: rows per batch, always the same ones together, because they share in a computation; None: any rows.
        whole_log: it must see all rows at once; their texts stand as 16 hex digits that name them.
        fills: canonical columns that it fills instead of making a signal; then it offers
            `fill(scores, evidence) -> pl.DataFrame` with these columns , `NAME.evidence` and `NAME.origin`.
        columns: endings of further columns, one per part of a verdict: `.helpful` is the column `NAME.helpful`, one
            that ends in `@2` is a second verdict of the same judge.
        weights: ending of a column -> its weight, where the signal's score is the sum of those columns.
        judges: whether a model reads the completion, so that text in it may try to give orders.

    >>> Traits().alone
    False
    """

    wants: tuple[str, ...] = ()
    threads: int = 0
    alone: bool = False
    batch: int | None = None
    whole_log: bool = False
    fills: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    judges: bool = False


def traits(signal: Signal) -> Traits:
    """Reads what a signal says of itself beyond the protocol."""
    said = {field.name: getattr(signal, field.name) for field in fields(Traits) if hasattr(signal, field.name)}
    return Traits(**said)


def surveyed(signal: Signal, log: Log) -> Signal:
    """Returns the signal after it has seen which columns and sources the log has, where it asks for it."""
    survey = getattr(signal, "surveyed", None)
    made: Signal = survey(log) if survey is not None else signal
    return made


def keyed(signal: Signal, secret: str) -> Signal:
    """Returns the signal with the run's secret, where it asks for one by `keyed(secret)`."""
    key = getattr(signal, "keyed", None)
    made: Signal = key(secret) if key is not None else signal
    return made


def remember(signal: Signal, usage: Usage) -> None:
    """Tells a signal what an interrupted run has used already, where it keeps count."""
    told = getattr(signal, "remember", None)
    if told is not None:
        told(usage)


def prepared(signal: Signal, head: pl.DataFrame) -> Signal:
    """Returns the signal after it has seen the first rows of the log, where it asks for them by `prepared(head)`."""
    prepare = getattr(signal, "prepared", None)
    made: Signal = prepare(head) if prepare is not None else signal
    return made
