"""Group-relative policy gradient: the fitted step, and what a verifier's errors cost in rounds and rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading

from freshbits.dynamics import grpo, verifier
from freshbits.worlds import step
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PROMPTS = 20
LATER = (5, 10, 20)
SEEN = 2  # the step is fitted to rounds 0 and 2


def readings(loops: int) -> Iterator[Reading]:
    """Simulates every cell."""
    yield from _steps(loops)
    yield from _time(loops)
    yield from _samples(loops)


def _starts(answers: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    rate = 0.05 + 0.9 * rng.beta(1, 2, PROMPTS)
    wrong = rng.dirichlet(np.ones(answers - 1), PROMPTS)
    return np.concatenate([rate[:, None], (1 - rate[:, None]) * wrong], axis=1)


def _steps(loops: int) -> Iterator[Reading]:
    for answers in (2, 8):
        shares = _starts(answers, answers)
        for size in (4, 8, 64):
            for tpr, fpr in ((1.0, 0.0), (0.8, 0.2), (0.9, 0.5)):
                for length in (0.3, 2.0, 10.0):
                    for divided in (True, False):
                        accept = step.verifier(answers, tpr=tpr, fpr=fpr)
                        loop = step.Loop(samples=size, accept=accept, gradient=step.Gradient(length, divided))
                        seen = [s.rate.mean(axis=1) for s in loop.run(Policies.of(shares, loops), 1, max(LATER))]
                        rate, mean = shares[:, 0], float(seen[SEEN].mean())
                        fitted = grpo.fitted_step(rate, mean, tpr, fpr, rounds=SEEN, divided=divided)
                        said = grpo.advance(rate, fitted, tpr, fpr, max(LATER), divided=divided).mean(axis=1)
                        cell = f"{answers} answers, G={size}, {tpr}/{fpr}, step {length}, divided {divided}"
                        inside = length <= 2 and size >= 8
                        for t in LATER:
                            se = float(seen[t].std(ddof=1) / np.sqrt(loops))
                            found = float(seen[t].mean())
                            yield Reading("grpo.advance", f"{cell}, t={t}", inside, float(said[t]), found, se, loops)
                            law = "grpo, last value kept"
                            yield Reading(law, f"{cell}, t={t}", False, mean, found, se, loops)


def _time(loops: int) -> Iterator[Reading]:
    """Rounds from a mean pass rate of about .33 to .6, against those with a perfect verifier."""
    shares, few = _starts(2, 1), max(loops // 20, 25)
    for divided in (False, True):
        perfect = _rounds(shares, 1.0, 0.0, few, divided=divided)
        for tpr, fpr in ((0.9, 0.1), (0.7, 0.0), (1.0, 0.3), (0.8, 0.4), (0.7, 0.5), (0.3, 0.0)):
            found = _rounds(shares, tpr, fpr, few, divided=divided) / perfect
            cell = f"{tpr}/{fpr}, divided {divided}"
            formula = float(verifier.relative_time(tpr, fpr))
            yield Reading("verifier.relative_time", cell, not divided, formula, found, 0.0, few * PROMPTS)


def _rounds(shares: NDArray[np.float64], tpr: float, fpr: float, loops: int, *, divided: bool) -> float:
    accept = step.verifier(2, tpr=tpr, fpr=fpr)
    loop = step.Loop(samples=64, accept=accept, gradient=step.Gradient(0.3, divided))
    before = 0.0
    for state in loop.run(Policies.of(shares, loops), 2, 1000):
        rate = float(state.rate.mean())
        if rate >= 0.6:
            return state.round - (rate - 0.6) / (rate - before)
        before = rate
    raise RuntimeError("the loop did not get there in 1000 rounds")


def _samples(loops: int) -> Iterator[Reading]:
    """Rollouts for a fixed ratio of the mean gradient to its noise in a direction that the verdict does not know."""
    rng = np.random.default_rng(4)
    size, groups = 64, 40 * loops
    for p in (0.1, 0.5, 0.8):
        perfect = _per_rollout(rng, p, 1.0, 0.0, size, groups)
        for tpr, fpr in ((0.9, 0.1), (0.7, 0.0), (1.0, 0.3), (0.8, 0.4)):
            found = perfect / _per_rollout(rng, p, tpr, fpr, size, groups)
            cell, s = f"{tpr}/{fpr}, p={p}", p * tpr + (1 - p) * fpr
            exact = float(verifier.relative_samples(tpr, fpr, p))
            yield Reading("verifier.relative_samples, with p", cell, True, exact, found, 0.0, groups)
            same = abs(s * (1 - s) / (p * (1 - p)) - 1) <= 0.05
            formula = float(verifier.relative_samples(tpr, fpr))
            yield Reading("verifier.relative_samples, 1/J²", cell, same, formula, found, 0.0, groups)


def _per_rollout(rng: np.random.Generator, p: float, tpr: float, fpr: float, size: int, groups: int) -> float:
    """Returns the squared signal-to-noise ratio per rollout."""
    right = rng.random((groups, size)) < p
    verdict = (rng.random((groups, size)) < np.where(right, tpr, fpr)).astype(float)
    other = rng.choice([-1.0, 1.0], (groups, size))
    centred = verdict - verdict.mean(axis=1, keepdims=True)
    signal = (centred * right).mean(axis=1).mean()
    return float(signal**2 / (centred * other).mean(axis=1).var() / size)
