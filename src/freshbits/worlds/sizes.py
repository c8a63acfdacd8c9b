"""How many rollouts a group has: one number, or a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from freshbits.errors import InputError

if TYPE_CHECKING:
    from freshbits.worlds.rates import Array

Counts = npt.NDArray[np.int64]


class Sizes(Protocol):
    """Names what every distribution of group sizes can do."""

    def draw(self, rng: np.random.Generator, n: int) -> Counts:
        """Draws n group sizes."""

    def support(self) -> tuple[Counts, Array]:
        """Returns all sizes and their probabilities."""


@dataclass(frozen=True)
class Fixed:
    """Gives every group the same number of rollouts.

    >>> Fixed(8).support()
    (array([8]), array([1.]))
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError(f"a group of {self.size} rollouts is empty")

    def draw(self, rng: np.random.Generator, n: int) -> Counts:  # noqa: ARG002
        """Draws n group sizes."""
        return np.full(n, self.size, dtype=np.int64)

    def support(self) -> tuple[Counts, Array]:
        """Returns all sizes and their probabilities."""
        return np.array([self.size], dtype=np.int64), np.ones(1)


@dataclass(frozen=True)
class Choice:
    """Gives groups sizes from a list of (size, weight)."""

    points: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        if not self.points or any(size < 1 or not weight > 0 for size, weight in self.points):
            raise InputError(f"{self.points} are not sizes of at least 1 with positive weights")

    def draw(self, rng: np.random.Generator, n: int) -> Counts:
        """Draws n group sizes."""
        sizes, weights = self.support()
        return sizes[np.minimum(np.searchsorted(np.cumsum(weights), rng.random(n), "right"), sizes.size - 1)]

    def support(self) -> tuple[Counts, Array]:
        """Returns all sizes and their probabilities."""
        sizes = np.array([size for size, _ in self.points], dtype=np.int64)
        weights = np.array([weight for _, weight in self.points])
        return sizes, weights / weights.sum()


def log_uniform(low: int = 2, high: int = 64) -> Choice:
    """Returns sizes from low to high with the logarithm of the size about uniform: P(n) ∝ log((n + 1) / n).

    >>> sizes, weights = log_uniform(2, 64).support()
    >>> int(sizes[0]), int(sizes[-1]), round(float(weights[0]), 4)
    (2, 64, 0.1165)
    """
    return Choice(tuple((n, float(np.log1p(1 / n))) for n in range(low, high + 1)))
