"""Fixation: how often the right answer takes a prompt over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading

from freshbits.dynamics import fixation
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_ROUNDS = 4000
COLUMNS = 8  # prompts of one rate per replica; a loop is one prompt of one replica
RATIOS = (0.125, 0.5, 0.8, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 8.0, 9.0, 20.0)
RATES = (0.01, 0.05, 0.2, 0.5, 0.8)


def readings(loops: int) -> Iterator[Reading]:
    """Simulates every cell until it is decided."""
    for ratio in RATIOS:
        tpr, fpr = (0.9, 0.9 / ratio) if ratio >= 1 else (0.9 * ratio, 0.9)
        accept = verifier(2, tpr=tpr, fpr=fpr)
        for number in (2, 4, 8, 16, 64, 200):
            ended, count = _ended(Loop(kept=number, accept=accept), loops)
            for rate, simulated in zip(RATES, ended, strict=True):
                cell = f"r={ratio}, n={number}, p={rate}"
                yield from _laws(cell, rate, tpr, fpr, number, simulated, count)
        for number in (4, 16, 64):
            ended, count = _ended(Loop(samples=number, accept=accept), loops)
            for rate, simulated in zip(RATES, ended, strict=True):
                found = fixation.fixation(rate, tpr, fpr, samples=number)
                law = f"fixation, sampled ({found.law})"
                if simulated * count >= 100:
                    yield _reading(law, f"r={ratio}, N={number}, p={rate}", True, found.probability, simulated, count)
    for number in (1, 4, 16):
        ended, count = _ended(Loop(samples=number, accept=(0.6, 0.0)), loops)
        for rate, simulated in zip(RATES, ended, strict=True):
            found = fixation.fixation(rate, 0.6, 0.0, samples=number)
            law = f"fixation, sampled ({found.law})"
            if rate * number > 0.1:  # else prompts are still waiting for their first right answer
                yield _reading(law, f"FPR=0, N={number}, p={rate}", True, found.probability, simulated, count)


def _laws(cell: str, rate: float, tpr: float, fpr: float, kept: int, simulated: float, loops: int) -> Iterator[Reading]:
    """Compares the law of the switch, and both formulas in and out of their regimes."""
    ratio = tpr / fpr
    found = fixation.fixation(rate, tpr, fpr, kept=kept)
    if simulated * loops >= 100:
        yield _reading(f"fixation, kept ({found.law})", cell, True, found.probability, simulated, loops)
    if simulated > 0 and ratio > 1:
        pressure = 2 * kept * np.log(ratio)
        plain = np.expm1(-pressure * rate) / np.expm1(-pressure)
        yield _reading("Kimura, 2 ln r", cell, ratio <= 1.3 and kept >= 8, plain, simulated, loops)
        pressure = float(kept * fixation.exponent(ratio))
        branching = np.expm1(-pressure * rate) / np.expm1(-pressure)
        yield _reading("fixation.kimura", cell, ratio < 9 and kept >= 8, branching, simulated, loops)
        odds = ratio * rate / (ratio * rate + 1 - rate)
        first = 1 - (1 - odds) ** kept
        yield _reading("fixation.founders", cell, ratio >= 9, first, simulated, loops)


def _ended(loop: Loop, loops: int) -> tuple[list[float], int]:
    """Returns the share of loops in which only the right answer is left, for each rate, and how many loops."""
    start = np.repeat([[rate, 1 - rate] for rate in RATES], COLUMNS, axis=0)
    state = Policies.of(start, max(loops // 2, 100))
    for _ in range(MOST_ROUNDS):
        if (state.table.max(axis=0) == 1).all():
            break
        state = loop.step(state, 9)
    right: NDArray[np.float64] = state.rate.reshape(state.replicas, len(RATES), COLUMNS).mean(axis=(0, 2))
    return [float(share) for share in right], state.replicas * COLUMNS


def _reading(law: str, cell: str, inside: bool, formula: object, simulated: float, loops: int) -> Reading:
    se = float(np.sqrt(max(simulated * (1 - simulated), 1 / loops) / loops))
    return Reading(law, cell, inside, float(np.asarray(formula)), simulated, se, loops)
