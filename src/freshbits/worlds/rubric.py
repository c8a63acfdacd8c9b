"""Logs of a rubric whose criteria look at a few matters only, read by a judge that errs: what they carry is known.

Every rollout shows each of a few matters or not, at a rate that is uniform over prompts. Every criterion looks at one
of them, and at each asking the judge misreads it with a fixed chance: that is the judge's own noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import polars as pl

RATES = (np.arange(2000) + 0.5) / 2000


@dataclass(frozen=True)
class Rubric:
    """Describes a rubric's world.

    Attributes:
        prompts: number of prompts.
        rollouts: rollouts of each prompt.
        matters: what there is to see in a rollout.
        criteria: criteria; they look at the matters in turn, as evenly as can be.
        flip: chance that the judge misreads a matter, at each asking and for each criterion by itself.
        asked: verdicts on each rollout and criterion.

    >>> world = Rubric(matters=2, criteria=10)
    >>> world.draw(0).columns[:3], round(world.joint, 3)  # two uniform rates: 2 · 1 / (2 ln 2)
    (['prompt', 'completion', 'criterion_1'], 1.443)
    """

    prompts: int = 200
    rollouts: int = 8
    matters: int = 2
    criteria: int = 10
    flip: float = 0.0
    asked: int = 1

    def draw(self, seed: int) -> pl.DataFrame:
        """Draws one log; verdicts of a judge that is asked more than once stand as `criterion_1@1`, …."""
        rng = np.random.default_rng(seed)
        prompt = np.repeat(np.arange(self.prompts), self.rollouts)
        shown = rng.random((prompt.size, self.matters)) < rng.random((self.prompts, self.matters))[prompt]
        seen = shown[:, [criterion % self.matters for criterion in range(self.criteria)]]
        columns: dict[str, list[str] | np.ndarray[tuple[int], np.dtype[np.float64]]] = {
            "prompt": [f"prompt {seed}-{number}" for number in prompt],
            "completion": [f"rollout {number}" for number in range(prompt.size)],
        }
        for time in range(self.asked):
            read = seen ^ (rng.random(seen.shape) < self.flip)
            for criterion in range(self.criteria):
                name = f"criterion_{criterion + 1}" + (f"@{time + 1}" if self.asked > 1 else "")
                columns[name] = read[:, criterion].astype(np.float64)
        return pl.DataFrame(columns)

    @property
    def noise(self) -> float:
        """Own noise of one verdict, h(flip), in bits."""
        return _entropy(np.array([self.flip]))

    @property
    def alone(self) -> float:
        """Contrast bits of one criterion."""
        return _entropy(_misread(RATES, self.flip))

    @property
    def joint(self) -> float:
        """Contrast bits of one asking of all criteria together."""
        return sum(_patterns(size, self.flip) for size in self._sizes())

    @property
    def own(self) -> tuple[float, ...]:
        """What each criterion says that none of the others does."""
        sizes = self._sizes()
        by_matter = [_patterns(size, self.flip) - _patterns(size - 1, self.flip) for size in sizes]
        return tuple(by_matter[criterion % self.matters] for criterion in range(self.criteria))

    @property
    def agreed(self) -> float:
        """What at least two criteria say: `joint` less every criterion's `own`."""
        return self.joint - sum(self.own)

    def _sizes(self) -> list[int]:
        """Returns how many criteria look at each matter."""
        return [len(range(matter, self.criteria, self.matters)) for matter in range(self.matters)]


def _misread(
    rate: np.ndarray[tuple[int], np.dtype[np.float64]], flip: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return rate * (1 - flip) + (1 - rate) * flip


def _entropy(rate: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Returns the mean binary entropy of some rates, in bits."""
    both = np.stack([rate, 1 - rate])
    return float(-(both * np.log2(np.where(both > 0, both, 1.0))).sum(axis=0).mean())


def _patterns(size: int, flip: float) -> float:
    """Returns the mean entropy, over uniform rates, of `size` readings of one matter."""
    total = np.zeros(RATES.size)
    for hits in range(size + 1):
        right, wrong = (1 - flip) ** hits * flip ** (size - hits), flip**hits * (1 - flip) ** (size - hits)
        chance = RATES * right + (1 - RATES) * wrong
        total -= comb(size, hits) * chance * np.log2(np.where(chance > 0, chance, 1.0))
    return float(total.mean())
