"""The loops: what is declared of each, and what scores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.declared.signals import judged, noisy

from freshbits.loop.declare import Loop
from freshbits.loop.run import Control, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freshbits.loop.scoring import Scorer

ROUNDS, SEED, TEACHING = 3, 41, 4
LIKELY = 1 / 200  # probability from which a judging model accepts: right answers have 50 each on average
RATES = (0.9, 0.1)

SHARPENS = "Closed, and right more often in the end: it sharpens what the model held, at the price of variety."
A_COPY = "By design: truth is logged by the same check. `flawed verifier` is the same loop with verdicts that differ."
UNUSED = "The signal is open and the loop closed: nothing is trained on it, which a log of verdicts does not show."
ROWS = (
    "What comes in are the completions that it is trained on; the score, whether a rollout is the reference by chance, "
    "carries none of it."
)
BESIDE = (
    "The loop is open beside its signal: the fresh rows are no rollouts, so the log does not hold them; three rounds "
    "of them changed little."
)


@dataclass(frozen=True)
class Case:
    """Holds one declared loop.

    Attributes:
        name: what it is, in words; also its directory.
        loop: the declaration.
        scorer: makes the signal that scores it, where the runner has none of the declared kind; given the runs' place.
        why: why declaration and measurement do not say the same, where they do not.
    """

    name: str
    loop: Loop
    scorer: Callable[[Path], Scorer] | None = None
    why: str = ""


def loop(name: str, signal: object, method: str, seed: int = SEED, **more: Any) -> Loop:
    """Declares a small loop on sums: 80 prompts, 8 completions of each, 20 updates in a round."""
    declared: dict[str, Any] = {
        "name": name,
        "task": {"environment": "sums", "seed": seed},
        "model": {"config": "tiny"},
        "signal": signal,
        "train": {"method": method, "rounds": ROUNDS, **more},
        "seed": seed,
    }
    return Loop(**declared)


def cases() -> list[Case]:
    """Returns the loops."""

    def flawed(name: str) -> Callable[[Path], Scorer]:
        return lambda _: noisy(name, *RATES, SEED)

    exact, judge = {"verifier": "exact"}, {"judge": "judge", "name": "judge", "trained_on": ["people"]}
    return [
        Case("closed", loop("closed", "none", "self")),
        Case("majority vote", loop("majority vote", "majority_vote", "rft")),
        Case("confidence", loop("confidence", "confidence", "rft"), why=SHARPENS),
        Case("by lot", loop("by lot", {"random": 0.5}, "grpo")),
        Case("exact verifier", loop("exact verifier", exact, "rft"), why=A_COPY),
        Case("flawed verifier", loop("flawed verifier", exact, "rft"), flawed("exact")),
        Case("flawed rewards", loop("flawed rewards", exact, "grpo"), flawed("exact")),
        Case("verifier unused", loop("verifier unused", exact, "self"), flawed("exact"), why=UNUSED),
        Case("reference", loop("reference", {"reference": "task"}, "sft"), why=ROWS),
        Case("fresh rows", loop("fresh rows", "none", "self", fresh=0.2), why=BESIDE),
        Case("its old copy", loop("its old copy", {"judge": "start"}, "rft"), lambda _: judged("judge", LIKELY)),
        Case("another judge", loop("another judge", judge, "rft"), lambda at: judged("judge", LIKELY, taught(at))),
    ]


def taught(place: Path) -> Path:
    """Trains the judge on true answers, away from the loops, and returns the folder of its weights."""
    control: Control = "fresh"
    teaching = loop("judge", {"verifier": "exact"}, "rft", seed=SEED + 100, rounds=TEACHING)
    run(teaching, place / "judge", resume=True, control=control)
    return place / "judge" / f"round-{TEACHING:03d}"


def run_case(case: Case, place: Path) -> Path:
    """Runs a loop, or goes on with it; returns its directory."""
    directory = place / case.name.replace(" ", "-")
    scorer = None if case.scorer is None else case.scorer(place)
    run(case.loop, directory, resume=True, signals=None if scorer is None else {scorer.name: scorer.score})
    return directory
