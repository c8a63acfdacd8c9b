"""Which prompts a round asks, where the loop declares an allocation: chosen from all that the task trains on.

What is chosen is a function of the rounds on disk and the seed, so a resumed loop asks what it would have asked: an
allocator that is not where the round begins is played forward through the rounds before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.remedies.allocation.rules import expected_deviation, expected_variance, information, plug_in
from freshbits.remedies.allocator import AGAIN, Allocator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.loop.parts import Allocation
    from freshbits.loop.tasks.task import Prompt
    from freshbits.remedies.allocation.rules import Rule

RULES: dict[str, Rule] = {
    "expected_variance": expected_variance,
    "expected_deviation": expected_deviation,
    "information": information,
    "m(1-m)": plug_in,
    "by_lot": expected_variance,  # to the power 0
}

Came = list[tuple[str, float, float]]  # prompt, accepted, scored: what came of a round


@dataclass(frozen=True)
class Asked:
    """Holds the prompts of a round.

    Attributes:
        prompts: the prompts.
        probability: how likely each was to be asked.
        calls: rollouts scored before this round.
        tried: prompts that were asked before this round.
    """

    prompts: tuple[Prompt, ...]
    probability: tuple[float, ...]
    calls: float
    tried: float


class Asking:
    """Chooses every round's prompts from a task's training prompts.

    Args:
        declared: the loop's allocation.
        pool: the prompts to choose from.
        count: prompts per round.
        samples: rollouts per prompt.
        seed: of the loop.

    Raises:
        InputError: if a round asks all prompts, so that there is nothing to choose.
    """

    def __init__(self, declared: Allocation, pool: Sequence[Prompt], count: int, samples: int, seed: int) -> None:
        if count >= len(pool):
            raise InputError(
                f"a round asks all {len(pool)} prompts, and an allocation chooses among more",
                column="train.prompts",
                mend=f"write prompts: {max(len(pool) // 4, 1)}, or leave allocation out",
            )
        self.declared, self.pool, self.count = declared, list(pool), count
        self.samples, self.seed = samples, seed
        self._begin()

    def _begin(self) -> None:
        regions = [prompt.region for prompt in self.pool]
        table = pl.DataFrame({"prompt": [prompt.text for prompt in self.pool]})
        if len(set(regions)) > 1:
            table = table.with_columns(region=pl.Series(regions))
        self.allocator = Allocator(
            table,
            samples=max(self.samples, 2),
            rule=RULES[self.declared.rule],
            sharpness=0.0 if self.declared.rule == "by_lot" else self.declared.sharpness,
            again=inf if self.declared.rule == "information" else AGAIN,  # it is the score there
            learn=self.declared.learn,
            seed=self.seed,
        )
        places = self.allocator.places(table["prompt"].to_list()).tolist()
        first = {place: at for at, place in reversed(list(enumerate(places)))}  # a text that stands twice counts once
        self._prompt = [self.pool[first[place]] for place in range(len(self.allocator))]
        self._next = 0  # the round that is suggested next; what came of the one before is observed first
        self._calls = 0.0
        self._tried: set[int] = set()

    def round(self, number: int, came: Callable[[int], Came]) -> Asked:
        """Returns the prompts of a round.

        Args:
            number: the round.
            came: says what came of a round before it.
        """
        if number < self._next:
            self._begin()
        places: list[int] = []
        while self._next <= number:
            if self._next:
                self._observe(came(self._next - 1))
            places = self.allocator.suggest(self.count)
            self._next += 1
        chance = () if self.allocator.last is None else self.allocator.last.probability.tolist()
        prompts = tuple(self._prompt[place] for place in places)
        return Asked(prompts, tuple(chance), self._calls, float(len(self._tried)))

    def _observe(self, told: Came) -> None:
        places = self.allocator.places([text for text, *_ in told]).tolist()
        for place, (_, passed, scored) in zip(places, told, strict=True):
            self._calls += scored
            if place >= 0 and scored > 0:
                self.allocator.observe(place, passed, scored)
                self._tried.add(place)
