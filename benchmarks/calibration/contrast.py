"""Contrast bits E h(s): bias and coverage of the mixture estimate, from 4 rollouts per group."""

from __future__ import annotations

from functools import cache

import numpy as np
from benchmarks.calibration.mixtures import MIXED, ONCE, REPEATED, ROUNDS, WORLDS, world
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.mixing import contrast_bits

CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "design": design, "world": name}
    for size in (4, 8, 16, MIXED)
    for prompts in (100, 300, 1000)
    for design in (ONCE, REPEATED)
    for name in WORLDS
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the counts of one log and estimates its contrast bits."""
    place = (str(cell["world"]), cell["rollouts"], int(cell["prompts"]), str(cell["design"]))
    counts = world(*place).counts(seed, ROUNDS[str(cell["design"])])
    found = contrast_bits(counts.n, counts.accepted["reward"], keys(counts.prompt, seed))
    return [Reading.of("contrast bits", found, truth(*place))]


@cache
def truth(name: str, size: int | str, prompts: int, design: str) -> float:
    """Returns the exact contrast bits, averaged over the rounds of the design."""
    here = world(name, size, prompts, design)
    bits = [here.truth(round).signals["reward"].contrast_bits or 0.0 for round in ROUNDS[design]]
    return float(np.mean(bits))


def keys(prompt: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Returns random keys of the prompts, as hashes of texts would be."""
    drawn = np.random.default_rng([seed, 1]).integers(0, 2**63, int(prompt.max()) + 1, dtype=np.uint64)
    return drawn[prompt]


STUDY = Study("contrast", "Contrast bits E h(s), bits per rollout", CELLS, measure, logs=250)
