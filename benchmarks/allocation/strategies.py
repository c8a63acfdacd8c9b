"""Who is asked: strategies beside each other, each spending verifier calls in its own way.

All that believe keep the same belief and draw as sharply: they differ by what they score. Whoever knows every rate
draws as p(1-p) squared, which suits it better.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
import polars as pl
from benchmarks.allocation.worlds import GROUP

from freshbits.remedies.allocation.batch import drawn
from freshbits.remedies.allocation.rules import (
    expected_deviation,
    expected_variance,
    information,
    plug_in,
    through,
)
from freshbits.remedies.allocator import AGAIN, IN_TURNS, Allocator

if TYPE_CHECKING:
    from benchmarks.allocation.worlds import Cell, Groups, World
    from numpy.typing import NDArray

    from freshbits.remedies.allocation.rules import Rule

MOST_BATCHES = 8  # that filtering may draw for one step
KNOWING = 2.0  # sharpness where every rate is known


class Strategy(Protocol):
    """Describes what asks for a batch to train on."""

    def draw(self, world: World) -> list[Groups]:
        """Asks prompts, and returns the groups that are trained on."""
        ...


class Uniform:
    """Goes through all prompts in an order drawn anew for each pass."""

    def __init__(self, cell: Cell, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 3])
        self.cell, self.count = cell, cell.batch // GROUP
        self.left: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def next(self) -> NDArray[np.int64]:
        """Returns the prompts of the next batch."""
        while len(self.left) < self.count:
            self.left = np.concatenate([self.left, self.rng.permutation(self.cell.prompts)])
        taken, self.left = self.left[: self.count], self.left[self.count :]
        return taken

    def draw(self, world: World) -> list[Groups]:
        """Asks the next prompts."""
        return [world.ask(self.next(), GROUP)]


class Filtering(Uniform):
    """Draws on until a batch of mixed groups is full, as DAPO does; what was dropped was paid for."""

    def draw(self, world: World) -> list[Groups]:
        """Asks until there are enough mixed groups, or eight batches are spent."""
        kept: list[Groups] = []
        room = self.count
        for _ in range(MOST_BATCHES):
            found = world.ask(self.next(), GROUP)
            mixed = np.ptp(found.verdicts, axis=1) > 0
            kept.append(found.among(mixed & (np.cumsum(mixed) <= room)))
            room -= len(kept[-1].index)
            if room <= 0:
                break
        return kept


class Oracle:
    """Knows every pass rate: the most that any predictor could give to this rule."""

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.at = cell, 1000 * seed
        self.waited = np.ones(cell.prompts)

    def draw(self, world: World) -> list[Groups]:
        """Chooses prompts by p(1-p)."""
        p = world.rates()
        self.at += 1
        chosen = drawn(p * (1 - p), self.cell.batch // GROUP, KNOWING, self.at, self.waited)
        self.waited += 1
        self.waited[chosen] = 1
        return [world.ask(chosen, GROUP)]


class Believing:
    """Asks what `freshbits.remedies.allocator.Allocator` suggests, told the fields of prompts where the cell has them.

    Where advantages are divided by the group's deviation the rule is E[√(p(1-p))], else E[p(1-p)].
    """

    again: ClassVar[float] = AGAIN
    sharpness: ClassVar[float] = IN_TURNS

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.seed = cell, seed
        self.allocator: Allocator | None = None

    @property
    def rule(self) -> Rule:
        """Scores prompts."""
        return expected_deviation if self.cell.divided else expected_variance

    def begin(self, world: World) -> Allocator:
        """Begins with what is known: features where the cell has them, histories where prompts have them."""
        names = pl.DataFrame({"prompt_id": [f"p{n}" for n in range(world.prompts)]})
        pool = pl.concat([names, world.fields()], how="horizontal") if self.cell.hinted else names
        allocator = Allocator(
            pool,
            samples=GROUP,
            rule=self.rule,
            again=self.again,
            sharpness=self.sharpness,
            learn=self.cell.hinted,
            seed=self.seed,
        )
        if world.past is not None:
            for place, passed, asked in zip(*world.past, strict=True):
                allocator.observe(int(place), float(passed), float(asked))
        return allocator

    def draw(self, world: World) -> list[Groups]:
        """Asks prompts, learns from their verdicts."""
        if self.allocator is None:
            self.allocator = self.begin(world)
        chosen = self.allocator.suggest(self.cell.batch // GROUP)
        found = world.ask(np.array(chosen, dtype=np.int64), GROUP)
        for place, verdicts in zip(chosen, found.verdicts, strict=True):
            self.allocator.observe(place, float(verdicts.sum()), float(len(verdicts)))
        return [found]


class Variance(Believing):
    """The rule alone, half as sharp: information about prompts does not count, however often they come again."""

    again = inf
    sharpness = IN_TURNS / 2


class PluggedIn(Believing):
    """The same, m(1-m) in the place of E[p(1-p)], or its root where advantages are divided."""

    @property
    def rule(self) -> Rule:
        """Scores prompts."""
        return (lambda a, b: np.sqrt(plug_in(a, b))) if self.cell.divided else plug_in


class PlugAlone(PluggedIn):
    """m(1-m) alone, as sharply: information about prompts does not count."""

    again = inf


def difficulty_and_evidence(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores as InSight does in kind: difficulty of the mean times what a verdict says about the rate."""
    return np.asarray(plug_in(a, b) * information(a, b))


class Insight(Believing):
    """Difficulty times evidence, on the same belief, from the beginning."""

    again = inf

    @property
    def rule(self) -> Rule:
        """Scores prompts."""
        return difficulty_and_evidence


class Corrected(Believing):
    """Knows the verifier's rates, and scores by the truth behind its verdicts."""

    @property
    def rule(self) -> Rule:
        """The rule for this verifier."""
        return through(self.cell.tpr, self.cell.fpr)
