"""Counts of the same prompts over rounds, as arrays: what a fit is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """Holds prompts by rounds; n = 0 where a prompt was not asked.

    Attributes:
        rounds: the rounds, rising; unequal gaps are allowed.
        n: rollouts, shape (prompts, rounds).
        x: right (or accepted) rollouts among them.
        unlike: ordered pairs of rollouts of a prompt that give different answers, n(n-1) - Σ c(c-1); None where
            answers are not known.
    """

    rounds: Ints
    n: Ints
    x: Ints
    unlike: Ints | None = None

    @property
    def steps(self) -> Ints:
        """Rounds from each logged round to the next, in units of their greatest common divisor."""
        gaps = np.diff(self.rounds)
        return np.asarray(gaps // self.unit, dtype=np.int64)

    @property
    def unit(self) -> int:
        """Rounds of the log that make one round of the fit."""
        gaps = np.diff(self.rounds)
        return int(np.gcd.reduce(gaps)) if gaps.size else 1

    @property
    def repeated(self) -> int:
        """Prompts present in two consecutive rounds, the fewest over all pairs of rounds."""
        both = (self.n[:, 1:] > 0) & (self.n[:, :-1] > 0)
        return int(both.sum(axis=0).min()) if both.shape[1] else 0

    def until(self, count: int) -> Panel:
        """Returns the first rounds only."""
        unlike = None if self.unlike is None else self.unlike[:, :count]
        return Panel(self.rounds[:count], self.n[:, :count], self.x[:, :count], unlike)

    def where(self, prompts: NDArray[np.bool_] | Ints) -> Panel:
        """Returns some prompts."""
        unlike = None if self.unlike is None else self.unlike[prompts]
        return Panel(self.rounds, self.n[prompts], self.x[prompts], unlike)

    def accuracy(self) -> tuple[Array, Array]:
        """Returns (mean, standard error) of the share right, per round."""
        return _means(np.where(self.n > 0, self.x / np.maximum(self.n, 1), np.nan))

    def diversity(self) -> tuple[Array, Array] | None:
        """Returns (mean, standard error) per round of the unbiased chance that two rollouts differ; None if unknown.

        >>> Panel(np.arange(1), np.array([[4]]), np.array([[2]]), np.array([[8]])).diversity()[0].round(3).tolist()
        [0.667]
        """
        shares = self.unlike_shares()
        return None if shares is None else _means(shares)

    def unlike_shares(self) -> Array | None:
        """Returns the unbiased chance that two rollouts of a prompt differ: K/(K-1) (1 - Σ f²), NaN below two."""
        if self.unlike is None:
            return None
        pairs = (self.n * (self.n - 1)).astype(np.float64)
        return np.where(pairs > 0, self.unlike / np.maximum(pairs, 1.0), np.nan)

    def within(self) -> tuple[Array, Array, Array] | None:
        """Returns per prompt and round the chances (wrong-wrong, right-right, unlike within a class) of two rollouts.

        None where answers are unknown, or where right and wrong rollouts share answers, so that the verdict is not
        a function of the answer.
        """
        if self.unlike is None:
            return None
        inside = self.unlike - 2 * self.x * (self.n - self.x)
        if float((inside < 0).mean()) > 0.01:
            return None
        pairs = np.maximum(self.n * (self.n - 1), 1).astype(np.float64)
        some = self.n > 1
        wrong = (self.n - self.x) * (self.n - self.x - 1) / pairs
        right = self.x * (self.x - 1) / pairs
        parts = (wrong, right, np.maximum(inside, 0) / pairs)
        return (
            np.where(some, parts[0], np.nan),
            np.where(some, parts[1], np.nan),
            np.where(some, parts[2], np.nan),
        )


def _means(values: Array) -> tuple[Array, Array]:
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    mean = np.nansum(values, axis=0) / count
    spread = np.nansum((values - mean) ** 2, axis=0) / np.maximum(count - 1, 1)
    return mean, np.sqrt(spread / count)
