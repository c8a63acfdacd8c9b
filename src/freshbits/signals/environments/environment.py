"""What an environment of several turns is: it asks, the model writes, it answers, until it is done.

Whatever an environment says comes from outside the model, so the origin of its scores is `external`. What it cannot
say because it failed is unscored, never 0: `EnvironmentFaultError` ends one episode and leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

REWARD = "reward"


class EnvironmentFaultError(Exception):
    """Says why an environment could not go on with an episode: a time-out, a crash, an answer that is none."""


@dataclass(frozen=True, slots=True)
class Start:
    """Holds one thing that an environment asks.

    Attributes:
        key: names it inside its environment.
        prompt: what the model reads first.
        region: the domain it belongs to.
        answer: the reference answer, where there is one.
        hidden: what else `reset` needs; no part of it is ever shown to the model.
    """

    key: str
    prompt: str
    region: str = ""
    answer: str | None = None
    hidden: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Holds what an environment answers to one message.

    Attributes:
        observation: what the model reads next; after the last message it may be empty.
        reward: reward of this turn; None where the environment gives none by turn.
        done: whether the episode is over.
        info: whatever else it says.
    """

    observation: str
    reward: float | None = None
    done: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Holds what an episode came to.

    Attributes:
        reward: the reward of the whole; None where it cannot be told.
        success: 1 where it succeeded, 0 where not, None where that cannot be told: the truth of the episode.
        components: the parts of the reward by name, and whatever else was measured; each None where unscored.
    """

    reward: float | None
    success: float | None = None
    components: Mapping[str, float | None] = field(default_factory=dict)


class Episode(Protocol):
    """Describes one episode under way."""

    @property
    def observation(self) -> str:
        """What the model reads first: the prompt."""
        ...

    def step(self, message: str) -> Step:
        """Takes one message of the model and answers it.

        Raises:
            EnvironmentFaultError: if the environment cannot go on.
        """
        ...

    def outcome(self) -> Outcome:
        """Judges the episode as it stands: asked once, when it is done or its turns have run out.

        Raises:
            EnvironmentFaultError: if it cannot be judged.
        """
        ...


class Environment(Protocol):
    """Describes what an environment offers to a loop."""

    @property
    def name(self) -> str:
        """Name of the environment."""
        ...

    @property
    def origin(self) -> str:
        """Where its scores come from: external."""
        ...

    @property
    def turns(self) -> int | None:
        """Most turns of an episode, where the environment ends it itself; None where it need not end."""
        ...

    @property
    def longest(self) -> int | None:
        """Characters of the longest useful message, where that is known."""
        ...

    def starts(self, size: int, seed: int) -> Sequence[Start]:
        """Draws what can be asked, `size` different prompts at most, the same for the same seed.

        Raises:
            InputError: if the environment cannot be had.
        """
        ...

    def reset(self, start: Start, seed: int) -> Episode:
        """Begins an episode; the seed draws whatever the start leaves open, the same for the same seed.

        Raises:
            EnvironmentFaultError: if it cannot begin.
        """
        ...

    def demonstrate(self, start: Start, seed: int, rng: random.Random) -> Sequence[str] | None:
        """Draws messages of one successful episode; None where the environment knows none."""
        ...
