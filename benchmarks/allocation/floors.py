"""Floors: how few calls the same rule needs where the evidence is used as well as can be, or is better than any.

Neither can be had: both are told what no loop knows. Where even they need more than was asked for, what was asked for
cannot be reached with this evidence.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from benchmarks.allocation.strategies import KNOWING
from benchmarks.allocation.worlds import CENTRE, ERROR, GROUP, sigmoid

from freshbits.remedies.allocation.batch import drawn
from freshbits.remedies.allocator import AGAIN, IN_TURNS

if TYPE_CHECKING:
    from benchmarks.allocation.worlds import Cell, Groups, World
    from numpy.typing import NDArray

POINTS, REACH = 121, 5.0  # of the grid of logits, in standard deviations on either side
NEAR = 1e-12


class Stale:
    """Knows every p as it was one pass over all prompts ago: what any record of earlier verdicts can at most say."""

    sharpness: ClassVar[float] = KNOWING

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.seed, self.steps = cell, seed, 0
        self.waited = np.ones(cell.prompts)
        self.past: deque[NDArray[np.float64]] = deque(maxlen=cell.prompts * GROUP // cell.batch + 1)

    def score(self, world: World) -> NDArray[np.float64]:
        """Returns p(1-p) of the oldest rates it keeps."""
        self.past.append(world.rates())
        return np.asarray(self.past[0] * (1 - self.past[0]))

    def draw(self, world: World) -> list[Groups]:
        """Chooses prompts as the oracle does, by its score."""
        score = self.score(world)
        self.steps += 1
        lot = 1000 * self.seed + self.steps
        chosen = drawn(score, self.cell.batch // GROUP, self.sharpness, lot, self.waited)
        self.waited += 1
        self.waited[chosen] = 1
        found = world.ask(chosen, GROUP)
        self.learn(found)
        return [found]

    def learn(self, found: Groups) -> None:
        """Learns nothing: it is told."""


class Exact(Stale):
    """Holds the exact posterior of every prompt's logit, from its feature, its history and all its verdicts.

    It is told the distribution that prompts were drawn from, the error of the feature, the verifier's error rates, and
    by how many logits every prompt has moved since the beginning; so no verdict is ever out of date. How far a prompt
    moved says how mixed it was, and that is more than verdicts say.
    """

    sharpness = IN_TURNS
    apart: ClassVar[bool] = True  # whether it is told of every prompt apart how far it moved

    def __init__(self, cell: Cell, seed: int) -> None:
        super().__init__(cell, seed)
        self.points = CENTRE + cell.spread * np.linspace(-REACH, REACH, POINTS)
        self.log = np.tile(-0.5 * ((self.points - CENTRE) / cell.spread) ** 2, (cell.prompts, 1))
        self.begun: NDArray[np.float64] | None = None
        self.before: NDArray[np.float64] = np.zeros(0)
        self.moved = np.zeros(cell.prompts)
        self.asked = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        self.pushed = np.zeros((2, GROUP + 1))  # sums of moves, and how many, by the rollouts accepted

    def score(self, world: World) -> NDArray[np.float64]:
        """Returns E[p(1-p)] now, times the information as `Allocator` counts it."""
        now = np.clip(world.rates(), NEAR, 1 - NEAR)
        logits = np.log(now) - np.log1p(-now)
        if self.begun is None:
            self.begun = self.before = logits
            if self.cell.hinted:
                hint = world.table[:, 0] * np.hypot(self.cell.spread, ERROR)
                self.log -= 0.5 * ((hint[:, None] - self.points) / ERROR) ** 2
            if world.past is not None:
                index, accepted, asked = world.past
                self.log[index] += self.likelihood(self.points[None, :], accepted, asked)
        self.moved = logits - self.begun if self.apart else self.moved + self.average(logits - self.before)
        self.before = logits
        weight = np.exp(self.log - self.log.max(1, keepdims=True))
        return self.read(sigmoid(self.points + self.moved[:, None]), weight / weight.sum(1, keepdims=True))

    def read(self, p: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns E[p(1-p)] · I^(t / (t + again)), t passes over all prompts."""
        times = self.steps * self.cell.batch / GROUP / self.cell.prompts
        return np.asarray((weight * p * (1 - p)).sum(1) * self.told(p, weight) ** (times / (times + AGAIN)))

    def told(self, p: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Computes what a verdict says about p, h(E[s]) - E[h(s)] bits, s being what the verifier accepts."""
        passed = np.clip(self.cell.fpr + (self.cell.tpr - self.cell.fpr) * p, NEAR, 1 - NEAR)
        return np.asarray(np.maximum(bits((weight * passed).sum(1)) - (weight * bits(passed)).sum(1), 0.0))

    def likelihood(
        self, logits: NDArray[np.float64], accepted: NDArray[np.float64], asked: NDArray[np.float64] | int
    ) -> NDArray[np.float64]:
        """Returns ln P(so many accepted) at these logits, up to a constant."""
        passed = np.clip(self.cell.fpr + (self.cell.tpr - self.cell.fpr) * sigmoid(logits), NEAR, 1 - NEAR)
        refused = asked - accepted
        return np.asarray(accepted[:, None] * np.log(passed) + refused[:, None] * np.log1p(-passed))

    def average(self, change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns moves as they are on average: of those asked, by how many were accepted; of all others."""
        index, accepted = self.asked
        self.pushed[0] += np.bincount(accepted, change[index], minlength=GROUP + 1)
        self.pushed[1] += np.bincount(accepted, minlength=GROUP + 1)
        rest = np.ones(len(change), dtype=bool)
        rest[index] = False
        mean = np.full(len(change), change[rest].mean())
        mean[index] = self.pushed[0, accepted] / self.pushed[1, accepted]
        return mean

    def learn(self, found: Groups) -> None:
        """Takes up verdicts, on the policy that they were of."""
        accepted = found.verdicts.sum(1)
        self.asked = (found.index, accepted.astype(np.int64))
        logits = self.points + self.moved[found.index, None]
        self.log[found.index] += self.likelihood(logits, accepted, found.verdicts.shape[1])


class Average(Exact):
    """The same posterior, told only how far prompts move on average: after groups with so many accepted, and others."""

    apart = False


class AverageInsight(Average):
    """The posterior of `Average`, read by m(1-m) times what a verdict says about p: another rule than ours."""

    def read(self, p: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns m(1-m) · I."""
        mean = (weight * p).sum(1)
        return np.asarray(mean * (1 - mean) * self.told(p, weight))


class AverageVariance(Average):
    """The posterior of `Average`, read by E[p(1-p)] alone, half as sharply."""

    sharpness = IN_TURNS / 2

    def read(self, p: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns E[p(1-p)]."""
        return np.asarray((weight * p * (1 - p)).sum(1))


def bits(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes the entropy of a verdict."""
    return np.asarray(-p * np.log2(p) - (1 - p) * np.log2(1 - p))
