"""Loops with a verifier: the operator, the replicator, the ceiling, variety among right answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading, watch

from freshbits.dynamics import fixation, replicator, selection, within
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from freshbits.dynamics.selection import Rule

ROUNDS = (1, 3, 10, 30)
PROMPTS = 20
VERIFIERS = ((0.9, 0.1), (0.8, 0.4), (0.6, 0.5), (1.0, 0.0), (0.7, 0.0), (0.3, 0.6), (0.5, 0.5))


def readings(loops: int) -> Iterator[Reading]:
    """Simulates every cell."""
    rates = {
        "p=.5": np.full(PROMPTS, 0.5),
        "p=.02": np.full(PROMPTS, 0.02),
        "Beta(.5, 1)": np.random.default_rng(3).beta(0.5, 1.0, PROMPTS),
    }
    for name, rate in rates.items():
        for tpr, fpr in VERIFIERS:
            for number in (1, 4, 16, 64, 200):
                yield from _kept(f"{name}, {tpr}/{fpr}, n={number}", rate, tpr, fpr, number, 0.0, loops)
                yield from _sampled(f"{name}, {tpr}/{fpr}, N={number}", rate, tpr, fpr, number, 0.0, loops)
            for number in (4, 64):
                cell = f"{name}, {tpr}/{fpr}, μ=.05"
                yield from _kept(f"{cell}, n={number}", rate, tpr, fpr, number, 0.05, loops)
                yield from _sampled(f"{cell}, N={number}", rate, tpr, fpr, number, 0.05, loops)
        yield from _kept(f"{name}, 0.6/0.5, n=2000", rate, 0.6, 0.5, 2000, 0.0, max(loops // 10, 50))
    yield from _within(loops)
    yield from _ceiling(loops)


def _start(rate: NDArray[np.float64], loops: int) -> Policies:
    return Policies.of(np.stack([rate, 0.6 * (1 - rate), 0.4 * (1 - rate)], axis=1), loops)


def _kept(
    cell: str, rate: NDArray[np.float64], tpr: float, fpr: float, kept: int, mu: float, loops: int
) -> Iterator[Reading]:
    ratio = tpr / fpr if fpr else np.inf
    loop = Loop(kept=kept, accept=verifier(3, tpr=tpr, fpr=fpr), recorruption=mu)
    if fpr == 0 and (mu > 0 or (rate == 0).any()):
        return  # a right answer that is gone would be waited for for ever
    yield from _operator("selection, kept", cell, selection.Kept(kept, ratio, mu), loop, rate, loops)
    if mu == 0:
        yield from _replicator(cell, loop, rate, ratio, kept, loops)


def _sampled(
    cell: str, rate: NDArray[np.float64], tpr: float, fpr: float, samples: int, mu: float, loops: int
) -> Iterator[Reading]:
    loop = Loop(samples=samples, accept=verifier(3, tpr=tpr, fpr=fpr), recorruption=mu)
    yield from _operator("selection, sampled", cell, selection.Sampled(samples, tpr, fpr, mu), loop, rate, loops)


def _operator(law: str, cell: str, rule: Rule, loop: Loop, rate: NDArray[np.float64], loops: int) -> Iterator[Reading]:
    course = selection.course(rule, rate, np.ones(rate.size), max(ROUNDS))
    start = _start(rate, loops)
    law = f"{law}, μ" if loop.recorruption else law
    mean, se = watch(loop, start, 1, max(ROUNDS), lambda s: s.rate.mean(axis=1))
    lost, lost_se = watch(loop, start, 1, max(ROUNDS), lambda s: (s.rate == 0).mean(axis=1))
    for t in ROUNDS:
        if mean[t] * loops * PROMPTS >= 200:
            yield Reading(f"{law}: pass rate", f"{cell}, t={t}", True, float(course.rate[t]), mean[t], se[t], loops)
        if lost[t] * loops * PROMPTS >= 200:
            gone = float(course.lost[t])
            yield Reading(f"{law}: lost", f"{cell}, t={t}", True, gone, lost[t], lost_se[t], loops)


def _replicator(
    cell: str, loop: Loop, rate: NDArray[np.float64], ratio: float, kept: int, loops: int
) -> Iterator[Reading]:
    mean, se = watch(loop, _start(rate, loops), 1, max(ROUNDS), lambda s: s.rate.mean(axis=1))
    enough = fixation.control_number(rate, ratio, kept)
    for t in ROUNDS:
        formula = float(replicator.replicator(rate, ratio, t).mean())
        if mean[t] * loops * PROMPTS >= 200:
            inside = t == 1 or (ratio >= 1 and (np.isinf(ratio) or bool((enough >= 5).all())))
            yield Reading("replicator", f"{cell}, t={t}", inside, formula, mean[t], se[t], loops)


def _within(loops: int) -> Iterator[Reading]:
    for number in (2, 8, 32, 200):
        for right in (2, 16):
            for p in (0.05, 0.5):
                shares = np.concatenate([np.full(right, p / right), [1 - p]])
                start = Policies.of(np.tile(shares, (PROMPTS, 1)), loops, right=right)
                accept = verifier(right + 1, tpr=0.8, fpr=0.0, right=right)
                variety = 1 - 1 / right
                read = lambda s: np.nanmean(s.right_variety, axis=1)  # noqa: E731
                for law, loop, formula in (
                    (
                        "within_kept",
                        Loop(kept=number, accept=accept),
                        within.within_kept(variety, number, np.arange(31)),
                    ),
                    (
                        "within_sampled",
                        Loop(samples=number, accept=accept),
                        within.within_sampled(variety, p, number, 0.8, 30),
                    ),
                ):
                    mean, se = watch(loop, start, 7, max(ROUNDS), read)
                    for t in ROUNDS:
                        if mean[t] * loops * PROMPTS >= 400:
                            cell = f"{number} rows, {right} right, p={p}, t={t}"
                            yield Reading(law, cell, True, float(formula[t]), mean[t], se[t], loops)


def _ceiling(loops: int) -> Iterator[Reading]:
    """Pass rate of prompts that still have a right answer, after long enough."""
    for ratio in (1.2, 2.0, 9.0):
        for mu in (0.02, 0.05, 0.1, 0.3):
            for kept in (8, 64, 512, 4000):
                formula = float(replicator.ceiling(ratio, mu))
                loop = Loop(kept=kept, accept=verifier(3, tpr=1.0, fpr=1 / ratio), recorruption=mu)
                few = max(loops // 20, 25)
                states = list(loop.run(_start(np.full(PROMPTS, max(formula, 0.2)), few), 8, 100))[80:]
                rate = np.mean([state.rate.mean(axis=1) for state in states], axis=0)
                mean, se = float(rate.mean()), float(rate.std(ddof=1) / np.sqrt(few))
                inside = formula > 0 and kept * formula * (1 - 1 / ratio) >= 10
                if mean > 0.001:
                    yield Reading("ceiling", f"r={ratio}, μ={mu}, n={kept}", inside, formula, mean, se, few * PROMPTS)
