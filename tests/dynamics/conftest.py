"""Loops of few rows, enumerated exactly: every state a loop can be in, with its probability."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

State = tuple[float, ...]
Law = dict[State, float]


def spread(rows: int, share: State) -> Iterable[tuple[tuple[int, ...], float]]:
    """Lists the counts that `rows` rows can give, with their multinomial probability."""
    for counts in itertools.product(range(rows + 1), repeat=len(share) - 1):
        last = rows - sum(counts)
        if last < 0:
            continue
        all_counts = (*counts, last)
        mass = math.factorial(rows)
        for k, p in zip(all_counts, share, strict=True):
            mass *= p**k / math.factorial(k)
        if mass > 0:
            yield all_counts, mass


class Exact:
    """Carries the law of a prompt's shares from round to round."""

    spread = staticmethod(spread)

    def run(self, start: State, step: Callable[[State, int], Iterable[tuple[State, float]]], rounds: int) -> list[Law]:
        laws: list[Law] = [{tuple(start): 1.0}]
        for t in range(1, rounds + 1):
            later: Law = defaultdict(float)
            for state, mass in laws[-1].items():
                for new, share in step(state, t):
                    later[tuple(round(p, 12) for p in new)] += mass * share
            laws.append(dict(later))
        return laws

    def kept(self, rows: int, mean: Callable[[State], State] = lambda p: p):
        """Returns the step of a loop that keeps `rows` rows drawn from mean(p)."""

        def step(p: State, t: int) -> Iterable[tuple[State, float]]:
            for counts, mass in spread(rows, mean(p)):
                yield tuple(k / rows for k in counts), mass

        return step

    def sampled(self, rows: int, accept: State):
        """Returns the step of a loop that samples `rows` rollouts and keeps what is accepted."""

        def step(p: State, t: int) -> Iterable[tuple[State, float]]:
            weights = [share * rate for share, rate in zip(p, accept, strict=True)]
            none = max(1 - sum(weights), 0.0)
            for counts, mass in spread(rows, (*weights, none)):
                number = sum(counts[:-1])
                yield (tuple(k / number for k in counts[:-1]) if number else p), mass

        return step


@pytest.fixture(scope="session")
def exact() -> Exact:
    return Exact()


@pytest.fixture(scope="session")
def mean():
    """Returns the mean of a function of the shares under a law."""
    return lambda law, function: sum(mass * function(p) for p, mass in law.items())
