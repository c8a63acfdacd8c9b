"""Part (c): the small language model on a task of mixed difficulty, under GRPO and under RFT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.allocation import strategies
from benchmarks.allocation.measured import SMOOTH, Course, Study
from benchmarks.allocation.small import Small
from benchmarks.allocation.worlds import Cell

if TYPE_CHECKING:
    from collections.abc import Callable

STRATEGIES: dict[str, tuple[Callable[[Cell, int], strategies.Strategy], bool]] = {
    "uniform": (strategies.Uniform, False),
    "ours": (strategies.Believing, False),
    "ours, features": (strategies.Believing, True),
    "plug-in": (strategies.PluggedIn, False),
    "DAPO-like": (strategies.Filtering, False),
    "InSight-like": (strategies.Insight, False),
    "oracle": (strategies.Oracle, False),
}
NAMES = {
    "grpo": ("uniform", "ours", "ours, features", "DAPO-like"),
    "rft": ("uniform", "ours", "ours, features", "DAPO-like"),
}
PROMPTS, BATCH, BUDGET, EVERY = 160, 128, 7680, 3
RATES, GROWTH = {"grpo": (2e-4, 4e-4, 8e-4), "rft": (1e-4, 2e-4, 4e-4)}, 2.0
TUNED_ON, SEEDS = range(900, 902), range(8)


def study(method: str) -> Study:
    """Says what is compared under one method."""
    return Study(
        f"c {method}", PROMPTS, NAMES[method], RATES[method], GROWTH, BUDGET, _runner(method), TUNED_ON, SEEDS,
        untuned=("ours",) if method == "grpo" else (),
    )  # fmt: skip


def _runner(method: str) -> Callable[[str, float, int, float | None, float], Course]:
    def run(name: str, rate: float, seed: int, target: float | None, most: float) -> Course:
        world = Small(method, rate, seed)
        make, hinted = STRATEGIES[name]
        cell = Cell(name=method, prompts=world.prompts, batch=BATCH, hinted=hinted)
        strategy = make(cell, seed)
        calls, steps, accuracy = [0], [0], [world.accuracy()]
        step = 0
        while world.calls < most:
            world.step(strategy.draw(world))
            step += 1
            if step % EVERY == 0:
                calls.append(world.calls)
                steps.append(step)
                accuracy.append(world.accuracy())
                if (
                    target is not None
                    and Course(calls[-SMOOTH:], steps[-SMOOTH:], accuracy[-SMOOTH:]).smooth()[-1] >= target
                ):
                    break
        return Course(calls, steps, accuracy)

    return run
