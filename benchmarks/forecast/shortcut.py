"""A shortcut that the verifier accepts more often than the right answer: when, and how surely, it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading

from freshbits.dynamics import onset
from freshbits.dynamics.fixation import exponent
from freshbits.errors import OutOfRegimeError
from freshbits.worlds.step import Loop
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROUNDS = 1500
COLUMNS = 10
SHARES = ((0.2, 0.05), (0.2, 0.01), (0.05, 0.02), (0.5, 0.1), (0.3, 0.3), (0.8, 0.02))  # right, shortcut
RATES = ((0.7, 1.0, 0.5), (0.7, 0.8, 0.5), (0.9, 1.0, 0.1), (0.5, 1.0, 0.2), (0.9, 0.95, 0.6), (0.9, 0.85, 0.3))


def readings(loops: int) -> Iterator[Reading]:
    """Simulates every cell until one answer is left."""
    for right, shortcut in SHARES:
        for tpr, accepted, fpr in RATES:
            for kept in (4, 16, 64, 256):
                cell = f"p_t={right}, p_s={shortcut}, {tpr}/{accepted}/{fpr}, n={kept}"
                yield from _cell(cell, right, shortcut, (tpr, accepted, fpr), kept, loops)


def _cell(
    cell: str, right: float, shortcut: float, rates: tuple[float, float, float], kept: int, loops: int
) -> Iterator[Reading]:
    state = Policies.of(np.tile([right, shortcut, 1 - right - shortcut], (COLUMNS, 1)), max(loops // 5, 100))
    loop = Loop(kept=kept, accept=rates)
    passed = np.full(state.table.shape[1], np.nan)
    for t in range(1, MOST_ROUNDS):
        state = loop.step(state, 3)
        passed[(state.table[1] > state.table[0]) & np.isnan(passed)] = t
        if (state.table.max(axis=0) == 1).all():
            break
    count = passed.size
    won = float((state.table[1] > state.table[0]).mean())
    if won * count < 100 and rates[1] > rates[0]:
        return
    tpr, accepted, fpr = rates
    inside = True
    try:
        chance = float(onset.onset_probability(right, shortcut, tpr, accepted, fpr, kept))
    except OutOfRegimeError:
        inside, chance = False, _unchecked(right, shortcut, rates, kept)
    se = float(np.sqrt(max(won * (1 - won), 1 / count) / count))
    if accepted > tpr:
        yield Reading("onset_probability", cell, inside, chance, won, se, count)
        mean = tpr * right + accepted * shortcut + fpr * (1 - right - shortcut)
        pressure = 2 * kept * np.log(accepted / mean)
        first = 1.0 if kept * shortcut >= 5 else float(np.expm1(-pressure * shortcut) / np.expm1(-pressure))
        yield Reading("Kimura at round 0", cell, False, first, won, se, count)
        if right > shortcut:
            needed = float(onset.onset_round(right, shortcut, tpr, accepted))
            median = float(np.nanmedian(passed))
            certain = inside and chance >= 0.95
            # A round is a whole one: the law says when the shares are equal, the loop shows the round after.
            yield Reading("onset_round, rounded up", cell, certain, float(np.ceil(needed)), median, 0.0, count)
    elif right > shortcut and kept >= 64:
        yield Reading("onset: never", cell, True, 0.0, won if won > 0.01 else 0.0, se, count)


def _unchecked(right: float, shortcut: float, rates: tuple[float, float, float], kept: int) -> float:
    """Returns what the law would say outside its regime: the chance of one line, from many rows."""
    tpr, accepted, fpr = rates
    many = int(np.ceil(onset.SURE / float(exponent(accepted / tpr)))) if accepted > tpr else kept
    chance = float(onset.onset_probability(right, shortcut, tpr, accepted, fpr, many))
    return float(1 - (1 - chance) ** (kept / many))
