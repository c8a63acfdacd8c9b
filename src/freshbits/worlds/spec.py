"""What a world is made of, and the model's state that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.worlds.channels import Channel
from freshbits.worlds.component import Component, Discrete, probability
from freshbits.worlds.marks import Follows, Habit, Habits
from freshbits.worlds.rates import Array, Beta, Rates
from freshbits.worlds.sizes import Fixed, Sizes
from freshbits.worlds.state import (
    Answers,
    Drift,
    Ints,
    Prompts,
    Region,
    Replicator,
    Source,
    believe,
    shifted,
)
from freshbits.worlds.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

Feature = Habit | Follows


@dataclass(frozen=True)
class Population:
    """Holds drawn prompts: base rate, wrong answers' shares, region, components' own rates."""

    rate: Array
    shares: Array
    region: Ints
    latents: Mapping[str, Array]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Describes a world; see `World`, which adds what can be done with it."""

    prompts: int = 200
    base: Rates = field(default_factory=lambda: Beta(1.0, 1.0))
    signals: Mapping[str, Component] = field(default_factory=lambda: {"reward": Channel()})
    features: Mapping[str, Feature] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=lambda: Fixed(8))
    answers: Answers = field(default_factory=Answers)
    sources: tuple[Source, ...] = (Source("model"),)
    regions: tuple[Region, ...] = (Region("sums"),)
    drift: Drift = field(default_factory=Replicator)
    cut: float = 0.0
    per_round: int | None = None
    labelled: float = 1.0
    logprobs: bool = False
    close: str = "#### {answer}"

    def __post_init__(self) -> None:
        if self.prompts < 1 or not self.signals or not self.sources or not self.regions:
            raise InputError("a world needs at least one prompt, signal, source and region")
        probability(self.labelled, "labelled")
        if not 0 <= self.cut < 1:
            raise InputError(f"cut is {self.cut}, not a share below 1")
        if self.per_round is not None and not 1 <= self.per_round <= self.prompts:
            raise InputError(f"per_round is {self.per_round}, the world has {self.prompts} prompts")
        for name, feature in self.features.items():
            if isinstance(feature, Follows) and len(self.discrete(feature.signal).levels) != 2:
                raise InputError(f"feature {name!r} follows {feature.signal!r}, which is not binary")

    def discrete(self, name: str) -> Discrete:
        """Returns a component that has finitely many levels."""
        component = self.signals.get(name)
        if not isinstance(component, Discrete):
            raise InputError(f"{name!r} is not a component with levels", mend=f"the world has {list(self.signals)}")
        return component

    @property
    def habits(self) -> Habits:
        """Returns the features that are planted before the verdict."""
        return Habits.of((name, f) for name, f in self.features.items() if isinstance(f, Habit))

    def population(self, seed: int) -> Population:
        """Draws the prompts; the first of them do not depend on how many there are."""
        count = self.prompts
        edges = np.cumsum([region.share for region in self.regions])
        region = np.zeros(count, dtype=np.int64)
        if len(self.regions) > 1:
            place = stream(seed, "regions").random(count) * edges[-1]
            region = np.minimum(np.searchsorted(edges, place, "right"), len(self.regions) - 1).astype(np.int64)
        rate = self.base.draw(stream(seed, "base rates"), count)
        for index, part in enumerate(self.regions):
            if part.base is not None:
                own = part.base.draw(stream(seed, "base rates", index), count)
                rate = np.where(region == index, own, rate)
        latents = {
            name: np.stack(
                [rates.draw(stream(seed, f"latent {name}", i), count) for i, rates in enumerate(part.latents)],
                axis=1,
            )
            if part.latents
            else np.zeros((count, 0))
            for name, part in self.signals.items()
        }
        skew = self.answers.skew.draw(stream(seed, "skew"), count)
        return Population(rate, self.answers.split(skew), region, latents)

    def asked(self, round: int) -> Ints:
        """Returns the indices of the prompts asked in a round: all, or the next `per_round` in turn."""
        if self.per_round is None:
            return np.arange(self.prompts, dtype=np.int64)
        return (round * self.per_round + np.arange(self.per_round, dtype=np.int64)) % self.prompts

    def odds(self, round: int, source: Source, region: Region) -> float:
        """Returns the factor on the odds of the right answer for one source and region in a round."""
        return self.drift.odds(round) * float(np.exp(source.shift + region.shift))

    def believed(self, population: Population, asked: Ints, round: int, source: Source) -> Prompts:
        """Returns the state of one source about the asked prompts in a round."""
        region = population.region[asked]
        odds = np.array([self.odds(round, source, part) for part in self.regions])[region]
        rate = population.rate[asked]
        belief = believe(rate * odds / (1 - rate + rate * odds), population.shares[asked], self.cut)
        return self.state(belief, region, round)

    def state(self, belief: Array, region: Ints, round: int, size: int = 0) -> Prompts:
        """Returns a batch of prompts of this world."""
        names = tuple(part.name for part in self.regions)
        return Prompts(belief, region, names, round, self.cut > 0, size)

    def jumps(self, names: tuple[str, ...], wrong: Array, odds: float) -> tuple[float, ...]:
        """Returns the base rates, before the odds are applied, at which the law of a component jumps."""
        cuts = [cut for name in names for cut in self.signals[name].breaks(wrong, self.cut)]
        inside = np.array([cut for cut in cuts if 0 < cut < 1])
        return tuple(shifted(inside, 1 / odds).tolist())
