"""Which rows a round trains on: its own completions, accepted ones, references, fresh true data."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from freshbits.loop.tasks.task import Prompt, Task

IDS = "token_ids"  # column with the tokens of a completion, its end included; of several turns with what was answered
OWN = "token_sampled"  # column that says of each whether the model wrote it; there where a task has several turns


@dataclass(frozen=True, slots=True)
class Example:
    """Holds one row to be trained on: the text of a prompt and the tokens of its completion.

    `sampled` says which of the tokens are trained on, where the others are what an environment answered; None: all.
    """

    prompt: str
    tokens: tuple[int, ...]
    sampled: tuple[bool, ...] | None = None


def written(rows: pl.DataFrame) -> list[Example]:
    """Returns every completion of a round, as it was written."""
    own = masks(rows)
    texts = rows.select("prompt", IDS).iter_rows()
    return [Example(prompt, tuple(tokens), mask) for (prompt, tokens), mask in zip(texts, own, strict=True)]


def masks(rows: pl.DataFrame) -> list[tuple[bool, ...] | None]:
    """Returns which tokens of each row the model wrote; None where it wrote all of them."""
    if OWN not in rows.columns:
        return [None] * rows.height
    return [None if mask is None else tuple(mask) for mask in rows[OWN]]


def accepted(rows: pl.DataFrame, passed: Sequence[bool], keep: int | None, rng: random.Random) -> list[Example]:
    """Returns accepted completions, at most `keep` per prompt, drawn by lot.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"prompt": ["p", "p", "q"], IDS: [[1], [2], [3]]})
    >>> accepted(rows, [True, False, True], None, random.Random(0))
    [Example(prompt='p', tokens=(1,), sampled=None), Example(prompt='q', tokens=(3,), sampled=None)]
    """
    found: dict[str, list[Example]] = {}
    for example, good in zip(written(rows), passed, strict=True):
        if good:
            found.setdefault(example.prompt, []).append(example)
    if keep is not None:
        found = {prompt: some if len(some) <= keep else rng.sample(some, keep) for prompt, some in found.items()}
    return [example for some in found.values() for example in some]


def references(
    task: Task, prompts: Sequence[Prompt], encode: Callable[[str], list[int]], each: int, seed: str
) -> list[Example]:
    """Returns true completions of the task, `each` per prompt; prompts without one are left out.

    A prompt's references depend on the seed and its text only: the same seed gives a fixed data set.
    """
    found = []
    for prompt in prompts:
        rng = random.Random(f"{seed} {prompt.text}")
        drawn = [task.reference(prompt, rng) for _ in range(each)]
        found += [Example(prompt.text, tuple(encode(text))) for text in drawn if text is not None]
    return found


def mixed(own: Sequence[Example], fresh: Sequence[Example], share: float, rng: random.Random) -> list[Example]:
    """Replaces a share of the rows by fresh ones, so that their number stays.

    >>> one, other = Example("p", (1,)), Example("p", (2,))
    >>> mixed([one] * 4, [other] * 9, 0.25, random.Random(0)).count(other)
    1
    """
    count = min(round(share * len(own)), len(fresh))
    if not count:
        return list(own)
    return [*rng.sample(list(own), len(own) - count), *rng.sample(list(fresh), count)]
