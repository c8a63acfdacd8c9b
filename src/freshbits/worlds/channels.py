"""Components that look at the answer: verifiers and scores with known error rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from freshbits.errors import InputError
from freshbits.worlds.component import Component, Discrete, Rows, binary, probability

if TYPE_CHECKING:
    from freshbits.worlds.marks import Habits
    from freshbits.worlds.rates import Array, Rates
    from freshbits.worlds.state import Prompts


@dataclass(frozen=True)
class Channel(Discrete):
    """Accepts a right answer with probability tpr and a wrong one with fpr, on every prompt alike."""

    tpr: float = 1.0
    fpr: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        probability(self.tpr, "tpr")
        probability(self.fpr, "fpr")

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary(np.where(prompts.right > 0, self.tpr, self.fpr)[None, :, None])


@dataclass(frozen=True)
class PromptChannel(Discrete):
    """Accepts with a tpr and an fpr of the prompt's own, drawn independently of its base rate."""

    tpr: Rates
    fpr: Rates

    @property
    def latents(self) -> tuple[Rates, ...]:
        """Returns the distributions of tpr and fpr."""
        return (self.tpr, self.fpr)

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        accept = np.where(prompts.right > 0, latent[:, :1], latent[:, 1:])
        return binary(accept[:, :, None])


@dataclass(frozen=True)
class Format(Discrete):
    """Accepts any completion that is not cut short with this probability, right or wrong."""

    rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        probability(self.rate, "rate")

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        return binary((self.rate * prompts.answered)[None, :, None])


@dataclass(frozen=True)
class Shortcut(Discrete):
    """Follows a surface habit with probability `strength`, else accepts as Channel(tpr, fpr) does."""

    feature: str
    strength: float = 1.0
    tpr: float = 1.0
    fpr: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("strength", "tpr", "fpr"):
            probability(getattr(self, name), name)

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        channel = np.where(prompts.right > 0, self.tpr, self.fpr)[None, :, None]
        follow = habits.column(self.feature)[None, None, :]
        return binary(self.strength * follow + (1 - self.strength) * channel)


@dataclass(frozen=True)
class Levels(Discrete):
    """Scores on several levels, with one distribution for right answers and one for wrong ones."""

    values: tuple[float, ...]
    right: tuple[float, ...]
    wrong: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.values) == len(self.right) == len(self.wrong) or list(self.values) != sorted(set(self.values)):
            raise InputError("levels are not increasing values with one probability each for right and wrong")
        if any(abs(sum(given) - 1) > 1e-9 or min(given) < 0 for given in (self.right, self.wrong)):
            raise InputError("the probabilities of the levels do not sum to 1")

    @property
    def levels(self) -> tuple[float, ...]:
        """Returns the levels, lowest first."""
        return self.values

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:  # noqa: ARG002
        """Returns P(level | …)."""
        given = np.where(prompts.right[:, None] > 0, np.array(self.right), np.array(self.wrong))
        return given[None, :, None, :]


@dataclass(frozen=True)
class Score(Component):
    """Scores on the line: gap for a right answer, 0 for a wrong one, plus normal noise of this sd."""

    noise: float = 1.0
    gap: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.noise > 0:
            raise InputError(f"noise {self.noise} is not positive")

    def draw(self, rows: Rows, latent: Array, uniform: Array) -> Array:  # noqa: ARG002
        """Draws one score per row."""
        drawn: Array = self.gap * rows.prompts.right[rows.answer] + self.noise * special.ndtri(uniform)
        return drawn

    @property
    def auroc(self) -> float:
        """Returns P(a right answer scores higher than a wrong one)."""
        return float(special.ndtr(self.gap / (self.noise * math.sqrt(2))))

    def bits(self, rate: Array) -> Array:
        """Returns I(truth; score) in bits at each base rate, by integration over the score.

        >>> [round(float(bit), 6) for bit in Score(noise=0.01).bits(np.array([0.0, 0.5]))]
        [0.0, 1.0]
        """
        span = np.linspace(-9, 9, 721)
        lines = [self.noise * span, self.gap + self.noise * span]
        density = np.exp(-span * span / 2)
        density = density / density.sum()
        total = np.zeros(rate.size)
        for share, line in zip((1 - rate, rate), lines, strict=True):
            # log posterior odds of "right" at every score, so that tails neither under- nor overflow
            evidence = (line - self.gap / 2) * self.gap / self.noise**2
            with np.errstate(divide="ignore"):
                odds = special.logit(rate)[:, None] + evidence[None, :]
            unsure = special.entr(special.expit(odds)) + special.entr(special.expit(-odds))
            total += share * (unsure @ density)
        bits: Array = (special.entr(rate) + special.entr(1 - rate) - total) / math.log(2)
        return bits
