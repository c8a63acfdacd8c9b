"""Surface features planted in the text, with a known dependence on truth or on a verdict."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freshbits.worlds.rates import Array


@dataclass(frozen=True)
class Mark:
    """Is what a feature does to the text: a piece added where it is present, another where it is absent.

    Attributes:
        present: text put before the closing sentence where the feature is present.
        absent: the same where it is absent.
        close: closing sentence, with {answer}, that replaces the world's where the feature is present.
    """

    present: str = ""
    absent: str = ""
    close: str | None = None


@dataclass(frozen=True)
class Habit:
    """Plants a feature before the verdict: P(feature | right), P(feature | wrong), on every prompt."""

    right: float
    wrong: float
    mark: Mark = Mark("- I checked the digits.\n- I checked the sum.\n")

    def __post_init__(self) -> None:
        if not (0 <= self.right <= 1 and 0 <= self.wrong <= 1):
            raise InputError(f"{self.right} and {self.wrong} are not both probabilities")


@dataclass(frozen=True)
class Follows:
    """Plants a feature after the verdict of a binary signal: P(feature | accepted), P(feature | rejected).

    A row that the signal leaves unscored follows the verdict it would have got.
    """

    signal: str
    accepted: float
    rejected: float
    mark: Mark = Mark("I went through every step of this sum twice in order to be quite sure of it.\n")

    def __post_init__(self) -> None:
        if not (0 <= self.accepted <= 1 and 0 <= self.rejected <= 1):
            raise InputError(f"{self.accepted} and {self.rejected} are not both probabilities")


@dataclass(frozen=True)
class Habits:
    """Holds all configurations of the habits, with their probabilities given right and given wrong.

    >>> Habits.of([("bullets", Habit(0.75, 0.5))]).right
    array([0.25, 0.75])
    """

    names: tuple[str, ...]
    table: Array
    right: Array
    wrong: Array

    @classmethod
    def of(cls, habits: Iterable[tuple[str, Habit]]) -> Habits:
        """Enumerates the configurations of these habits, which are independent given truth."""
        named = list(habits)
        table = np.array(list(itertools.product((0.0, 1.0), repeat=len(named))))
        given = [
            np.prod(np.where(table > 0, rates, 1 - rates), axis=1)
            for rates in (
                np.array([habit.right for _, habit in named]),
                np.array([habit.wrong for _, habit in named]),
            )
        ]
        return cls(tuple(name for name, _ in named), table, given[0], given[1])

    def column(self, name: str) -> Array:
        """Returns the feature's value in every configuration."""
        if name not in self.names:
            raise InputError(f"{name!r} is not a habit of this world", mend=f"it has {list(self.names)}")
        return self.table[:, self.names.index(name)]
