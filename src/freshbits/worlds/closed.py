"""Components that bring nothing from outside however rich they look: fresh votes, sampled confidence, prompt noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from freshbits.errors import InputError
from freshbits.worlds.component import Discrete, Rows, binary

if TYPE_CHECKING:
    from freshbits.worlds.marks import Habits
    from freshbits.worlds.rates import Array, Rates
    from freshbits.worlds.state import Prompts


@dataclass(frozen=True)
class Ballot(Discrete):
    """Accepts the answer that wins a vote of `of` fresh samples of the model, none of which is logged.

    All rows of a group meet the same vote; of tied answers one wins by lot. Completions without an answer neither
    vote nor win; where nobody voted nothing is accepted. `of` = 1 takes one more sample for the truth, 64 is the
    pseudo-label of test-time reinforcement learning (Zuo et al., arXiv 2504.16084).
    """

    of: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.of <= 150:
            raise InputError(f"a vote of {self.of}", mend="give 1 to 150 samples")

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …): an answer is accepted when its class wins."""
        return binary(winning(prompts.belief, self.of, prompts.cut)[:, :, None])

    def dead(self, prompts: Prompts, latent: Array, habits: Habits, size: int) -> Array:  # noqa: ARG002
        """Returns P(all rejected), P(all accepted): nobody gave the winner, everybody did."""
        wins = winning(prompts.belief, self.of, prompts.cut)
        none = 1.0 - wins.sum(axis=1) + (wins * (1.0 - prompts.belief) ** size).sum(axis=1)
        return np.stack([none, (wins * prompts.belief**size).sum(axis=1)], axis=1)

    def draw(self, rows: Rows, latent: Array, uniform: Array) -> Array:  # noqa: ARG002
        """Holds one vote per group, with a generator seeded by the number of the group's first row."""
        belief = rows.prompts.belief
        groups, first = np.unique(rows.group, return_index=True)
        winner = np.full(rows.groups, -1, dtype=np.int64)
        for group, row in zip(groups, first, strict=True):
            rng = np.random.default_rng(int(uniform[row] * 2**53))
            chances = belief[rows.prompt[row]]
            votes = rng.multinomial(self.of, chances / chances.sum()).astype(float)
            if rows.prompts.cut:
                votes[-1] = 0.0
            if votes.any():
                winner[group] = (votes + rng.random(votes.size) / 2).argmax()
        accepted: Array = (winner[rows.group] == rows.answer).astype(float)
        return accepted


@dataclass(frozen=True)
class SampledConfidence(Discrete):
    """Accepts an answer with the probability that the model itself gives it, row by row."""

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary((prompts.belief * prompts.answered)[:, :, None])


@dataclass(frozen=True)
class PromptNoise(Discrete):
    """Accepts any completion of a prompt with the prompt's own rate, which has nothing to do with the task."""

    rate: Rates

    @property
    def latents(self) -> tuple[Rates, ...]:
        """Returns the distribution of the rate."""
        return (self.rate,)

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary(latent[:, :, None])


def winning(belief: Array, of: int, cut: bool = False) -> Array:
    """Returns P(class k wins | prompt) for a vote of `of` fresh samples, ties by lot; the last class cannot with `cut`.

    P = of! · Σ_m Σ_t [x^(of-m) y^t] p_k^m/m! · Π_j (Σ_{i<m} (p_j x)^i/i! + y (p_j x)^m/m!) / (1 + t), the exponential
    generating function of the other classes' counts with the number of ties as a second index.

    >>> winning(np.array([[0.75, 0.25]]), 3).round(6).tolist()
    [[0.84375, 0.15625]]
    """
    prompts, classes = belief.shape
    voters = classes - int(cut)
    terms = belief[:, :, None] ** np.arange(of + 1) / special.factorial(np.arange(of + 1))
    wins = np.zeros((prompts, classes))
    for k in range(voters):
        for m in range(1, of + 1):
            left = of - m
            tied = [np.zeros((prompts, left + 1))]
            tied[0][:, 0] = 1.0
            for other in (j for j in range(classes) if j != k):
                if other >= voters:  # completions without an answer take their share of the samples and do not compete
                    tied = [_times(poly, terms[:, other, : left + 1]) for poly in tied]
                    continue
                fewer = [_times(poly, terms[:, other, : min(m, left + 1)]) for poly in tied]
                equal = [np.zeros_like(poly) for poly in tied]
                if m <= left:
                    for poly, target in zip(tied, equal, strict=True):
                        target[:, m:] = poly[:, : left + 1 - m] * terms[:, other, m, None]
                zero = np.zeros((prompts, left + 1))
                tied = [a + b for a, b in zip([*fewer, zero], [zero, *equal], strict=True)]
            wins[:, k] += terms[:, k, m] * sum(poly[:, left] / (1 + ties) for ties, poly in enumerate(tied))
    chances: Array = np.clip(wins * special.factorial(of), 0.0, 1.0)
    return chances


def _times(poly: Array, factor: Array) -> Array:
    """Returns the product of two polynomials, cut at the degree of the first."""
    product = np.zeros_like(poly)
    for power in range(min(factor.shape[1], poly.shape[1])):
        product[:, power:] += poly[:, : poly.shape[1] - power] * factor[:, power, None]
    return product
