"""The world behind every log: tasks with eight attempts, texts of some hundred letters, verdicts that are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

GROUP = 8
STEP = 512  # rollouts of a step
TEXTS = 997
WORDS = [
    "so", "the", "sum", "is", "then", "carried", "over", "and", "halved", "before", "it", "goes", "into",
    "next", "line", "where", "both", "sides", "are", "equal", "again", "which", "leaves", "one", "case",
    "that", "was", "not", "looked", "at", "yet",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rollout:
    """One attempt: its place, its texts, whether it is right."""

    index: int
    step: int
    task: int
    sample: int
    prompt: str
    completion: str
    right: float


@dataclass(frozen=True)
class Written:
    """Says what a log holds: its rows, and the sum of its first signal over them."""

    rows: int
    total: float


def rollouts(rows: int) -> Iterator[Rollout]:
    """Yields attempts in the order in which a trainer logs them: groups of eight, 512 to a step."""
    rng = np.random.default_rng(5)
    lengths = rng.integers(30, 90, TEXTS)
    texts = [" ".join(rng.choice(WORDS, length)) for length in lengths]
    verdicts = rng.integers(0, 2, TEXTS * 3).astype(float)
    for index in range(rows):
        task, sample = divmod(index, GROUP)
        right = float(verdicts[(index * 7 + task) % verdicts.size])
        yield Rollout(
            index,
            index // STEP + 1,
            task,
            sample,
            f"Task {task}: what is {task % 83} + {task % 71}? Show every line of the work, then the sum.",
            f"{texts[index % TEXTS]} The sum is {task % 83 + task % 71 + (right == 0)}.",
            right,
        )


def lines(file: Path, rows: Iterable[Any]) -> None:
    """Writes one JSON object per line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def by_step(rows: int) -> Iterator[tuple[int, list[Rollout]]]:
    """Yields the attempts of one step after the other."""
    held: list[Rollout] = []
    for one in rollouts(rows):
        if held and one.step != held[0].step:
            yield held[0].step, held
            held = []
        held.append(one)
    if held:
        yield held[0].step, held


def known(rows: int) -> Written:
    """Returns what a log of so many attempts holds."""
    return Written(rows, sum(one.right for one in rollouts(rows)))
