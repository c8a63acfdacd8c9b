"""Speed of the tabular loops: CPU seconds for 1,000 replicas × 200 prompts × 32 answers × 50 rounds.

Beside a plain Python loop over replicas and prompts that draws one prompt's rows at a time, timed on a part of the
replicas and scaled up.
"""

from __future__ import annotations

import os
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
    """Times every kind of loop; the plain one for the first."""
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
        plain = PLAIN.get(name)
        row["plain Python, CPU s"] = round(plain(shares) * REPLICAS / PART, 1) if plain else "–"
        row["times faster"] = round(row["plain Python, CPU s"] / spent, 1) if plain else "–"
        rows.append(row)
    rows.append({"loop": "machine", "CPU s": f"{os.cpu_count()} cores, shared", "plain Python, CPU s": "–"})
    rows[-1]["times faster"] = f"numpy {np.__version__}"
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


PLAIN = {"closed, 8 rows": _plain_closed, "filtered, 16 rollouts": _plain_filtered}
