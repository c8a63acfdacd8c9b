"""Two or three rollouts per group, or one: how often the bounds of the contrast bits hold the truth."""

from __future__ import annotations

from benchmarks.calibration.contrast import measure
from benchmarks.calibration.mixtures import ONCE, REPEATED, WORLDS
from benchmarks.calibration.study import Cell, Study

CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "design": design, "world": name}
    for size in (1, 2, 3)
    for prompts in (100, 300, 1000)
    for design in (ONCE, REPEATED)
    for name in WORLDS
)

STUDY = Study("few", "Bounds of the contrast bits from one to three rollouts per group", CELLS, measure, logs=60)
