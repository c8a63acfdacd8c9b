"""Closed loops and loops with fresh rows: variety, distinct answers, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading, watch

from freshbits.dynamics import drift, fresh, lineage
from freshbits.worlds.step import Loop
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROUNDS = (1, 3, 10, 30)
PROMPTS = 20


def starts() -> dict[str, NDArray[np.float64]]:
    """Returns the shares that prompts start from: even, Zipf, one rare answer, and drawn at random."""
    rng = np.random.default_rng(0)
    zipf = 1 / np.arange(1, 33)
    return {
        "two even": np.full((PROMPTS, 2), 0.5),
        "Zipf 32": np.tile(zipf / zipf.sum(), (PROMPTS, 1)),
        "rare .02": np.tile([0.98, 0.02], (PROMPTS, 1)),
        "Dirichlet 8": rng.dirichlet(np.ones(8), PROMPTS),
    }


def readings(loops: int) -> Iterator[Reading]:
    """Simulates every cell."""
    for name, shares in starts().items():
        for kept in (1, 2, 4, 8, 32, 128, 1500):
            yield from _replaced(f"{name}, n={kept}", shares, kept, loops)
            yield from _accumulated(f"{name}, n={kept}", shares, kept, loops)
    yield from _parts(loops)
    yield from _fresh(loops)


def _replaced(cell: str, shares: NDArray[np.float64], kept: int, loops: int) -> Iterator[Reading]:
    seen = list(Loop(kept=kept).run(_start(shares, loops), 1, max(ROUNDS)))
    variety = float(seen[0].variety.mean())
    distinct, alone = lineage.distinct(shares, kept, max(ROUNDS)), lineage.one_left(shares, kept, max(ROUNDS))
    first = shares[:, -1]
    there = lineage.survival(first, kept, max(ROUNDS))
    for t in ROUNDS:
        state = seen[t]
        lasting = (state.shares[:, :, -1] > 0).astype(float)
        for law, formula, values in (
            ("drift.replace", float(drift.replace(variety, kept, t)), state.variety),
            ("lineage.distinct", float(distinct[t].mean()), state.distinct.astype(float)),
            ("lineage.one_left", float(alone[t].mean()), (state.distinct == 1).astype(float)),
            ("lineage.survival", float(there[t].mean()), lasting),
        ):
            mean, se = values.mean(axis=1).mean(), values.mean(axis=1).std(ddof=1) / np.sqrt(loops)
            if mean * loops * PROMPTS >= 400 or formula == mean:  # rarer things are not measured by so few loops
                yield Reading(law, f"{cell}, t={t}", True, formula, float(mean), float(se), loops)


def _accumulated(cell: str, shares: NDArray[np.float64], kept: int, loops: int) -> Iterator[Reading]:
    for before in (0, 3 * kept):
        start = Policies.of(shares, loops, before=before)
        mean, se = watch(Loop(kept=kept, accumulate=True), start, 2, 40, lambda s: s.variety.mean(axis=1))
        formula = drift.accumulate(mean[0], kept, 40, before=before)
        name = f"{cell}, {before} before"
        for t in ROUNDS if kept > 1 or before else ():
            yield Reading("drift.accumulate", f"{name}, t={t}", True, formula[t], mean[t], se[t], loops)
        if kept > 1:  # one row and nothing before it: all variety goes in round 1
            # The rest of the way from round 40 on loses 1/(40 n) of what is left, by the law itself.
            rest = drift.accumulate_limit(kept, before=before) / (formula[-1] / mean[0])
            limit = float(drift.accumulate_limit(kept, before=before) * mean[0])
            yield Reading("drift.accumulate_limit", name, True, limit, mean[-1] * float(rest), se[-1], loops)


def _parts(loops: int) -> Iterator[Reading]:
    """Training that goes part of the way: n / λ² takes the place of n."""
    shares = starts()["Dirichlet 8"]
    for part in (0.1, 0.3, 0.7):
        mean, se = watch(Loop(kept=8, part=part), _start(shares, loops), 3, 30, lambda s: s.variety.mean(axis=1))
        for t in ROUNDS:
            formula = float(drift.replace(mean[0], 8 / part**2, t))
            yield Reading("drift.replace, part λ", f"λ={part}, n=8, t={t}", True, formula, mean[t], se[t], loops)


def _fresh(loops: int) -> Iterator[Reading]:
    rng = np.random.default_rng(5)
    own, source = rng.dirichlet(np.ones(8), PROMPTS), rng.dirichlet(np.full(8, 0.6), PROMPTS)
    for kept in (2, 8, 32, 200):
        for share in (0.01, 0.05, 0.2, 0.5, 1.0):
            rounds = 40
            for same in (True, False):
                given = own if same else source
                loop = Loop(kept=kept, fresh=share, source=given)
                formula = fresh.fresh(own, given, kept, share, rounds).mean(axis=1)
                cell = f"n={kept}, m={share}, {'same' if same else 'other'} source"
                yield from _course("fresh.fresh", cell, loop, own, formula, loops)
                rows = round(kept * share)
                if rows:
                    loop = Loop(kept=kept, fresh_rows=rows, source=given)
                    counted = fresh.fresh(own, given, kept, rows / kept, rounds, counted=True).mean(axis=1)
                    yield from _course("fresh.fresh, counted", f"{cell}: {rows} rows", loop, own, counted, loops)
            yield from _balance(kept, share, own, loops)


def _course(
    law: str, cell: str, loop: Loop, own: NDArray[np.float64], formula: NDArray[np.float64], loops: int
) -> Iterator[Reading]:
    mean, se = watch(loop, _start(own, loops), 4, max(ROUNDS), lambda s: s.variety.mean(axis=1))
    for t in ROUNDS:
        yield Reading(law, f"{cell}, t={t}", True, formula[t], mean[t], se[t], loops)


def _balance(kept: int, share: float, own: NDArray[np.float64], loops: int) -> Iterator[Reading]:
    """The long run, from a start near it: one answer drawn from the source is half of the way."""
    rounds = min(int(6 / (1 - (1 - 1 / kept) * (1 - share) ** 2)) + 2, 1200)
    few = own[:4]
    loop = Loop(kept=kept, fresh=share, source=few)
    states = list(loop.run(_start(few, loops), 6, rounds))[-1:]
    ratio = states[0].variety.mean(axis=1) / (1 - (few**2).sum(axis=1)).mean()
    mean, se = float(ratio.mean()), float(ratio.std(ddof=1) / np.sqrt(ratio.size))
    cell = f"n={kept}, m={share}"
    count = ratio.size * 4
    yield Reading("fresh.fresh_limit", cell, True, float(fresh.fresh_limit(kept, share)), mean, se, count)
    rows = kept * share
    yield Reading("fresh.retained", cell, kept >= 32, float(fresh.retained(rows)), mean, se, count)


def _start(shares: NDArray[np.float64], loops: int) -> Policies:
    return Policies.of(shares, loops)
