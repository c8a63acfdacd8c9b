"""The loops of the demonstration and of the benchmark: one base, one task, equal budgets, six ways to go on.

Every arm begins from the same weights, draws the same number of completions from the same prompts, and makes the same
number of updates of the same size at the same rate. What differs is what it is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.loop.declare import Loop
from freshbits.loop.run import Control, Run, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 8


@dataclass(frozen=True)
class Arm:
    """Holds one arm.

    Attributes:
        name: short; also its directory.
        words: what it is trained on.
        loop: the declaration.
        control: the control that is run in its place.
    """

    name: str
    words: str
    loop: Loop
    control: Control | None = None


def arms(seed: int, rounds: int = ROUNDS) -> list[Arm]:
    """Returns the six arms for one seed: two controls, a closed loop, and three ways to let something in.

    >>> [arm.name for arm in arms(1)]
    ['frozen', 'fresh', 'closed', 'reference', 'rft', 'grpo']
    """

    def loop(name: str, method: str, signal: object) -> Loop:
        declared: dict[str, Any] = {
            "name": name,
            "task": {"environment": "sums", "size": 100, "seed": seed},
            "model": {"config": "tiny"},
            "signal": signal,
            "train": {"method": method, "rounds": rounds},
            "seed": seed,
        }
        return Loop(**declared)

    verifier = {"verifier": "exact"}
    return [
        Arm("frozen", "nothing", loop("frozen", "rft", verifier), "frozen"),
        Arm("fresh", "true answers, drawn anew", loop("fresh", "rft", verifier), "fresh"),
        Arm("closed", "its own answers, all of them", loop("closed", "self", "none")),
        Arm("reference", "one true answer per prompt", loop("reference", "sft", {"reference": "task"})),
        Arm("rft", "its own answers that pass", loop("rft", "rft", verifier)),
        Arm("grpo", "its own answers, by reward", loop("grpo", "grpo", verifier)),
    ]


def run_arms(
    seed: int, directory: Path, rounds: int = ROUNDS, progress: Callable[[str], None] | None = None
) -> dict[str, Run]:
    """Runs every arm of one seed under a directory, going on with what lies there; returns the runs by name."""
    found = {}
    for arm in arms(seed, rounds):
        if progress is not None:
            progress(f"seed {seed}: {arm.name}, trained on {arm.words}")
        found[arm.name] = run(arm.loop, directory / arm.name, resume=True, control=arm.control)
    return found
