"""Eleven kinds of features of token sequences, and pairs of sequences that differ in two of them as wished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.cure.texts import KINDS as SEVEN
from benchmarks.cure.texts import LONGEST, SHORTEST, Kind, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARLIER, LATER = 76, 77
HEDGES = np.arange(40, 48)
SIX = np.arange(1, 7)
TRIES = 200


def _without(tokens: list[int], gone: set[int], rng: np.random.Generator) -> list[int]:
    return [int(rng.integers(1, 30)) if token in gone else token for token in tokens]


def _apart(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, {EARLIER, LATER}, rng)
    one = int(rng.integers(6, len(found) - 4))
    other = int(rng.integers(one + 3, len(found)))
    found[one], found[other] = (EARLIER, LATER) if there else (LATER, EARLIER)
    return found


def _ends(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = list(tokens)
    if there:
        found[-1] = found[0]
    elif found[-1] == found[0]:
        found[-1] = int(rng.integers(1, 30))
    return found


def _sum(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = list(tokens)
    one = int(rng.choice(SIX))
    fitting = [int(other) for other in SIX if ((one + other) % 3 == 0) == there]
    found[2], found[3] = one, int(rng.choice(fitting))
    return found


def _hedge(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, set(HEDGES.tolist()), rng)
    number = int(rng.integers(2, 4)) if there else int(rng.integers(0, 2))
    for place in rng.choice(np.arange(6, len(found)), number, replace=False).tolist():
        found[place] = int(rng.choice(HEDGES))
    return found


KINDS = (
    *SEVEN,
    Kind(
        "apart", lambda t: EARLIER in t and LATER in t and t.index(EARLIER) < len(t) - t[::-1].index(LATER) - 1, _apart
    ),
    Kind("ends", lambda t: t[0] == t[-1], _ends),
    Kind("sum", lambda t: (t[2] + t[3]) % 3 == 0, _sum),
    Kind("hedge", lambda t: sum(x in HEDGES for x in t) >= 2, _hedge),
)


@dataclass(frozen=True)
class Drawn:
    """Holds one configuration: which features, how they go with the verdict, how many pairs.

    Attributes:
        intended: the feature that truth is.
        spurious: the other one.
        agrees: P(accepted text is higher in the intended feature | the two differ in it).
        lures: the same for the spurious one.
        differ: shares of the pairs that differ in each.
        pairs: number of pairs.
    """

    intended: Kind
    spurious: Kind
    agrees: float
    lures: float
    differ: tuple[float, float]
    pairs: int


def draw(seed: int) -> Drawn:
    """Draws a configuration: agreement of truth in {.98, .95, .9, .85}, of the other U(.6, that + .05), at most .98."""
    rng = np.random.default_rng([seed, 31])
    one, other = (KINDS[k] for k in rng.choice(len(KINDS), 2, replace=False))
    agrees = float(rng.choice([0.98, 0.95, 0.9, 0.85]))
    lures = min(float(rng.uniform(0.6, agrees + 0.05)), 0.98)
    differ = (float(rng.choice([1.0, 0.7, 0.5])), float(rng.choice([1.0, 0.7, 0.5])))
    return Drawn(one, other, agrees, lures, differ, 2048 if rng.random() < 0.65 else 768)


def sides(drawn: Drawn, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns the features of accepted and rejected texts, each of shape (pairs, 2): intended, spurious."""
    accepted, rejected = np.empty((drawn.pairs, 2), dtype=bool), np.empty((drawn.pairs, 2), dtype=bool)
    for k, agreement in enumerate((drawn.agrees, drawn.lures)):
        differ = rng.random(drawn.pairs) < drawn.differ[k]
        alike = rng.random(drawn.pairs) < 0.5
        higher = rng.random(drawn.pairs) < agreement
        accepted[:, k] = np.where(differ, higher, alike)
        rejected[:, k] = np.where(differ, ~higher, alike)
    return accepted, rejected


def written(drawn: Drawn, shown: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Writes one sequence per row of features (intended, spurious)."""
    return table([_sequence(drawn, (bool(a), bool(b)), rng) for a, b in shown])


def _sequence(drawn: Drawn, there: tuple[bool, bool], rng: np.random.Generator) -> list[int]:
    asked: list[tuple[Any, bool]] = [(drawn.intended, there[0]), (drawn.spurious, there[1])]
    for _ in range(TRIES):
        tokens = [int(token) for token in rng.integers(1, 30, int(rng.integers(SHORTEST, LONGEST + 1)))]
        order = [asked[k] for k in rng.permutation(2)]
        for kind, value in sorted(order, key=lambda entry: entry[0].name != "length"):
            tokens = kind.write(tokens, value, rng)
        if all(kind.read(tokens) == value for kind, value in asked):
            return tokens
    raise ValueError(f"{drawn.intended.name} and {drawn.spurious.name} cannot both be {there}")
