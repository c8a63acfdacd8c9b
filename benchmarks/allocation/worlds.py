"""Two learners that take a second: prompts that share skills, and prompts that share nothing, each a table of answers.

Both are asked for groups of rollouts, whose verdicts may err, and step along the policy gradient of the groups given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Groups:
    """Holds rollouts: a prompt per row, what was written (shape prompts × n), and its verdicts."""

    index: NDArray[np.int64]
    written: NDArray[np.int64]
    verdicts: NDArray[np.float64]

    def among(self, rows: NDArray[np.bool_]) -> Groups:
        """Returns the groups in which rows is true."""
        return Groups(self.index[rows], self.written[rows], self.verdicts[rows])


class World(Protocol):
    """Describes what a strategy may ask: prompts, what can be read off them, what they showed before."""

    prompts: int
    table: NDArray[np.float64]
    past: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | None
    calls: int

    def fields(self) -> pl.DataFrame:
        """What can be read off prompts, a column each."""
        ...

    def ask(self, index: NDArray[np.int64], n: int) -> Groups:
        """Writes and scores n rollouts of each prompt; every one is a verifier call."""
        ...

    def rates(self) -> NDArray[np.float64]:
        """The pass rate of every prompt now, by the truth."""
        ...


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Says what a world is like.

    Attributes:
        name: of the cell.
        prompts: how many there are.
        spread: sd of their difficulty, in logits.
        skills: how many skills; each prompt draws on three of them.
        tpr: P(accepted | right).
        fpr: P(accepted | wrong).
        divided: whether advantages are divided by the group's standard deviation.
        tabular: whether prompts share nothing.
        budget: verifier calls of the uniform run whose gain sets the target.
        hinted: whether prompts come with a feature that carries difficulty, its error sd 1.5 logits.
        named: whether their skills can be read off, too.
        history: rollouts that a half of the prompts, or all, had before the loop began.
        everyone: whether all prompts had them.
        shared: mean of what a skill adds to a prompt's logit, its sd being 1: how far prompts pull together.
        chance: logits that every prompt loses per squared step along what gradients carry beside skills.
        batch: verifier calls per step.
    """

    name: str
    prompts: int = 3000
    spread: float = 3.0
    skills: int = 300
    tpr: float = 1.0
    fpr: float = 0.0
    divided: bool = False
    tabular: bool = False
    budget: int = 60000
    hinted: bool = False
    named: bool = False
    history: int = 0
    everyone: bool = False
    shared: float = 0.5
    chance: float = 0.1
    batch: int = 256


GROUP = 8
NOISE = 0.3  # sd of the score around the verdict
CENTRE = -1.5
ANSWERS = 8  # of a prompt in a table, one of them right
ERROR = 1.5  # sd of the hint around the true difficulty, logits
EPS = 1e-4  # in the division by the standard deviation, as trainers have it


def advantages(verdicts: NDArray[np.float64], divided: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """Computes what each rollout is reinforced by: its noisy score less the mean of its group."""
    scores = verdicts + NOISE * rng.standard_normal(verdicts.shape)
    apart = scores - scores.mean(1, keepdims=True)
    apart *= np.ptp(verdicts, axis=1, keepdims=True) > 0  # a group whose verdicts agree teaches nothing
    return np.asarray(apart / (scores.std(1, ddof=1, keepdims=True) + EPS) if divided else apart)


class Skills:
    """Learns weights of skills that prompts share: p = sigmoid(u + the weights of its three skills)."""

    def __init__(self, cell: Cell, seed: int) -> None:
        drawn = np.random.default_rng([seed, 1])
        self.cell, self.prompts, self.calls = cell, cell.prompts, 0
        self.base = drawn.normal(CENTRE, cell.spread, cell.prompts)
        self.skills = np.argsort(drawn.random((cell.prompts, cell.skills)), axis=1)[:, :3]
        self.parts = drawn.normal(cell.shared, 1.0, (cell.prompts, 3))
        self.table = told(self.base, self.skills, self.parts, cell, drawn)
        self.past: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | None = None
        self.weights = np.zeros(cell.skills)
        self.cost = 0.0
        self.rng = np.random.default_rng([seed, 2])
        if cell.history:
            some = np.arange(cell.prompts if cell.everyone else cell.prompts // 2)
            found = self.ask(some, cell.history)
            self.past = (some, found.verdicts.sum(1), np.full(len(some), float(cell.history)))
            self.calls = 0  # a history is there already: an earlier run paid for it

    def fields(self) -> pl.DataFrame:
        """What can be read off prompts, a column each."""
        return columns(self.table)

    def rates(self) -> NDArray[np.float64]:
        """The pass rate of every prompt."""
        return sigmoid(self.base - self.cost + (self.parts * self.weights[self.skills]).sum(1))

    def ask(self, index: NDArray[np.int64], n: int) -> Groups:
        """Writes n right or wrong answers to each prompt, and judges them."""
        p = sigmoid(self.base[index] - self.cost + (self.parts[index] * self.weights[self.skills[index]]).sum(1))
        right = self.rng.random((len(index), n)) < p[:, None]
        self.calls += right.size
        return Groups(index, right.astype(np.int64), judged(right, self.cell, self.rng))

    def step(self, groups: Sequence[Groups], rate: float) -> None:
        """Steps along the mean over rollouts of advantage times score function."""
        gradient = np.zeros(self.cell.skills)
        power = 0.0
        rollouts = sum(each.verdicts.size for each in groups)
        for each in groups:
            pushed = advantages(each.verdicts, self.cell.divided, self.rng)
            moved = (pushed * each.written).sum(1)
            power += float((pushed * pushed).sum())
            gradient += np.bincount(
                self.skills[each.index].ravel(),
                (moved[:, None] * self.parts[each.index]).ravel(),
                minlength=self.cell.skills,
            )
        if rollouts:
            self.weights += rate * gradient / rollouts
            self.cost += self.cell.chance * power * (rate / rollouts) ** 2


def told(
    base: NDArray[np.float64],
    skills: NDArray[np.int64],
    parts: NDArray[np.float64],
    cell: Cell,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Returns what can be read off a prompt: its difficulty with an error, and its skills."""
    hint: NDArray[np.float64] = (base + rng.normal(0.0, ERROR, cell.prompts)) / np.hypot(cell.spread, ERROR)
    if not cell.named:
        return hint[:, None]
    table = np.zeros((cell.prompts, cell.skills))
    np.add.at(table, (np.arange(cell.prompts)[:, None], skills), parts)
    return np.column_stack([hint, table])


def columns(table: NDArray[np.float64]) -> pl.DataFrame:
    """Returns a table with named columns."""
    return pl.DataFrame({f"field_{n}": column for n, column in enumerate(table.T)})


def judged(right: NDArray[np.bool_], cell: Cell, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws verdicts on right and wrong answers."""
    if cell.tpr == 1 and cell.fpr == 0:
        return right.astype(np.float64)
    return (rng.random(right.shape) < np.where(right, cell.tpr, cell.fpr)).astype(np.float64)


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes 1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0))))


class Table:
    """Learns a table of answers for every prompt: nothing is shared, each prompt learns from its own groups alone."""

    def __init__(self, cell: Cell, seed: int) -> None:
        drawn = np.random.default_rng([seed, 1])
        self.cell, self.prompts, self.calls = cell, cell.prompts, 0
        base = drawn.normal(CENTRE, cell.spread, cell.prompts)
        wrong = drawn.normal(0.0, 1.0, (cell.prompts, ANSWERS - 1))
        right = np.log(np.exp(wrong).sum(1)) + base
        self.logits = np.column_stack([right, wrong])  # the first answer is the right one
        hint = (base + drawn.normal(0.0, ERROR, cell.prompts)) / np.hypot(cell.spread, ERROR)
        self.table = hint[:, None]
        self.past: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]] | None = None
        self.rng = np.random.default_rng([seed, 2])

    def _policy(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        up = np.exp(self.logits[index] - self.logits[index].max(1, keepdims=True))
        return np.asarray(up / up.sum(1, keepdims=True))

    def fields(self) -> pl.DataFrame:
        """What can be read off prompts, a column each."""
        return columns(self.table)

    def rates(self) -> NDArray[np.float64]:
        """The pass rate of every prompt."""
        return self._policy(np.arange(self.prompts))[:, 0]

    def ask(self, index: NDArray[np.int64], n: int) -> Groups:
        """Writes n answers to each prompt, and judges them."""
        cumulated = self._policy(index).cumsum(1)
        written = (self.rng.random((len(index), n))[:, :, None] > cumulated[:, None, :-1]).sum(2)
        self.calls += written.size
        return Groups(index, written, judged(written == 0, self.cell, self.rng))

    def step(self, groups: Sequence[Groups], rate: float) -> None:
        """Steps along the mean over rollouts of advantage times score function."""
        rollouts = sum(each.verdicts.size for each in groups)
        for each in groups:
            pushed = advantages(each.verdicts, self.cell.divided, self.rng)
            change = (pushed[:, :, None] * (each.written[:, :, None] == np.arange(ANSWERS))).sum(1)
            # What is subtracted for the policy's own share is nothing: advantages of a group add up to 0.
            np.add.at(self.logits, each.index, rate * change / rollouts)
