"""Part (c): the small language model on a task of mixed difficulty, under GRPO and under RFT.

Rates under GRPO were first tuned on two seeds, which took some at which one run in four breaks: ratios told nothing.
They were tuned again, all alike, on eight other seeds, each of which has to get there. Filtering stands in the first
study alone, beside uniform.
"""

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
FIRST, RFT = ("uniform", "DAPO-like"), ("uniform", "ours", "ours, features", "DAPO-like")
AGAIN = ("uniform", "oracle", "ours, features", "ours", "plug-in")
PROMPTS, BATCH, BUDGET, EVERY = 160, 128, 7680, 3
TUNED_ON, SEEDS = range(900, 902), range(8)
TUNED_AGAIN, SEEDS_AGAIN = range(910, 918), range(20, 36)


def studies() -> list[Study]:
    """Says what is compared."""
    grpo, rft = _runner("grpo"), _runner("rft")
    return [
        Study(
            "c grpo", PROMPTS, AGAIN, (4e-4, 4e-4 * 2**0.5, 8e-4), 2**0.5, BUDGET, grpo, TUNED_AGAIN, SEEDS_AGAIN,
            careful=True,
        ),
        Study(
            "c grpo, tuned on two seeds", PROMPTS, FIRST, (2e-4, 4e-4, 8e-4), 2.0, BUDGET, grpo, TUNED_ON, SEEDS,
        ),
        Study("c rft", PROMPTS, RFT, (1e-4, 2e-4, 4e-4), 2.0, BUDGET, rft, TUNED_ON, SEEDS),
    ]  # fmt: skip


def _runner(method: str) -> Callable[[str, float, int, float | None, float], Course]:
    def run(name: str, rate: float, seed: int, target: float | None, most: float) -> Course:
        world = Small(method, rate, seed)
        make, hinted = STRATEGIES[name]
        cell = Cell(name=method, prompts=world.prompts, batch=BATCH, hinted=hinted, divided=method == "grpo")
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
