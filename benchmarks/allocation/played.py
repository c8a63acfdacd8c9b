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
LEAST = ("uniform", "ours", "oracle")
ALONE, PLUG, DAPO, KNOWN = "E[p(1-p)] alone", ("plug-in",), ("DAPO-like",), "ours, verifier known"
PLUGS = (*PLUG, "m(1-m) alone")
EXACT, AVERAGE, STALE = "exact, told moves", "exact, told mean moves", "stale oracle"
EXACT_ALONE = "exact E[p(1-p)] alone, told mean moves"
EXACT_INSIGHT = "exact InSight-like, told mean moves"
FLOORS = (EXACT, AVERAGE, EXACT_ALONE, EXACT_INSIGHT, STALE)
OTHERS = (ALONE, *PLUG, "InSight-like")  # rules, on the same belief
CELLS = (
    (FIRST, (*OTHERS, *DAPO)),
    (replace(FIRST, name="a: 3000 prompts, spread 5", spread=5.0), (ALONE, *DAPO)),
    (replace(FIRST, name="a: verifier .9/.1", tpr=0.9, fpr=0.1), (ALONE,)),
    (replace(FIRST, name="a: advantages divided by σ", divided=True), (ALONE,)),
    (replace(FIRST, name="a: 1000 prompts", prompts=1000), (*OTHERS, *DAPO)),
    (replace(FIRST, name="a: 300 prompts, 60 skills", prompts=300, skills=60), OTHERS),
    (replace(FIRST, name="a: features, spread 3", hinted=True), (*OTHERS, *DAPO, *FLOORS)),
    (replace(FIRST, name="a: features, spread 5", hinted=True, spread=5.0), (ALONE,)),
    (replace(FIRST, name="a: features, 1000 prompts", hinted=True, prompts=1000), (ALONE, *FLOORS)),
    (replace(FIRST, name="a: features and skills, spread 5", hinted=True, named=True, spread=5.0), (ALONE,)),
    (replace(FIRST, name="a: half with a history of 16", history=16), (ALONE, *PLUGS)),
    (replace(FIRST, name="a: all with a history of 8", history=8, everyone=True), (ALONE, *PLUGS)),
    (SECOND, (*OTHERS, *DAPO, *FLOORS)),
    (replace(SECOND, name="b: verifier .9/.1", tpr=0.9, fpr=0.1), (*OTHERS, *DAPO, KNOWN, *FLOORS)),
    (
        replace(SECOND, name="b: verifier .9/.1, divided by σ", tpr=0.9, fpr=0.1, divided=True),
        (*OTHERS, *FLOORS),
    ),
    (replace(SECOND, name="b: verifier .8/.2, spread 5", tpr=0.8, fpr=0.2, spread=5.0), (*OTHERS, KNOWN, *FLOORS)),
    (replace(SECOND, name="b: features, verifier .9/.1", hinted=True, tpr=0.9, fpr=0.1), (*OTHERS, *FLOORS)),
)
STRATEGIES: dict[str, Callable[[Cell, int], strategies.Strategy]] = {
    "uniform": strategies.Uniform,
    "ours": strategies.Believing,
    ALONE: strategies.Variance,
    "plug-in": strategies.PluggedIn,
    "m(1-m) alone": strategies.PlugAlone,
    "DAPO-like": strategies.Filtering,
    "InSight-like": strategies.Insight,
    KNOWN: strategies.Corrected,
    "oracle": strategies.Oracle,
    EXACT: floors.Exact,
    AVERAGE: floors.Average,
    EXACT_ALONE: floors.AverageVariance,
    EXACT_INSIGHT: floors.AverageInsight,
    STALE: floors.Stale,
}
RATES, GROWTH = {"a": (5.0, 8.0, 12.0), "b": (250.0, 500.0, 1000.0)}, {"a": 1.5, "b": 2.0}
EVERY = 2
TUNED_ON = {"a": range(900, 904), "b": range(900, 916)}
SEEDS = {"a": range(500, 524), "b": range(500, 600)}  # none of them had a part in how rules were made


def study(cell: Cell, beside: tuple[str, ...]) -> Study:
    """Says what is compared in a cell."""
    part = cell.name[0]
    growth = GROWTH[part]
    names = (*LEAST, *beside)
    return Study(
        cell.name, cell.prompts, names, RATES[part], growth, cell.budget, _runner(cell), TUNED_ON[part], SEEDS[part]
    )


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
    for seed in TUNED_ON[cell.name[0]]:
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
