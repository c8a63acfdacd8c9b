"""The model's state: what it believes about every prompt, before anything is sampled.

Answer classes are numbered: 0 is the right answer, then the wrong answers from the most to the least popular,
then, where completions can be cut short, the class of completions without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from freshbits.errors import InputError
from freshbits.worlds.rates import Array, Atoms, Rates

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """Describes how wrong answers share the wrong mass: the j-th has weight skew^j, skew by prompt.

    A small skew makes one wrong answer popular, so that votes can be confidently wrong; skew 1 is even.
    """

    wrong: int = 3
    skew: Rates = field(default_factory=lambda: Atoms([(0.5, 1.0)]))

    def __post_init__(self) -> None:
        if not 1 <= self.wrong <= 12:
            raise InputError(f"{self.wrong} wrong answers per prompt; there can be 1 to 12")

    def split(self, skew: Array) -> Array:
        """Returns the wrong answers' shares of the wrong mass, one row per prompt.

        >>> Answers(2).split(np.array([0.5]))
        array([[0.66666667, 0.33333333]])
        """
        shares = np.power(skew[:, None], np.arange(self.wrong))
        normalised: Array = shares / shares.sum(axis=1, keepdims=True)
        return normalised


@dataclass(frozen=True)
class Source:
    """Names a model that generates; shift is added to its log-odds (natural) of the right answer."""

    name: str
    shift: float = 0.0


@dataclass(frozen=True)
class Region:
    """Names a kind of task: its share of the prompts, and base rates of its own where given."""

    name: str
    share: float = 1.0
    shift: float = 0.0
    base: Rates | None = None


class Drift(Protocol):
    """Names what every rule for the change of the base rates over rounds can do."""

    def odds(self, round: int) -> float:
        """Returns the factor on the odds of the right answer in a round."""


@dataclass(frozen=True)
class Replicator:
    """Multiplies the odds of the right answer by the same likelihood ratio every round.

    >>> Replicator(2.0).odds(3)
    8.0
    """

    ratio: float = 1.0

    def odds(self, round: int) -> float:
        """Returns the factor on the odds of the right answer in a round."""
        return float(self.ratio**round)


@dataclass(frozen=True)
class Schedule:
    """Gives the factor on the odds round by round; the last one holds on."""

    factors: tuple[float, ...]

    def odds(self, round: int) -> float:
        """Returns the factor on the odds of the right answer in a round."""
        return self.factors[min(round, len(self.factors) - 1)]


@dataclass(frozen=True)
class Prompts:
    """Holds what the model believes about a batch of prompts in one round.

    Attributes:
        belief: (prompts, classes) probability of every answer class; rows sum to 1.
        region: (prompts,) index into `regions`.
        round: the round.
        cut: whether the last class is "no answer".
        size: rollouts per group, which votes depend on; 0 where it differs by prompt.
    """

    belief: Array
    region: Ints
    regions: tuple[str, ...]
    round: int = 0
    cut: bool = False
    size: int = 0

    @property
    def right(self) -> Array:
        """Returns 1.0 for the right answer's class and 0.0 for the others."""
        right = np.zeros(self.belief.shape[1])
        right[0] = 1.0
        return right

    @property
    def answered(self) -> Array:
        """Returns 1.0 for classes with an answer and 0.0 for "no answer"."""
        answered = np.ones(self.belief.shape[1])
        answered[-1] = 0.0 if self.cut else 1.0
        return answered


def shifted(rate: Array, odds: float) -> Array:
    """Returns the rate with its odds multiplied; 0 and 1 stay.

    >>> shifted(np.array([0.0, 0.5, 1.0]), 3.0)
    array([0.  , 0.75, 1.  ])
    """
    moved: Array = rate * odds / (1 - rate + rate * odds)
    return moved


def believe(rate: Array, shares: Array, cut: float) -> Array:
    """Returns the belief over answer classes: the right answer has (1 - cut) rate, no answer has cut.

    >>> believe(np.array([0.5]), np.array([[1.0]]), 0.0)
    array([[0.5, 0.5]])
    """
    parts = [rate[:, None], (1 - rate)[:, None] * shares]
    if cut:
        return np.concatenate([(1 - cut) * np.concatenate(parts, axis=1), np.full((rate.size, 1), cut)], axis=1)
    return np.concatenate(parts, axis=1)
