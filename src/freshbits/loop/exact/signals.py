"""Signals of exact worlds: with what chance each sampled answer is accepted, and what that chance depends on.

Every signal gives `rates`, shape (hypotheses, judges, states, batches, answers), with length 1 along everything it does
not depend on. That shape is the structure: a signal whose first two axes have length 1 knows nothing of the task that
the model's state does not. Given the rates, samples are accepted independently of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol

import numpy as np

from freshbits.errors import OutOfRegimeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """Holds what a signal may look at.

    Attributes:
        right: whether each answer is right under each hypothesis, shape (hypotheses, answers).
        share: the model's shares in each state, shape (states, answers).
        sampled: count vectors of each batch, shape (batches, answers).
    """

    right: NDArray[np.bool_]
    share: NDArray[np.float64]
    sampled: NDArray[np.int64]


class ExactSignal(Protocol):
    """Describes what accepts samples in an exact world."""

    def judges(self, right: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Returns P(judge | hypothesis), shape (hypotheses, judges): what is drawn once, before the first round."""
        ...

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns the chance that a sample of each answer is accepted."""
        ...


@dataclass(frozen=True)
class _Closed:
    """Says that nothing about the task is drawn before the first round."""

    def judges(self, right: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Returns P(judge | hypothesis): there is one judge, whatever the hypothesis."""
        return np.ones((right.shape[0], 1))


@dataclass(frozen=True)
class Random(_Closed):
    """Accepts every sample with the same chance; 1 keeps all, as self-training without a filter does.

    >>> scene = Scene(np.eye(2, dtype=bool), np.ones((1, 2)) / 2, np.array([[1, 1]]))
    >>> Random().rates(scene).shape
    (1, 1, 1, 1, 2)
    """

    chance: float = 1.0

    def __post_init__(self) -> None:
        _probability(self.chance, "chance")

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns the same chance for every answer."""
        return np.full((1, 1, 1, 1, scene.right.shape[1]), self.chance)


@dataclass(frozen=True)
class Verifier(_Closed):
    """Accepts right samples with chance `tpr` and wrong ones with chance `fpr`, anew for every sample: external.

    >>> scene = Scene(np.eye(2, dtype=bool), np.ones((1, 2)) / 2, np.array([[1, 1]]))
    >>> Verifier(0.9, 0.2).rates(scene)[:, 0, 0, 0].tolist()
    [[0.9, 0.2], [0.2, 0.9]]
    """

    tpr: float
    fpr: float

    def __post_init__(self) -> None:
        _probability(self.tpr, "tpr")
        _probability(self.fpr, "fpr")

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns tpr where the hypothesis has the answer right, else fpr."""
        return np.where(scene.right, self.tpr, self.fpr)[:, None, None, None, :]


@dataclass(frozen=True)
class Majority(_Closed):
    """Accepts the samples of the most frequent answer of the batch, of all of them where they tie: own state.

    >>> scene = Scene(np.eye(2, dtype=bool), np.ones((1, 2)) / 2, np.array([[2, 1], [1, 1]]))
    >>> Majority().rates(scene)[0, 0, 0].tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns 1 for the most frequent answers of each batch."""
        first = scene.sampled == scene.sampled.max(axis=1, keepdims=True)
        return np.asarray(first[None, None, None], dtype=np.float64)


@dataclass(frozen=True)
class Confidence(_Closed):
    """Accepts a sample with the model's own share of its answer, to a power: own state.

    `power` 0 accepts everything, large powers accept only what the model is sure of.
    """

    power: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.power < np.inf:
            raise OutOfRegimeError(f"a confidence has a power of 0 or more, not {self.power}.")

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns share ** power, state by state."""
        return np.asarray(scene.share**self.power)[None, None, :, None, :]


@dataclass(frozen=True)
class Judge:
    """Judges every answer once, before the first round, and says the same ever after: memory, exhaustible.

    The judge accepts answer a with chance `tpr` if it is right, else `fpr`, and never changes its mind. So the state
    can hold no more than what it began with and I(X; judge), however many rounds the judge is asked.

    >>> Judge(0.9, 0.2).judges(np.array([[True, False]])).round(2).tolist()  # none, second, first, both
    [[0.08, 0.02, 0.72, 0.18]]
    """

    tpr: float
    fpr: float

    def __post_init__(self) -> None:
        _probability(self.tpr, "tpr")
        _probability(self.fpr, "fpr")

    def judges(self, right: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Returns P(accepted set | hypothesis), one judge per set of answers."""
        chance = np.where(right, self.tpr, self.fpr)[:, None, :]
        return np.asarray(np.where(_sets(right.shape[1]), chance, 1 - chance).prod(axis=-1))

    def rates(self, scene: Scene) -> NDArray[np.float64]:
        """Returns 1 for the answers that the judge accepts."""
        return _sets(scene.right.shape[1]).astype(np.float64)[None, :, None, None, :]


def _sets(answers: int) -> NDArray[np.bool_]:
    """Returns all sets of answers, shape (2 ** answers, answers)."""
    return np.array(list(product([False, True], repeat=answers)))


def _probability(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise OutOfRegimeError(f"{name} is a probability, not {value}.")
