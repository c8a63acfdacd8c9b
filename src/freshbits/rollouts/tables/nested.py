"""Rows whose texts or rewards lie one level down, laid flat: conversations, objects of rewards, lists of responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.messages import message_text, sampled_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from freshbits.rollouts.tables.jsonl import Row, Unfold

TALKS = ("messages", "conversation")
REWARDS = ("rewards", "reward", "scores", "score")
LISTS = ("completions", "responses", "outputs", "generations", "model_outputs")


def nested(columns: Mapping[str, pl.DataType], texts: Collection[str]) -> tuple[str | None, str | None]:
    """Returns the columns that hold a conversation (where none of `texts` is there) and an object of rewards.

    >>> nested({"messages": pl.List(pl.String()), "rewards": pl.Struct({"a": pl.Int64()})}, ["completion"])
    ('messages', 'rewards')
    """
    talk = next((name for name in TALKS if name in columns and columns[name].is_nested()), None)
    rewards = next((name for name in REWARDS if isinstance(columns.get(name), pl.Struct)), None)
    return (None if any(name in columns for name in texts) else talk), rewards


def laid_flat(talk: str | None, rewards: str | None) -> Unfold:
    """Returns what makes one flat row of each: `prompt` and `completion`, and a column `rewards.NAME` each.

    The prompt is what stands before the first message of the model, the completion all that the model wrote. A value
    that is no object is left as it is.

    >>> unfold = laid_flat("messages", "rewards")
    >>> said = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    >>> unfold({"messages": said, "rewards": {"right": 1, "short": None}, "step": 3}, None)
    ({'step': 3, 'prompt': '1+1?', 'completion': '2', 'rewards.right': 1, 'rewards.short': None},)
    """

    def unfold(row: Row, _file: Path) -> Iterable[Row]:
        flat = dict(row)
        if talk is not None:
            flat |= dict(zip(("prompt", "completion"), _apart(flat.pop(talk, None)), strict=True))
        if rewards is not None and isinstance(row.get(rewards), dict):
            flat |= {f"{rewards}.{name}": value for name, value in flat.pop(rewards).items()}
        return (flat,)

    return unfold


def listed(columns: Mapping[str, pl.DataType], texts: Collection[str]) -> str | None:
    """Returns the column with the list of a row's responses, where none of `texts` is there and a list lies beside it.

    >>> listed({"q": pl.String(), "responses": pl.List(pl.String()), "scores": pl.List(pl.Float64())}, ["completion"])
    'responses'
    """
    lists = {name for name, dtype in columns.items() if isinstance(dtype, pl.List)}
    name = next((name for name in LISTS if name in lists and columns[name] == pl.List(pl.String)), None)
    return None if name is None or len(lists) < 2 or any(text in columns for text in texts) else name


def one_by_one(responses: str) -> Unfold:
    """Returns what makes a row of each response; lists that are as long go along, without the s of their names.

    >>> list(one_by_one("responses")({"question": "1+1?", "responses": ["2", "3"], "scores": [1, 0]}, None))
    [{'question': '1+1?', 'response': '2', 'score': 1}, {'question': '1+1?', 'response': '3', 'score': 0}]
    """

    def unfold(row: Row, _file: Path) -> Iterable[Row]:
        texts = row.get(responses) or []
        along = {name for name, value in row.items() if isinstance(value, list) and len(value) == len(texts)}
        for at in range(len(texts)):
            yield {name.removesuffix("s") if name in along else name: value[at] if name in along else value
                   for name, value in row.items()}  # fmt: skip

    return unfold


def _apart(messages: Any) -> tuple[str | None, str | None]:
    said = [message for message in messages or [] if isinstance(message, dict)]
    first = next((at for at, message in enumerate(said) if message.get("role") == "assistant"), None)
    if not first:
        return None, None
    return message_text(said[:first]), sampled_text(said[first:])
