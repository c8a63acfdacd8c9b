"""Components whose law changes: over rounds, or from region to region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.worlds.component import Discrete, binary

if TYPE_CHECKING:
    from freshbits.worlds.marks import Habits
    from freshbits.worlds.rates import Array, Rates
    from freshbits.worlds.state import Prompts


@dataclass(frozen=True)
class Trend(Discrete):
    """Multiplies the odds that a binary component accepts by the same ratio every round.

    A ratio above 1 saturates the component, as a format reward does in the first rounds of a run.
    """

    start: Discrete
    ratio: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.start.levels) != 2 or self.start.votes or not self.ratio > 0:
            raise InputError("a trend needs a binary component without votes and a positive ratio")

    @property
    def levels(self) -> tuple[float, ...]:
        """Returns the levels of the component."""
        return self.start.levels

    @property
    def latents(self) -> tuple[Rates, ...]:
        """Returns the component's own per-prompt rates."""
        return self.start.latents

    def breaks(self, wrong: Array, cut: float) -> tuple[float, ...]:
        """Returns the base rates at which the law jumps."""
        return self.start.breaks(wrong, cut)

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:
        """Returns P(level | …) in the batch's round."""
        reject, accept = np.moveaxis(self.start.law(prompts, latent, habits), -1, 0)
        odds = self.ratio**prompts.round
        return binary(accept * odds / (accept * odds + reject))


@dataclass(frozen=True)
class Regional(Discrete):
    """Judges by another component in some regions: a verifier that is worst in one place."""

    otherwise: Discrete
    within: tuple[tuple[str, Discrete], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        parts = [part for _, part in self.within]
        if any(part.levels != self.otherwise.levels or part.votes for part in [self.otherwise, *parts]):
            raise InputError("the parts of a regional component do not have the same levels, without votes")

    @property
    def levels(self) -> tuple[float, ...]:
        """Returns the levels of the components."""
        return self.otherwise.levels

    @property
    def latents(self) -> tuple[Rates, ...]:
        """Returns the parts' own per-prompt rates, one part after the other."""
        return (*self.otherwise.latents, *(rates for _, part in self.within for rates in part.latents))

    def breaks(self, wrong: Array, cut: float) -> tuple[float, ...]:
        """Returns the base rates at which the law of any part jumps."""
        found = self.otherwise.breaks(wrong, cut)
        return (*found, *(at for _, part in self.within for at in part.breaks(wrong, cut)))

    def law(self, prompts: Prompts, latent: Array, habits: Habits) -> Array:
        """Returns P(level | …), by the region of each prompt."""
        width = len(self.otherwise.latents)
        law = self.otherwise.law(prompts, latent[:, :width], habits)
        for name, part in self.within:
            if name not in prompts.regions:
                raise InputError(f"the world has no region {name!r}", mend=f"it has {list(prompts.regions)}")
            own = part.law(prompts, latent[:, width : width + len(part.latents)], habits)
            width += len(part.latents)
            here = prompts.region == prompts.regions.index(name)
            law = np.where(here[:, None, None, None], own, law)
        return law
