"""Tasks of several turns: an environment answers what the model writes, until it is done."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.loop.tasks.task import Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.environments.environment import Environment, Start


PART = "part."  # prefix of a round's columns that signals are made of: what the environment told of each episode


@dataclass(frozen=True)
class Turns:
    """Asks what an environment asks, and lets it answer.

    A completion is every message of an episode, joined; what is right is what the environment says of the episode, so
    a text alone is not judged. Which prompts are held out depends on their text only, not on seed or size.

    Attributes:
        environment: what answers.
        turns: most turns of an episode; None: the environment's own.
        tokens: most tokens of one message; None: the loop's `max_tokens`, or what the environment's messages need.
        train, held_out: prompts; `fields["start"]` of each is what the environment asks.
    """

    environment: Environment
    turns: int | None
    tokens: int | None
    train: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]

    checks: ClassVar[bool] = True
    read: ClassVar[str | None] = None

    @classmethod
    def of(cls, environment: Environment, size: int, seed: int, share: float, options: Mapping[str, Any]) -> Self:
        """Draws a task; prompts that repeat are dropped, so that none is both trained on and held out.

        Raises:
            InputError: if the environment asks too little, or an option is none.
        """
        drawn = {start.prompt: start for start in environment.starts(size, seed)}
        if len(drawn) < 2:
            raise InputError(f"{environment.name} drew {len(drawn)} prompt(s)", mend="write a larger size")
        prompts = [Prompt(text, start.region, start.answer, {"start": start}) for text, start in drawn.items()]
        lot = {prompt.text: random.Random(f"{environment.name} {prompt.text}").random() for prompt in prompts}
        last = min(prompts, key=lambda prompt: lot[prompt.text])
        first = max(prompts, key=lambda prompt: lot[prompt.text])
        apart = {prompt.text for prompt in prompts if lot[prompt.text] < share} | {last.text}
        apart.discard(first.text)
        return cls(
            environment,
            _count(options, "max_turns"),
            _count(options, "tokens_per_turn"),
            tuple(prompt for prompt in prompts if prompt.text not in apart),
            tuple(prompt for prompt in prompts if prompt.text in apart),
        )

    @property
    def name(self) -> str:
        """Name of the environment."""
        return self.environment.name

    @property
    def longest(self) -> int | None:
        """Characters of the longest useful message."""
        return self.environment.longest

    def start(self, prompt: Prompt) -> Start:
        """Returns what the environment asks."""
        found: Start = prompt.fields["start"]
        return found

    def check(self, prompt: Prompt, completion: str) -> float | None:  # noqa: ARG002
        """Returns None: an episode is judged by what the environment saw, not by its text."""
        return None

    def reference(self, prompt: Prompt, rng: random.Random) -> str | None:  # noqa: ARG002
        """Returns None: true completions have turns; see `Environment.demonstrate`."""
        return None

    def fixed_reference(self, prompt: Prompt) -> str | None:  # noqa: ARG002
        """Returns None: true completions have turns; see `Environment.demonstrate`."""
        return None

    def answers(self, prompt: Prompt) -> Sequence[str] | None:  # noqa: ARG002
        """Returns None: right completions are not listed."""
        return None


TAKEN = ("max_turns", "tokens_per_turn")  # options of every task of several turns


def _count(options: Mapping[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 1:
        raise InputError(f"{name}: {value!r} is not a whole number above 0", mend=f"write {name}: 4")
    return value
