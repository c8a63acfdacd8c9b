"""Components that know nothing but the model: votes, confidence, self-judgement, chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import special

from freshbits.errors import InputError, OutOfRegimeError
from freshbits.worlds.component import Discrete, Rows, binary, probability

if TYPE_CHECKING:
    from freshbits.worlds.marks import Habits
    from freshbits.worlds.rates import Array
    from freshbits.worlds.state import Prompts


@dataclass(frozen=True)
class Majority(Discrete):
    """Accepts the rows whose answer most rows of the group share; of tied answers the first sampled wins.

    Rows without an answer neither vote nor win. Verdicts of one group depend on each other, so the number
    accepted is the largest vote, not binomial; the truth describes one row picked at random from its group.
    """

    votes: ClassVar[bool] = True

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …) for a row picked at random from its group, by counting all groups."""
        return binary(_wins(prompts.belief, prompts.size, prompts.cut)[:, :, None])

    def dead(self, prompts: Prompts, latent: Array, habits: Habits, size: int) -> Array:  # noqa: ARG002
        """Returns P(all rejected), P(all accepted): nobody answered, everybody agrees."""
        answering = prompts.belief[:, : prompts.belief.shape[1] - int(prompts.cut)]
        nobody = prompts.belief[:, -1] ** size if prompts.cut else np.zeros(len(answering))
        return np.stack([nobody, (answering**size).sum(axis=1)], axis=1)

    def surprise(self) -> float | None:
        """Returns 0: the verdict is a function of the group's votes."""
        return 0.0

    def draw(self, rows: Rows, latent: Array, uniform: Array) -> Array:  # noqa: ARG002
        """Counts the votes of each group."""
        classes = rows.prompts.belief.shape[1]
        votes = np.zeros((rows.groups, classes))
        np.add.at(votes, (rows.group, rows.answer), 1.0)
        first = np.full((rows.groups, classes), float(rows.group.size))
        np.minimum.at(first, (rows.group, rows.answer), np.arange(rows.group.size, dtype=float))
        standing = votes - first / (rows.group.size + 1.0)
        if rows.prompts.cut:
            standing[:, -1] = -np.inf
            votes[:, -1] = 0.0
        winner = np.where(votes.max(axis=1) > 0, standing.argmax(axis=1), -1)
        accepted: Array = (winner[rows.group] == rows.answer).astype(float)
        return accepted


@dataclass(frozen=True)
class Confidence(Discrete):
    """Accepts the answers that the model itself gives at least this probability."""

    threshold: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.threshold < 1:
            raise InputError(f"threshold {self.threshold} is not between 0 and 1")

    def breaks(self, wrong: Array, cut: float) -> tuple[float, ...]:
        """Returns the base rates at which an answer crosses the threshold."""
        least = self.threshold / (1 - cut)
        return (least, *(1 - least / share for share in wrong if share > 0))

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary(((prompts.belief >= self.threshold) * prompts.answered)[:, :, None])

    def surprise(self) -> float | None:
        """Returns 0: the verdict is a function of the logged log-probability."""
        return 0.0


@dataclass(frozen=True)
class SelfJudge(Discrete):
    """Accepts where the model's own log-odds (natural) of the answer, plus normal noise, are above a bar.

    P(accept) = Phi((logit belief - bar) / noise): nothing about the task beyond the model's belief.
    """

    noise: float = 1.0
    bar: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.noise > 0:
            raise InputError(f"noise {self.noise} is not positive", mend="use Confidence for a judge without noise")

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        accept = special.ndtr((special.logit(prompts.belief) - self.bar) / self.noise) * prompts.answered
        return binary(accept[:, :, None])


@dataclass(frozen=True)
class Random(Discrete):
    """Accepts with the same probability whatever the row says."""

    rate: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        probability(self.rate, "rate")

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary(np.full((1, 1, 1), self.rate))

    def surprise(self) -> float | None:
        """Returns h(rate): no state of the model says anything about it."""
        return float((special.entr(self.rate) + special.entr(1 - self.rate)) / math.log(2))


def _wins(belief: Array, size: int, cut: bool) -> Array:
    """Returns P(its answer wins | a row's answer class) in groups of `size`, by counting all vote counts.

    E[n_k; k wins] = sum over m of m P(n_k = m, nobody above m) / (1 + ties), from the truncated exponential
    generating functions of the other classes' counts, with the ties as a second index.
    """
    if size < 1:
        raise OutOfRegimeError("a vote needs one group size for all prompts")
    prompts, classes = belief.shape
    power = belief[:, :, None] ** np.arange(size + 1) / special.factorial(np.arange(size + 1))
    accepted = np.zeros((prompts, classes))
    voters = classes - int(cut)
    for k in range(voters):
        for m in range(1, size + 1):
            left = size - m
            tied = [np.zeros((prompts, left + 1))]
            tied[0][:, 0] = 1.0
            for other in range(classes):
                if other == k:
                    continue
                if cut and other == classes - 1:
                    tied = [_times(poly, power[:, other, : left + 1], left) for poly in tied]
                    continue
                fewer = [_times(poly, power[:, other, : min(m, left + 1)], left) for poly in tied]
                equal = [np.zeros_like(poly) for poly in tied]
                if m <= left:
                    for poly, target in zip(tied, equal, strict=True):
                        target[:, m:] = poly[:, : left + 1 - m] * power[:, other, m, None]
                zero = np.zeros((prompts, left + 1))
                tied = [a + b for a, b in zip([*fewer, zero], [zero, *equal], strict=True)]
            share = sum(poly[:, left] / (1 + ties) for ties, poly in enumerate(tied))
            accepted[:, k] += m * power[:, k, m] * share
    accepted *= special.factorial(size) / size
    with np.errstate(divide="ignore", invalid="ignore"):
        wins = np.where(belief > 0, accepted / belief, 0.0)
    return np.clip(wins, 0.0, 1.0)


def _times(poly: Array, factor: Array, degree: int) -> Array:
    product = np.zeros_like(poly)
    for power in range(min(factor.shape[1], degree + 1)):
        product[:, power:] += poly[:, : degree + 1 - power] * factor[:, power, None]
    return product
