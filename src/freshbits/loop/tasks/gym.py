"""Tasks of reasoning-gym by name, each with its own scorer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.loop.tasks.task import Prompt, split
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Gym:
    """Asks what a generator of reasoning-gym draws; its scorer says how right a completion is, from 0 to 1.

    Attributes:
        name: the generator's name ("chain_sum").
        source: the drawn set, whose scorer is used.
        train, held_out: prompts; `fields["entry"]` of each is what was drawn.
    """

    name: str
    source: Any
    train: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]

    checks: ClassVar[bool] = True
    read: ClassVar[str | None] = None
    longest: ClassVar[int | None] = None

    @classmethod
    def of(cls, name: str, size: int, seed: int, share: float, options: Mapping[str, Any]) -> Self:
        """Draws a task; prompts that repeat are dropped, so that none is both trained on and held out.

        Raises:
            InputError: if reasoning-gym is not installed, has no such generator, or refuses an option.
        """
        try:
            import reasoning_gym
        except ImportError:
            raise InputError(
                f"{name!r} is no task of freshbits, and reasoning-gym is not installed",
                mend="write environment: sums, or pip install 'freshbits[signals]'",
            ) from None
        names = list(reasoning_gym.factory.DATASETS)
        if name not in names:
            raise InputError(
                f"there is no environment {name!r}{nearest(name, ['sums', 'differences', *names])}",
                mend="write environment: sums, or a name of reasoning-gym",
            )
        try:
            source = reasoning_gym.create_dataset(name, size=size, seed=seed, **options)
        except (TypeError, ValueError, AssertionError) as error:
            raise InputError(f"{name} does not take these options ({error})", mend="see its configuration") from None
        drawn = {str(entry["question"]): entry for entry in source}
        if len(drawn) < 2:
            raise InputError(f"{name} drew {len(drawn)} prompt(s)", mend="write a larger size")
        prompts = [Prompt(text, name, str(entry["answer"]), fields={"entry": entry}) for text, entry in drawn.items()]
        train, held_out = split(prompts, share, random.Random(f"{name} {seed}"))
        return cls(name, source, train, held_out)

    def check(self, prompt: Prompt, completion: str) -> float | None:
        """Returns the score of the task's own scorer, for the answer in tags or the whole completion."""
        from reasoning_gym.utils import extract_answer

        stated = extract_answer(completion)
        return float(self.source.score_answer(completion.strip() if stated is None else stated, prompt.fields["entry"]))

    def reference(self, prompt: Prompt, rng: random.Random) -> str | None:  # noqa: ARG002
        """Returns the generator's own answer: there is one."""
        return prompt.answer

    def fixed_reference(self, prompt: Prompt) -> str | None:
        """Returns the generator's own answer."""
        return prompt.answer

    def answers(self, prompt: Prompt) -> Sequence[str] | None:  # noqa: ARG002
        """Returns None: right answers are not listed."""
        return None
