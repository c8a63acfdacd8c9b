"""What a loop asks of a task: prompts to train on, prompts held out, and a check that says what is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Prompt:
    """Holds one prompt of a task.

    Attributes:
        text: what the model reads.
        region: the domain it belongs to.
        answer: the reference answer that signals are given, where the task has one.
        fields: whatever else the task's own check or a signal needs.

    >>> Prompt("75=", region="sums").answer is None
    True
    """

    text: str
    region: str = ""
    answer: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """Describes what a task offers to a loop."""

    @property
    def name(self) -> str:
        """Name of the task."""
        ...

    @property
    def train(self) -> Sequence[Prompt]:
        """Prompts that a loop may train on, in the order in which rounds take them."""
        ...

    @property
    def held_out(self) -> Sequence[Prompt]:
        """Prompts that no loop trains on; accuracy is reported on them."""
        ...

    @property
    def checks(self) -> bool:
        """Whether the task itself says what is right; else a verifier must be named."""
        ...

    @property
    def read(self) -> str | None:
        """How answers are told apart (a form of `signals.own_state.votes`); None: as the audit would."""
        ...

    @property
    def longest(self) -> int | None:
        """Characters of the longest right completion, where that is known."""
        ...

    def check(self, prompt: Prompt, completion: str) -> float | None:
        """Returns 1 for a right completion, 0 for a wrong one, a score in between where the task gives one.

        None where it cannot be told: unscored, never 0. This is the truth of the loop.
        """
        ...

    def reference(self, prompt: Prompt, rng: random.Random) -> str | None:
        """Draws one true completion, as a person or a data set would give it; None where the task has none."""
        ...

    def fixed_reference(self, prompt: Prompt) -> str | None:
        """Returns the one true completion of a prompt that stays the same over rounds; None where there is none."""
        ...

    def answers(self, prompt: Prompt) -> Sequence[str] | None:
        """Lists every completion that is right, so that accuracy can be computed exactly; None where it cannot."""
        ...


def split(prompts: Sequence[Prompt], share: float, rng: random.Random) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
    """Shuffles prompts and parts them into (train, held out), at least one prompt each.

    >>> import random
    >>> train, held_out = split([Prompt(str(n)) for n in range(10)], 0.2, random.Random(0))
    >>> len(train), len(held_out)
    (8, 2)
    """
    order = list(prompts)
    rng.shuffle(order)
    apart = min(max(round(share * len(order)), 1), len(order) - 1)
    return tuple(order[apart:]), tuple(order[:apart])
