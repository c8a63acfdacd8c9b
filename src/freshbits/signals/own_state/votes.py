"""Votes of a group: the answer class of each of its completions, and how many share it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from freshbits.errors import InputError
from freshbits.outputs import partition as kinds
from freshbits.outputs.answers import choose, class_texts
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.outputs.partition import Partition
    from freshbits.signals.signal import Item

WANTS = ("sample", "repeat", "extracted")  # the rollout a row judges; the parse that the log's own signal made

READ = {
    "boxed": kinds.BOXED,
    "hash": kinds.HASHES,
    "tag": kinds.ANSWER_TAG,
    "phrase": kinds.ANSWER_PHRASE,
    "choice": kinds.CHOICE,
    "last_number": kinds.LAST_NUMBER,
    "extracted": kinds.EXTRACTED,
    "text": kinds.TEXT,
    "code": kinds.CODE,
    "exact": kinds.EXACT_TEXT,
}


class Vote(NamedTuple):
    """Holds the vote of one row.

    Attributes:
        answer: its class text; None where no answer can be read.
        share: share of the group's rollouts in its class.
        tied: how many classes have the most votes, where its class is one of them; else 0.
        votes: rollouts in the group.
    """

    answer: str | None
    share: float
    tied: int
    votes: int


def partition_of(read: str) -> Partition:
    """Returns the partition that an option `read` names, `json:FIELD` and `regex:…` too.

    Raises:
        InputError: no such form.

    >>> partition_of("boxed").name
    'boxed answer'
    """
    if read in READ:
        return READ[read]
    kind, colon, rest = read.partition(":")
    if colon and rest and kind == "json":
        return kinds.by_json_field(rest)
    if colon and rest and kind == "regex":
        return kinds.by_pattern(rest)
    names = [*READ, "json:FIELD", "regex:…"]
    raise InputError(
        f"--option read={read}: no such form" + nearest(read, names), mend=f"choose from {', '.join(names)}"
    )


def chosen_form(head: pl.DataFrame) -> str:
    """Returns the option `read` whose partition the audit would choose for a log, from its first rows.

    >>> chosen_form(pl.DataFrame({"completion": ["so \\\\boxed{4}", "\\\\boxed{5}"]}))
    'boxed'
    """
    found = choose(head)
    return next(name for name, partition in READ.items() if partition is found)


def votes(items: Sequence[Item], read: str | None) -> list[Vote]:
    """Counts the votes of each group among the items.

    A rollout votes once, however often it was judged. Answers that cannot be read count as one class in the shares,
    as in `outputs.belief`, and never have the most votes.

    Args:
        items: whole groups, in any order.
        read: a form that `partition_of` knows; None chooses one from the items.
    """
    texts = _classes(items, read)
    ballots: dict[str, Counter[str | None]] = {}
    seen: set[tuple[Any, ...]] = set()
    for item, text in zip(items, texts, strict=True):
        counts = ballots.setdefault(item.group, Counter())
        if item.fields.get("repeat") is not None:
            rollout = (item.group, item.fields.get("sample"), item.completion)
            if rollout in seen:
                continue
            seen.add(rollout)
        counts[text] += 1
    found = []
    for item, text in zip(items, texts, strict=True):
        counts = ballots[item.group]
        most = max((n for answer, n in counts.items() if answer is not None), default=0)
        tied = sum(n == most for answer, n in counts.items() if answer is not None)
        top = text is not None and counts[text] == most
        found.append(Vote(text, counts[text] / counts.total(), tied if top else 0, counts.total()))
    return found


def _classes(items: Sequence[Item], read: str | None) -> list[str | None]:
    columns: dict[str, list[Any]] = {
        "prompt": [item.prompt for item in items],
        "completion": [item.completion for item in items],
        "answer": [item.answer for item in items],
        "extracted": [item.fields.get("extracted") for item in items],
    }
    if all(value is None for value in columns["extracted"]):
        del columns["extracted"]
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    partition = choose(frame) if read is None else partition_of(read)
    texts: list[str | None] = class_texts(frame, partition).to_list()
    return texts
