"""Signals written in Python, in the place of declared ones: a judge of one's own, a reward function, a planted fault.

The declaration still says everything else of the signal: its name, its weight, from which score it accepts, where it
comes from. So `signal: {judge: mine, trained_on: [people]}` with `signals={"judge": Mine()}` runs a judge that the
runner has no model for, and `check` says of it what it says of any such judge.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from freshbits.errors import InputError
from freshbits.loop.structure import origins
from freshbits.rollouts.options import nearest
from freshbits.signals.signal import Item
from freshbits.signals.traits import traits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from freshbits.loop.declare import Loop
    from freshbits.loop.tasks.task import Prompt
    from freshbits.signals.signal import Signal

    Scores = list[float | None]
    Score = Callable[[Sequence[Prompt], pl.DataFrame], Scores]
    Given = Signal | Score


def check_given(loop: Loop, given: Mapping[str, Given]) -> None:
    """Refuses a signal that the loop does not declare, or that says of itself that it comes from elsewhere.

    Raises:
        InputError: with what is declared.
    """
    names = [signal.name for signal in loop.signals]
    declared = origins(loop)
    for name, signal in given.items():
        if name not in names:
            raise InputError(
                f"the loop declares no signal {name!r}" + nearest(name, names), mend=f"it has {', '.join(names)}"
            )
        own = getattr(signal, "origin", "unknown")
        if "unknown" not in (own, declared[name]) and own != declared[name]:
            raise InputError(
                f"the signal {name} is declared as {declared[name]}, and the one given says {own}",
                mend="declare what it is, or write origin: …",
            )


def keys(given: Mapping[str, Given]) -> dict[str, str]:
    """Returns what the record of a run says of each: its `key`, else the module and name of the function.

    A run is resumed with the same keys only. Two functions of one name that hold other constants look alike: give them
    an attribute `key`.

    >>> def longer(prompts, rows):
    ...     return [float(len(text)) for text in rows["completion"]]
    >>> longer.key = "longer 1"
    >>> keys({"reward": longer})
    {'reward': 'longer 1'}
    """
    return {name: _key(signal) for name, signal in sorted(given.items())}


def _key(signal: Given) -> str:
    key = getattr(signal, "key", None)
    if key is not None:
        return str(key)
    return f"{getattr(signal, '__module__', '')}.{getattr(signal, '__qualname__', type(signal).__qualname__)}"


def scored_by(name: str, signal: Given) -> Score:
    """Returns what scores the rows of a round by a signal of `freshbits.signals`, or by a function.

    A function takes the prompts and the round's rows in canonical columns, truth included: one that reads it plants a
    fault knowingly, for a study. It returns one score per row; None and NaN are unscored.
    """
    if hasattr(signal, "score"):
        return applied(cast("Signal", signal))
    function: Score = signal

    def score(prompts: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        found = [None if value is None else float(value) for value in function(prompts, rows)]
        if len(found) != rows.height:
            raise InputError(
                f"the signal {name} returned {len(found)} scores for {rows.height} rows", mend="return one per row"
            )
        return [None if value is None or math.isnan(value) else value for value in found]

    return score


def applied(signal: Signal) -> Score:
    """Returns a signal of freshbits as a scorer of rows."""

    def score(prompts: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        return [verdict.score for verdict in signal.score(items_of(signal, prompts, rows))]

    return score


def items_of(signal: Signal, prompts: Sequence[Prompt], rows: pl.DataFrame) -> list[Item]:
    """Returns the rows of a round as what a signal scores."""
    wanted = [*signal.needs, *traits(signal).wants]
    held = [name for name in wanted if name in rows.columns]
    fields: Sequence[Mapping[str, Any]] = rows.select(held).to_dicts() if held else [{}] * rows.height
    texts = rows.select("prompt", "completion", "group").iter_rows()
    return [
        Item(asked, written, prompt.answer, group, {**prompt.fields, **more})
        for prompt, (asked, written, group), more in zip(prompts, texts, fields, strict=True)
    ]
