"""Parts (a) and (b): learners that take a second, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.allocation import floors, strategies
from benchmarks.allocation.measured import SMOOTH, Course, Study
from benchmarks.allocation.worlds import Cell, Skills, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FIRST = Cell(name="a: 3000 prompts, spread 3")
SECOND = Cell(name="b: 500 prompts, spread 3", prompts=500, tabular=True, budget=40000)
LEAST, RULES = ("uniform", "ours", "oracle"), ("plug-in", "InSight-like")
PLUG, DAPO, KNOWN = ("plug-in",), ("DAPO-like",), "ours, verifier known"
EXACT, AVERAGE, STALE = "exact, told moves", "exact, told mean moves", "stale oracle"
EXACT_PLUG, AVERAGE_PLUG = "exact m(1-m), told moves", "exact m(1-m), told mean moves"
INSIGHT = "exact InSight-like, told mean moves"
FLOORS = (EXACT, AVERAGE, STALE)  # where a bar was missed
CELLS = (
    (FIRST, (*PLUG, *DAPO)),
    (replace(FIRST, name="a: 3000 prompts, spread 5", spread=5.0), DAPO),
    (replace(FIRST, name="a: verifier .9/.1", tpr=0.9, fpr=0.1), ()),
    (replace(FIRST, name="a: advantages divided by σ", divided=True), ()),
    (replace(FIRST, name="a: 1000 prompts", prompts=1000), DAPO),
    (replace(FIRST, name="a: 300 prompts, 60 skills", prompts=300, skills=60), FLOORS),
    (replace(FIRST, name="a: features, spread 3", hinted=True), (*PLUG, *DAPO, *FLOORS)),
    (replace(FIRST, name="a: features, spread 5", hinted=True, spread=5.0), ()),
    (replace(FIRST, name="a: features, 1000 prompts", hinted=True, prompts=1000), FLOORS),
    (replace(FIRST, name="a: features and skills, spread 5", hinted=True, named=True, spread=5.0), ()),
    (replace(FIRST, name="a: half with a history of 16", history=16), PLUG),
    (replace(FIRST, name="a: all with a history of 8", history=8, everyone=True), PLUG),
    (SECOND, (*RULES, *DAPO, *FLOORS)),
    (replace(SECOND, name="b: verifier .9/.1", tpr=0.9, fpr=0.1), (*RULES, *DAPO, KNOWN, *FLOORS)),
    (replace(SECOND, name="b: verifier .9/.1, divided by σ", tpr=0.9, fpr=0.1, divided=True), FLOORS),
    (replace(SECOND, name="b: verifier .8/.2, spread 5", tpr=0.8, fpr=0.2, spread=5.0), (KNOWN, *FLOORS)),
    (replace(SECOND, name="b: features, verifier .9/.1", hinted=True, tpr=0.9, fpr=0.1), (*RULES, *FLOORS)),
)
STRATEGIES: dict[str, Callable[[Cell, int], strategies.Strategy]] = {
    "uniform": strategies.Uniform,
    "ours": strategies.Believing,
    "plug-in": strategies.PluggedIn,
    "DAPO-like": strategies.Filtering,
    "InSight-like": strategies.Insight,
    KNOWN: strategies.Corrected,
    "oracle": strategies.Oracle,
    EXACT: floors.Exact,
    AVERAGE: floors.Average,
    STALE: floors.Stale,
    EXACT_PLUG: floors.ExactPlug,
    AVERAGE_PLUG: floors.AveragePlug,
    INSIGHT: floors.AverageInsight,
}
RATES, GROWTH = {"a": (5.0, 8.0, 12.0), "b": (250.0, 500.0, 1000.0)}, {"a": 1.5, "b": 2.0}
EVERY = 2
TUNED_ON, SEEDS = range(900, 902), range(100, 110)


def study(cell: Cell, beside: tuple[str, ...]) -> Study:
    """Says what is compared in a cell."""
    part = cell.name[0]
    growth = GROWTH[part]
    names = (*LEAST, *beside)
    return Study(cell.name, cell.prompts, names, RATES[part], growth, cell.budget, _runner(cell), TUNED_ON, SEEDS)


def _runner(cell: Cell) -> Callable[[str, float, int, float | None, float], Course]:
    def run(name: str, rate: float, seed: int, target: float | None, most: float) -> Course:
        world = Table(cell, seed) if cell.tabular else Skills(cell, seed)
        strategy = STRATEGIES[name](cell, seed)
        calls, steps, accuracy = [0], [0], [float(world.rates().mean())]
        step = 0
        while world.calls < most:
            world.step(strategy.draw(world), rate)
            step += 1
            if step % EVERY == 0:
                calls.append(world.calls)
                steps.append(step)
                accuracy.append(float(world.rates().mean()))
                last = Course(calls[-SMOOTH:], steps[-SMOOTH:], accuracy[-SMOOTH:])
                if target is not None and last.smooth()[-1] >= target:
                    break
        return Course(calls, steps, accuracy)

    return run


def moves(cell: Cell, rate: float, steps: int = 10) -> dict[str, float]:
    """Measures by how many logits a step of uniform moves prompts: those with a mixed group in it, and all others."""
    own, others = [], []
    for seed in TUNED_ON:
        world = Table(cell, seed) if cell.tabular else Skills(cell, seed)
        strategy = strategies.Uniform(cell, seed)
        for _ in range(steps):
            before = _logits(world)
            groups = strategy.draw(world)
            world.step(groups, rate)
            change = np.abs(_logits(world) - before)
            mixed = groups[0].index[np.ptp(groups[0].verdicts, axis=1) > 0]
            own.append(float(change[mixed].mean()))
            others.append(float(np.delete(change, groups[0].index).mean()))
    return {"own": float(np.mean(own)), "others": float(np.mean(others))}


def _logits(world: Skills | Table) -> NDArray[np.float64]:
    p = np.clip(world.rates(), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))
