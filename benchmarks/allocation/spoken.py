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
    "E[p(1-p)] alone": (strategies.Variance, False),
    "plug-in": (strategies.PluggedIn, False),
    "DAPO-like": (strategies.Filtering, False),
    "InSight-like": (strategies.Insight, False),
    "oracle": (strategies.Oracle, False),
}
RULES = ("uniform", "oracle", "ours", "ours, features", "E[p(1-p)] alone", "plug-in", "InSight-like", "DAPO-like")
SAME = ("ours", "E[p(1-p)] alone")  # run at uniform's rates, too: tuning is noisy here
PROMPTS, BATCH, BUDGET, EVERY = 160, 128, 7680, 3
TUNED_ON, SEEDS = range(910, 918), range(40, 64)


def studies() -> list[Study]:
    """Says what is compared; rates have to bring every seed of tuning to its target: some break one run in four."""
    grids = {"grpo": ((4e-4, 4e-4 * 2**0.5, 8e-4), 2**0.5), "rft": ((1e-4, 2e-4, 4e-4), 2.0)}
    return [
        Study(
            f"c {method}", PROMPTS, RULES, rates, growth, BUDGET, _runner(method), TUNED_ON, SEEDS,
            untuned=SAME, careful=True,
        )
        for method, (rates, growth) in grids.items()
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
