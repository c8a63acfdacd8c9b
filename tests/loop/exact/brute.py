"""The exact ledger once more, by enumerating every single sequence: slow, plain, and written without the lattice."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from freshbits.loop.exact.signals import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freshbits.loop.exact.world import ExactWorld

Law = dict[tuple, float]  # (hypothesis, judge, state) -> probability


def rounds(world: ExactWorld, number: int) -> list[tuple[float, float, float, float]]:
    """Returns (held, offered, injected, accuracy) of each round."""
    answers = world.right.shape[1]
    law: Law = defaultdict(float)
    judges = world.signal.judges(world.right)
    for x, v in np.ndindex(*judges.shape):
        for rows in product(range(answers), repeat=world.start_rows):
            chance = world.prior[x] * judges[x, v] * np.prod([world.start[x, a] for a in rows])
            law[x, v, tally(rows, answers)] += chance
    found = []
    for _ in range(number + 1):
        seen: Law = defaultdict(float)  # (x, z, y, s)
        after: Law = defaultdict(float)
        for (x, v, z), mass in law.items():
            if mass == 0:
                continue
            for y, verdicts, fresh, chance in one_round(world, x, v, z):
                seen[x, z, y, (verdicts, fresh)] += mass * chance
                after[x, v, follow(world, z, y, verdicts, fresh)] += mass * chance
        found.append((held(law), *bits(seen), accuracy(world, law)))
        law = after
    return found


def one_round(world: ExactWorld, x: int, v: int, z: tuple) -> Iterator[tuple[tuple, tuple, tuple, float]]:
    answers = world.right.shape[1]
    share = world.shares(np.array([z]))[0]
    for y in product(range(answers), repeat=world.samples):
        drawn = float(np.prod([share[a] for a in y]))
        if drawn == 0:
            continue
        rates = world.signal.rates(Scene(world.right, share[None], np.array([tally(y, answers)])))
        rate = rates[x % rates.shape[0], v % rates.shape[1], 0, 0]
        for verdicts in product((0, 1), repeat=world.samples):
            judged = float(np.prod([rate[a] if s else 1 - rate[a] for a, s in zip(y, verdicts, strict=True)]))
            if judged == 0:
                continue
            for fresh in product(range(answers), repeat=world.fresh):
                chance = float(np.prod([world.fresh_shares[x, a] for a in fresh]))
                if chance:
                    yield y, verdicts, fresh, drawn * judged * chance


def follow(world: ExactWorld, z: tuple, y: tuple, verdicts: tuple, fresh: tuple) -> tuple:
    rows = [a for a, s in zip(y, verdicts, strict=True) if s] + list(fresh)
    new = tally(rows, len(z))
    if world.accumulate:
        return tuple(a + b for a, b in zip(z, new, strict=True))
    return new if rows else z


def tally(rows: tuple | list, answers: int) -> tuple:
    return tuple(sum(1 for row in rows if row == a) for a in range(answers))


def entropy(law: Law) -> float:
    return -sum(p * log2(p) for p in law.values() if p > 0)


def onto(law: Law, places: tuple[int, ...]) -> Law:
    smaller: Law = defaultdict(float)
    for key, p in law.items():
        smaller[tuple(key[i] for i in places)] += p
    return smaller


def held(law: Law) -> float:
    return entropy(onto(law, (0,))) + entropy(onto(law, (2,))) - entropy(onto(law, (0, 2)))


def bits(seen: Law) -> tuple[float, float]:
    offered = entropy(onto(seen, (1, 2, 3))) - entropy(onto(seen, (1, 2)))
    given = entropy(seen) - entropy(onto(seen, (0, 1, 2)))
    return offered, offered - given


def accuracy(world: ExactWorld, law: Law) -> float:
    return sum(p * float(world.right[x] @ world.shares(np.array([z]))[0]) for (x, _, z), p in law.items())
