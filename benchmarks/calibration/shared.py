"""I(φ;S|Q) by the random-intercept logit: bias, coverage, and how often the test speaks where there is nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.calibration.mixtures import ONCE, REPEATED, ROUNDS
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.intercept import Cells, shared_bits, within_group_test
from freshbits.outputs.keys import prompt_keys
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.worlds import (
    Atoms,
    Beta,
    Channel,
    Fixed,
    Follows,
    Habit,
    Mixture,
    Replicator,
    Shortcut,
    Source,
    World,
)
from freshbits.worlds.marks import Mark

if TYPE_CHECKING:
    from freshbits.worlds.component import Discrete

_DEAD = Mixture([(0.35, Atoms([(0.0, 1.0)])), (0.25, Atoms([(1.0, 1.0)])), (0.40, Beta(1.0, 1.0))])
_SHORT = Mark("!", "")
# name -> (base rates, verdict, feature); "null" worlds have no association inside a prompt
KINDS: dict[str, tuple[Beta | Mixture, Discrete, Habit | Follows]] = {
    "null, Beta(1, 1)": (Beta(1, 1), Channel(0.9, 0.1), Habit(0.5, 0.5, _SHORT)),
    "null, rare feature": (Beta(1, 1), Channel(0.9, 0.1), Habit(0.08, 0.08, _SHORT)),
    "null, mostly dead": (_DEAD, Channel(), Habit(0.5, 0.5, _SHORT)),
    "follows the truth": (Beta(1, 1), Channel(0.9, 0.1), Habit(0.6, 0.4, _SHORT)),
    "follows the truth, mostly dead": (_DEAD, Channel(), Habit(0.7, 0.4, _SHORT)),
    "follows the verdict": (Beta(1, 1), Channel(), Follows("reward", 0.7, 0.5, _SHORT)),
    "follows strongly": (Beta(0.5, 0.5), Channel(), Follows("reward", 0.85, 0.35, _SHORT)),
    "rewarded habit (no logit)": (Beta(1, 1), Shortcut("mark", 0.3, 0.9, 0.1), Habit(0.5, 0.5, _SHORT)),
}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "design": design, "world": name}
    for size in (4, 8, 16)
    for prompts, design in ((100, ONCE), (300, ONCE), (100, REPEATED))
    for name in KINDS
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the rows of one log and estimates the bits its feature shares with the verdict."""
    place = (str(cell["world"]), int(cell["rollouts"]), int(cell["prompts"]), str(cell["design"]))
    here = world(*place)
    frame = pl.concat([here.draw(seed, round) for round in ROUNDS[place[3]]])
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    group = frame.select(pl.struct("prompt", "round", "source").rank("dense").cast(pl.UInt64)).to_series().to_numpy()
    cells = Cells.count(
        group, frame[EXTRA + "mark"].to_numpy().astype(np.int64), frame[SIGNAL + "reward"].to_numpy(), prompts
    )
    bits, _ = shared_bits(cells)
    found = [Reading.of("I(φ;S|Q)", bits, truth(*place))]
    p_value = within_group_test(cells)
    if place[0].startswith("null"):
        found.append(Reading("false alarms at 5 %", float(p_value <= 0.05), np.nan, np.nan, 0.05))
    else:
        found.append(Reading("power at 5 %", float(p_value <= 0.05), np.nan, np.nan, 1.0))
    return found


@cache
def world(name: str, size: int, prompts: int, design: str) -> World:
    """Returns the world of a cell."""
    base, verdict, feature = KINDS[name]
    repeated = design == REPEATED
    return World(
        prompts=prompts,
        base=base,
        signals={"reward": verdict},
        features={"mark": feature},
        sizes=Fixed(size),
        sources=(Source("small", -0.4), Source("large", 0.4)) if repeated else (Source("model"),),
        drift=Replicator(1.4 if repeated else 1.0),
        labelled=0.0,
    )


@cache
def truth(name: str, size: int, prompts: int, design: str) -> float:
    """Returns the exact I(φ;S|Q), averaged over the rounds of the design."""
    here = world(name, size, prompts, design)
    return float(np.mean([here.truth(round).features["mark"]["reward"].bits for round in ROUNDS[design]]))


STUDY = Study(
    "shared", "Bits that a feature shares with the verdict inside a prompt, I(φ;S|Q)", CELLS, measure, logs=200
)
