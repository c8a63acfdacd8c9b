"""Further seeds for cells whose ten seeds left open whether what was asked could be reached; rates stay as tuned.

Seeds and their numbers were fixed before any of these runs. Every strategy that is compared is run on all of them. They
stand apart from the ten, which had picked the cells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.allocation import played
from benchmarks.allocation.measured import compared
from benchmarks.allocation.told import FEATURES, REVISITED

if TYPE_CHECKING:
    from benchmarks.allocation.measured import Shelf, Study

SEEDS = {"a": range(200, 300), "b": range(200, 400)}
OPEN = ("uniform", "ours", played.AVERAGE)
OTHERS = (*OPEN, "InSight-like", played.INSIGHT)  # a rule that did well there
RULES = ("plug-in", played.AVERAGE_PLUG, played.EXACT, played.EXACT_PLUG)
CELLS: dict[str, tuple[float | None, tuple[str, ...]]] = {  # the median that was asked for, and what is compared
    "a: features, spread 3": (FEATURES, (*OPEN, "plug-in", played.INSIGHT)),
    "a: half with a history of 16": (None, (*OPEN, *RULES)),
    "b: features, verifier .9/.1": (FEATURES, OTHERS),
    "b: verifier .9/.1": (REVISITED, OTHERS),
    "b: verifier .9/.1, divided by σ": (REVISITED, OTHERS),
    "b: verifier .8/.2, spread 5": (REVISITED, OTHERS),
}


def studies(part: str) -> list[tuple[Study, float | None]]:
    """Lists what is run on further seeds, each with the median that was asked for."""
    cells = {cell.name: cell for cell, _ in played.CELLS}
    return [
        (replace(played.study(cells[name], ()), strategies=names, seeds=SEEDS[part]), asked)
        for name, (asked, names) in CELLS.items()
        if name.startswith(part)
    ]


def between(study: Study, found: dict[str, Any], shelf: Shelf) -> dict[str, Any]:
    """Compares strategies each at the best, on these seeds, of its tuned rate and half a step of the grid to each side.

    Two seeds of tuning on a coarse grid may be off by that much.
    """
    _, best = study._best_gain(shelf)
    targets = {seed: study._target(shelf, best, seed) for seed in study.seeds}
    least: dict[str, tuple[float, list[tuple[float, float, bool]]]] = {}
    for name in OPEN:
        rates = [found["strategies"][name]["rate"] * study.growth**half for half in (-0.5, 0.0, 0.5)]
        runs = [(rate, study._fresh(shelf, name, rate, targets)) for rate in rates]
        least[name] = min(runs, key=lambda each: float(np.mean(np.log([calls for calls, _, _ in each[1]]))))
    base = least["uniform"][1]
    return {name: {"rate": rate, **compared(runs, base)} for name, (rate, runs) in least.items()}
