"""What a component of the reward is: a law of its verdict given the row's answer class and habits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from freshbits.errors import InputError

if TYPE_CHECKING:
    from freshbits.worlds.marks import Habits
    from freshbits.worlds.rates import Array, Rates
    from freshbits.worlds.state import Ints, Prompts


@dataclass(frozen=True)
class Rows:
    """Holds drawn rows: for each its prompt in the batch, answer class, habit configuration and group."""

    prompts: Prompts
    prompt: Ints
    answer: Ints
    habit: Ints
    habits: Habits
    groups: int
    group: Ints


@dataclass(frozen=True)
class Component(ABC):
    """Is the base of all components; `scored` is the share of rows that get a verdict at all, at random.

    Attributes:
        scored: share of rows with a verdict; the rest are None.
        latents: rates that differ by prompt and that the law depends on.
    """

    scored: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        probability(self.scored, "scored")

    @property
    def latents(self) -> tuple[Rates, ...]:
        """Returns the distributions of the component's own per-prompt rates."""
        return ()

    def breaks(self, wrong: Array, cut: float) -> tuple[float, ...]:  # noqa: ARG002
        """Returns the base rates at which the law jumps, for wrong answers with these shares."""
        return ()

    @abstractmethod
    def draw(self, rows: Rows, latent: Array, uniform: Array) -> Array:
        """Draws one verdict or score per row from one uniform number per row."""


@dataclass(frozen=True)
class Discrete(Component):
    """Is the base of components with finitely many levels."""

    votes: ClassVar[bool] = False  # whether the verdict depends on the other rows of the group

    @property
    def levels(self) -> tuple[float, ...]:
        """Returns the levels, lowest first."""
        return (0.0, 1.0)

    @abstractmethod
    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:
        """Returns P(level | prompt, answer class, habit configuration), broadcastable to those four axes."""

    def dead(self, prompts: Prompts, latent: Array, habits: Habits, size: int) -> Array:
        """Returns P(all of `size` scored rows at one level), one column per level."""
        joint = weights(prompts, habits)[..., None] * self.law(prompts, latent, habits)
        share: Array = np.minimum(joint.sum(axis=(1, 2)), 1.0) ** size
        return share

    def surprise(self) -> float | None:
        """Returns H(S | the model's whole state) where it is known exactly, else None."""
        return None

    def draw(self, rows: Rows, latent: Array, uniform: Array) -> Array:
        """Draws one verdict per row by inverting the law."""
        law = self.law(rows.prompts, latent, rows.habits)
        shape = (*rows.prompts.belief.shape, rows.habits.table.shape[0], len(self.levels))
        below = np.cumsum(np.broadcast_to(law, shape), axis=-1)[rows.prompt, rows.answer, rows.habit]
        level = np.minimum((uniform[:, None] >= below).sum(axis=1), len(self.levels) - 1)
        values: Array = np.asarray(self.levels)[level]
        return values


def weights(prompts: Prompts, habits: Habits) -> Array:
    """Returns P(answer class, habit configuration | prompt)."""
    given = np.where(prompts.right[:, None] > 0, habits.right, habits.wrong)
    joint: Array = prompts.belief[:, :, None] * given[None]
    return joint


def binary(accept: Array) -> Array:
    """Returns the law of a verdict from P(accept): a last axis with 1 - accept, accept."""
    return np.stack([1 - accept, accept], axis=-1)


def probability(value: float, name: str) -> None:
    """Raises an error unless the value is a probability."""
    if not 0 <= value <= 1:
        raise InputError(f"{name} is {value}, not a probability", mend="give a number from 0 to 1")
