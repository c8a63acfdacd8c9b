"""Kills a loop with SIGKILL at random moments, takes it up again, and compares every byte with a run left alone."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from freshbits.loop.declare import Loop
from freshbits.loop.run import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


LIBRARIES = ("polars", "torch", "datasets", "trl.trainer.sft_trainer", "freshbits.loop.rounding")


def small() -> Loop:
    """Returns the loop that is killed: selection and training by TRL, three rounds."""
    declared: dict[str, Any] = {
        "name": "killed",
        "task": {"environment": "sums"},
        "model": {"config": "tiny"},
        "signal": {"verifier": "exact"},
        "train": {"method": "rft", "rounds": 3, "prompts": 20, "samples": 4, "batch": 16},
        "seed": 3,
    }
    return Loop(**declared)


def study(directory: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kills `kills` runs, each at a random moment of the time that a run takes; says how many ended in equal bytes."""
    for name in LIBRARIES:
        import_module(name)  # children find them loaded; nothing here computes, so no thread is lost by forking
    rng = random.Random(seed)
    began = time.monotonic()
    _wait(_forked(partial(run, small(), directory / "whole")))
    lasts = time.monotonic() - began
    whole = _bytes(directory / "whole")
    rows = []
    for number in range(kills):
        place = directory / f"killed-{number}"
        after = rng.uniform(0.0, lasts)
        child = _forked(partial(run, small(), place, resume=True))
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        _wait(child)
        done = len(list(place.glob("round-*"))) if place.is_dir() else 0
        _wait(_forked(partial(run, small(), place, resume=True)))
        rows.append({"after_s": round(after, 2), "rounds_whole": done, "equal": _bytes(place) == whole})
    return {"run_s": round(lasts, 2), "kills": rows, "equal": sum(row["equal"] for row in rows)}


def _forked(work: Callable[[], object]) -> int:
    """Runs something in a child of this process, which has its libraries loaded already; returns the child's id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def _wait(child: int) -> None:
    os.waitpid(child, 0)


def _bytes(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
