"""Who is asked: strategies beside each other, each spending verifier calls in its own way.

All that score prompts draw them in the same way (`drawn`, sharpness 2), and all that believe keep the same belief: they
differ by the rule alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from benchmarks.allocation.worlds import GROUP

from freshbits.remedies.allocation.batch import SHARPNESS, allocate, drawn
from freshbits.remedies.allocation.belief import Belief
from freshbits.remedies.allocation.rules import expected_variance, information, plug_in, through
from freshbits.remedies.allocation.sequential import follow, pilot
from freshbits.remedies.allocation.shared import Shared

if TYPE_CHECKING:
    from benchmarks.allocation.worlds import Cell, Groups, World
    from numpy.typing import NDArray

    from freshbits.remedies.allocation.rules import Rule

MOST_BATCHES = 8  # that filtering may draw for one step
WORTH = 2.0  # of a stated rate, in rollouts, to begin with


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
        chosen = drawn(p * (1 - p), self.cell.batch // GROUP, SHARPNESS, self.at, self.waited)
        self.waited += 1
        self.waited[chosen] = 1
        return [world.ask(chosen, GROUP)]


class Believing:
    """Draws prompts by a rule under a belief, which it keeps; the rule is the expected variance within a group."""

    rule: ClassVar[Rule] = staticmethod(expected_variance)
    sharpness: ClassVar[float] = SHARPNESS
    turns: ClassVar[bool] = True

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.at = cell, 1000 * seed
        self.belief: Belief | None = None
        self.shared: Shared | None = None

    def begin(self, world: World) -> Belief:
        """Begins with what is known: features where the cell has them, histories where prompts have them."""
        if self.cell.hinted:
            self.shared = Shared.of(world.table, start=world.start)
            return Belief.stated(self.shared.rates(), worth=WORTH)
        belief = Belief.flat(self.cell.prompts)
        if world.past is not None:
            belief = belief.observe(*world.past).moved()
        return belief

    def draw(self, world: World) -> list[Groups]:
        """Asks prompts, learns from their verdicts."""
        belief = self.belief or self.begin(world)
        self.at += 1
        chosen = allocate(
            belief,
            self.cell.batch,
            group=GROUP,
            rule=self.rule,
            sharpness=self.sharpness,
            turns=self.turns,
            seed=self.at,
        )
        found = world.ask(chosen.index, GROUP)
        self.learn(belief, found)
        return [found]

    def learn(self, belief: Belief, found: Groups) -> None:
        """Takes up what a batch showed."""
        seen = (found.index, found.verdicts.sum(1), np.full(len(found.index), found.verdicts.shape[1]))
        self.belief = belief.observe(*seen).moved()
        if self.shared is not None:
            self.shared = self.shared.observe(*seen).moved()
            self.belief = self.belief.informed(self.shared.rates())


class Greedy(Believing):
    """Takes the best prompts, whether they were asked a moment ago or not."""

    sharpness = np.inf
    turns = False


class Drawn(Believing):
    """Draws prompts by score instead of letting them take turns."""

    turns = False


class PluggedIn(Believing):
    """The same belief, read by its mean alone."""

    rule = staticmethod(plug_in)


def difficulty_and_evidence(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores as InSight does in kind: difficulty of the mean times what a verdict says about the rate."""
    return np.asarray(plug_in(a, b) * information(a, b))


class Insight(Believing):
    """Difficulty times evidence, on the same belief."""

    rule = staticmethod(difficulty_and_evidence)


class Corrected(Believing):
    """Knows the verifier's rates, and scores by the truth behind its verdicts."""

    def __init__(self, cell: Cell, seed: int) -> None:
        super().__init__(cell, seed)
        self.through = through(cell.tpr, cell.fpr)

    @property
    def rule(self) -> Rule:  # type: ignore[override]
        """The rule for this verifier."""
        return self.through


class Piloting(Believing):
    """Spends a quarter of each batch on pairs, the rest where they and what was known say that verdicts differ."""

    def draw(self, world: World) -> list[Groups]:
        """Asks in two waves, whose groups stay apart."""
        belief = self.belief or self.begin(world)
        self.at += 1
        first = pilot(belief, self.cell.batch, seed=self.at)
        pairs = world.ask(first.index, 2)
        between = belief.observe(pairs.index, pairs.verdicts.sum(1), first.rollouts)
        second = follow(between, self.cell.batch - first.calls, group=GROUP, seed=self.at + 500_000)
        found = world.ask(second.index, GROUP)
        self.learn(between, found)
        return [pairs, found]
