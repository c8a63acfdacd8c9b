"""Dead groups, and the share of groups that would be informative at other group sizes."""

from __future__ import annotations

from functools import cache

import numpy as np
from benchmarks.calibration.contrast import keys
from benchmarks.calibration.mixtures import ONCE, REPEATED, ROUNDS, WORLDS, world
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.criteria.budget import GROUP_SIZES, _informative
from freshbits.information.mixing import fit
from freshbits.information.resampling import ratio

CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "design": design, "world": name}
    for size in (4, 8, 16)
    for prompts in (100, 300, 1000)
    for design in (ONCE, REPEATED)
    for name in WORLDS
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log: the share of dead groups as it is, informative groups at other sizes by the mixture."""
    size, design = int(cell["rollouts"]), str(cell["design"])
    place = (str(cell["world"]), size, int(cell["prompts"]), design)
    counts = world(*place).counts(seed, ROUNDS[design])
    prompts, hits = keys(counts.prompt, seed), counts.accepted["reward"]
    dead = ((hits == 0) | (hits == counts.n)).astype(np.float64)
    logged = ratio(dead, np.ones(dead.size), prompts, unit="", method="", rollouts=int(counts.n.sum()))
    informative = truth(*place)
    found = [Reading.of("dead groups", logged, 1 - informative[size])]
    mixing = fit(counts.n, hits, prompts)
    for other, share in _informative(mixing, size).items():  # as on the page: up to four times the logged size
        found.append(Reading.of(f"informative at {other}", share, informative[int(other)]))
    return found


@cache
def truth(name: str, size: int, prompts: int, design: str) -> dict[int, float]:
    """Returns the exact share of informative groups by group size, averaged over the rounds."""
    parts = [world(name, size, prompts, design).truth(r, GROUP_SIZES).signals["reward"] for r in ROUNDS[design]]
    return {other: float(np.mean([part.informative[other] for part in parts])) for other in GROUP_SIZES}


STUDY = Study("groups", "Dead and informative groups, share of groups", CELLS, measure, logs=100)
