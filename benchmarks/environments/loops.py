"""The loops: the game of guessing a number in four arms and three seeds, and environments of verifiers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.loop.declare import Loop
from freshbits.loop.run import run

if TYPE_CHECKING:
    from freshbits.loop.run import Control, Run

ROUNDS, SEEDS, LAST = 8, (21, 22, 23), 3
UPDATES = {"learning_rate": 1e-3, "batch": 256, "epochs": 4}
SAMPLES = 32  # episodes of each of the 20 held-out prompts, in every round
MODULES = Path(__file__).parents[2] / "examples" / "environments"


@dataclass(frozen=True)
class Arm:
    """Holds one way to train: its method, or the control that is run in its place."""

    name: str
    method: str
    control: Control | None = None


ARMS = (Arm("rft", "rft"), Arm("grpo", "grpo"), Arm("fresh", "rft", "fresh"), Arm("frozen", "rft", "frozen"))


def guess(arm: Arm, seed: int) -> Loop:
    """Declares the game: 64 prompts, 8 episodes of each, 8 updates of 256 in a round."""
    declared: dict[str, Any] = {
        "name": f"guess {arm.name}",
        "task": {"environment": "guess", "seed": seed},
        "model": {"config": "tiny-turns"},
        "signal": [{"environment": "success"}, {"environment": "step_reward", "weight": 0.0, "accept": 0.0}],
        "train": {"method": arm.method, "rounds": ROUNDS, "prompts": 64, **UPDATES},
        "meter": {"samples": SAMPLES},
        "seed": seed,
    }
    return Loop(**declared)


def other(name: str, python: str, method: str, rounds: int = 2, prompts: int = 32) -> Loop:
    """Declares a loop on an environment of verifiers, its reward functions as signals."""
    options = {"python": python, "path": str(MODULES), "truth": "found", "max_turns": 4, "tokens_per_turn": 3}
    declared: dict[str, Any] = {
        "name": f"{name} {method}",
        "task": {"environment": f"verifiers:{name}", "seed": 1, "options": options},
        "model": {"config": "tiny-turns"},
        "signal": [{"environment": "found"}, {"environment": "numbers", "weight": 0.1}],
        "train": {"method": method, "rounds": rounds, "prompts": prompts},
        "meter": {"samples": 8},
        "seed": 1,
    }
    return Loop(**declared)


def played(loop: Loop, directory: Path, control: Control | None = None) -> Run:
    """Runs a loop, or goes on with it."""
    return run(loop, directory, control=control, resume=True)
