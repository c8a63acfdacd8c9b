"""Pairs: an accepted and a rejected text of the same prompt, what every probe reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Text = str | Sequence[int]


@dataclass(frozen=True)
class Pairs:
    """Holds accepted and rejected texts, one of each per pair, both written for the same prompt.

    A text should stand in one pair only: a probe that meets it twice remembers it.

    Attributes:
        accepted: text, or list of token numbers (from 1), of the rollout that the signal preferred.
        rejected: the other one of the same prompt.
        weight: |score of the accepted - score of the rejected|, shape (pairs,); None where all count equally.

    Raises:
        InputError: if the lists differ in length or a weight is no positive number.

    >>> len(Pairs(["yes!", "- yes"], ["no", "no no"]))
    2
    """

    accepted: Sequence[Text]
    rejected: Sequence[Text]
    weight: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if len(self.accepted) != len(self.rejected):
            raise InputError(
                f"{len(self.accepted)} accepted and {len(self.rejected)} rejected texts are not in pairs",
                mend="give one rejected text for each accepted one",
            )
        if self.weight is not None and (
            len(self.weight) != len(self.accepted) or not (np.isfinite(self.weight) & (self.weight > 0)).all()
        ):
            raise InputError("weights of pairs must be positive, one per pair", mend="give |score difference|")

    def __len__(self) -> int:
        return len(self.accepted)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Returns the weight of each pair, 1 in the mean."""
        if self.weight is None or not len(self):
            return np.ones(len(self))
        return np.asarray(self.weight / self.weight.mean(), dtype=np.float64)


def pair_up(
    score: NDArray[np.float64], group: NDArray[np.uint64], seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs the rows of each group, every row once: (place of the higher score, place of the lower one).

    Rows are put in the order of their scores, equal ones at random, and the lower half is paired with the upper half
    in that order; equal scores make no pair. Of a accepted and r rejected rows that gives min(a, r) pairs. Pairs come
    in random order.

    >>> high, low = pair_up(np.array([1.0, 0.0, 1.0, 1.0]), np.zeros(4, dtype=np.uint64))
    >>> low.tolist(), high.size
    ([1], 1)
    """
    rng = np.random.default_rng([seed, 1])
    order = np.lexsort((rng.random(score.size), score, group))
    _, start, size = np.unique(group[order], return_index=True, return_counts=True)
    half = size // 2
    place = np.repeat(start, half) + (np.arange(half.sum()) - np.repeat(np.cumsum(half) - half, half))
    low, high = order[place], order[place + np.repeat(size - half, half)]
    kept = rng.permutation(np.flatnonzero(score[high] > score[low]))
    return high[kept].astype(np.int64), low[kept].astype(np.int64)
