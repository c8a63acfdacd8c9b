"""Tasks of reasoning-gym as environments of one turn: it asks, the model answers, its scorer judges, guarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.signals.environments.environment import EnvironmentFaultError, Outcome, Start, Step
from freshbits.signals.reasoning_gym import ReasoningGym
from freshbits.signals.signal import Item

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class GymEnvironment:
    """Asks what a generator of reasoning-gym draws; the scorer runs in a killable process.

    Attributes:
        dataset: the generator's name ("chain_sum").
        config: its configuration.
    """

    dataset: str
    config: Mapping[str, Any] = field(default_factory=dict)
    _scorer: ReasoningGym = field(init=False, repr=False, compare=False)

    origin: ClassVar[str] = "external"
    turns: ClassVar[int] = 1
    longest: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_scorer", ReasoningGym(self.dataset))

    @property
    def name(self) -> str:
        """Name of the environment."""
        return f"reasoning_gym:{self.dataset}"

    def starts(self, size: int, seed: int) -> Sequence[Start]:
        """Draws entries.

        Raises:
            InputError: if reasoning-gym is not installed, has no such generator, or refuses its configuration.
        """
        try:
            import reasoning_gym
        except ImportError:
            raise InputError("reasoning-gym is not installed", mend="pip install 'freshbits[signals]'") from None
        names = list(reasoning_gym.factory.DATASETS)
        if self.dataset not in names:
            raise InputError(f"reasoning-gym has no {self.dataset!r}{nearest(self.dataset, names)}")
        try:
            drawn = list(reasoning_gym.create_dataset(self.dataset, size=size, seed=seed, **self.config))
        except (TypeError, ValueError, AssertionError) as error:
            raise InputError(f"{self.dataset} does not take these options ({error})") from None
        return [
            Start(f"{seed}-{at}", str(entry["question"]), self.dataset, str(entry["answer"]), entry["metadata"])
            for at, entry in enumerate(drawn)
        ]

    def reset(self, start: Start, seed: int) -> Answered:  # noqa: ARG002  an entry leaves nothing to be drawn
        """Begins an episode."""
        return Answered(self._scorer, start)

    def demonstrate(self, start: Start, seed: int, rng: random.Random) -> Sequence[str] | None:  # noqa: ARG002
        """Returns the generator's own answer."""
        return None if start.answer is None else (start.answer,)


class Answered:
    """Is one question and its answer."""

    def __init__(self, scorer: ReasoningGym, start: Start) -> None:
        self.observation = start.prompt
        self._scorer = scorer
        self._start = start
        self._answer = ""

    def step(self, message: str) -> Step:
        """Takes the answer; the episode is over."""
        self._answer = message
        return Step("", done=True)

    def outcome(self) -> Outcome:
        """Lets the data set's own scorer judge: 1 is right, less is partly so."""
        item = Item(self._start.prompt, self._answer, self._start.answer, fields={"metadata": dict(self._start.hidden)})
        (verdict,) = self._scorer.score([item])
        if verdict.score is None:
            raise EnvironmentFaultError(verdict.evidence)
        return Outcome(verdict.score, float(verdict.score >= 1.0))
