"""Speed of the tabular loops: CPU seconds for 1,000 replicas × 200 prompts × 32 answers × 50 rounds.

Beside two plain loops over replicas and prompts, timed on a part of the replicas and scaled up: one in Python alone,
one that calls NumPy once or twice per prompt.
"""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.worlds.step import Gradient, Loop, verifier
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPLICAS, PROMPTS, ANSWERS, ROUNDS = 1000, 200, 32, 50
PART = 20  # replicas that the plain loop is timed on


def measure() -> list[dict[str, Any]]:
    """Times every kind of loop, and the plain ones beside two of them."""
    shares = np.random.default_rng(0).dirichlet(np.ones(ANSWERS), PROMPTS)
    accept = verifier(ANSWERS, tpr=0.9, fpr=0.3)
    loops = {
        "closed, 8 rows": Loop(kept=8),
        "closed, 16 rows": Loop(kept=16),
        "closed, 64 rows": Loop(kept=64),
        "filtered, 8 rows": Loop(kept=8, accept=accept),
        "filtered, 16 rollouts": Loop(samples=16, accept=accept),
        "accumulating, 8 rows": Loop(kept=8, accumulate=True),
        "fresh share .2, 8 rows": Loop(kept=8, fresh=0.2, source=shares),
        "policy gradient, 8 rollouts": Loop(samples=8, accept=accept, gradient=Gradient(1.0)),
    }
    rows = []
    for name, loop in loops.items():
        spent = min(_whole(loop, shares) for _ in range(2))
        row: dict[str, Any] = {"loop": name, "CPU s": round(spent, 2)}
        for kind, plain in PLAIN.get(name, {}).items():
            seconds = plain(shares) * REPLICAS / PART
            row[kind] = f"{seconds:.0f} s, {seconds / spent:.0f} times"
        rows.append(row | {kind: "–" for kind in KINDS if kind not in row})
    rows.append(
        {"loop": f"({os.cpu_count()} shared cores, NumPy {np.__version__})", "CPU s": "", **dict.fromkeys(KINDS, "")}
    )
    return rows


def _whole(loop: Loop, shares: NDArray[np.float64]) -> float:
    start = Policies.of(shares, REPLICAS)
    before = time.process_time()
    for _ in loop.run(start, 1, ROUNDS):
        pass
    return time.process_time() - before


def _plain_closed(shares: NDArray[np.float64]) -> float:
    rng = np.random.default_rng(1)
    state = [[row.copy() for row in shares] for _ in range(PART)]
    before = time.process_time()
    for _ in range(ROUNDS):
        for replica in state:
            for prompt, row in enumerate(replica):
                replica[prompt] = rng.multinomial(8, row) / 8
    return time.process_time() - before


def _plain_filtered(shares: NDArray[np.float64]) -> float:
    rng = np.random.default_rng(1)
    accept = np.array(verifier(ANSWERS, tpr=0.9, fpr=0.3))
    state = [[row.copy() for row in shares] for _ in range(PART)]
    before = time.process_time()
    for _ in range(ROUNDS):
        for replica in state:
            for prompt, row in enumerate(replica):
                kept = rng.binomial(rng.multinomial(16, row), accept)
                number = kept.sum()
                if number:
                    replica[prompt] = kept / number
    return time.process_time() - before


def _python_closed(shares: NDArray[np.float64]) -> float:
    rng = random.Random(1)
    answers = list(range(ANSWERS))
    state = [shares.tolist() for _ in range(PART)]
    before = time.process_time()
    for _ in range(ROUNDS):
        for replica in state:
            for prompt, row in enumerate(replica):
                new = [0.0] * ANSWERS
                for answer in rng.choices(answers, row, k=8):
                    new[answer] += 1 / 8
                replica[prompt] = new
    return time.process_time() - before


def _python_filtered(shares: NDArray[np.float64]) -> float:
    rng = random.Random(1)
    answers, accept = list(range(ANSWERS)), verifier(ANSWERS, tpr=0.9, fpr=0.3)
    state = [shares.tolist() for _ in range(PART)]
    before = time.process_time()
    for _ in range(ROUNDS):
        for replica in state:
            for prompt, row in enumerate(replica):
                kept = [a for a in rng.choices(answers, row, k=16) if rng.random() < accept[a]]
                if kept:
                    new = [0.0] * ANSWERS
                    for answer in kept:
                        new[answer] += 1 / len(kept)
                    replica[prompt] = new
    return time.process_time() - before


KINDS = ("Python alone", "NumPy per prompt")
PLAIN = {
    "closed, 8 rows": dict(zip(KINDS, (_python_closed, _plain_closed), strict=True)),
    "filtered, 16 rollouts": dict(zip(KINDS, (_python_filtered, _plain_filtered), strict=True)),
}
