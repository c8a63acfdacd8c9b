"""Sequences of tokens that hold an intended feature and a spurious one, each set as wished, on the rest by chance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

VOCABULARY, LONGEST, SHORTEST = 80, 24, 12
PAD = 0
STYLE_A, STYLE_B = np.arange(60, 66), np.arange(66, 72)
SYNONYMS = np.arange(48, 60)
MARK, WORD, ONE, TWO = 72, 73, 74, 75
HIGH = np.arange(30, 48)  # a class of tokens at a fixed place
PLACE = 5


@dataclass(frozen=True)
class Kind:
    """Holds one kind of feature: how to read it, and how to write it into a sequence."""

    name: str
    read: Callable[[list[int]], bool]
    write: Callable[[list[int], bool, np.random.Generator], list[int]]


def _without(tokens: list[int], gone: set[int], rng: np.random.Generator) -> list[int]:
    return [int(rng.integers(1, 30)) if token in gone else token for token in tokens]


def _marker(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    return [MARK if there else int(rng.integers(1, 30)), *tokens[1:]]


def _word(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, {WORD}, rng)
    if there:
        found[int(rng.integers(6, len(found)))] = WORD
    return found


def _length(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    size = int(rng.integers(19, LONGEST + 1) if there else rng.integers(SHORTEST, 18))
    more = rng.integers(1, 30, max(size - len(tokens), 0)).tolist()
    return [*tokens, *more][:size]


def _style(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, {*STYLE_A.tolist(), *STYLE_B.tolist()}, rng)
    places = rng.choice(np.arange(6, len(found)), 3, replace=False)
    kinds = (STYLE_A, STYLE_A, STYLE_B) if there else (STYLE_B, STYLE_B, STYLE_A)
    for place, kind in zip(places.tolist(), kinds, strict=True):
        found[place] = int(rng.choice(kind))
    return found


def _order(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, {ONE, TWO}, rng)
    place = int(rng.integers(6, len(found) - 1))
    found[place : place + 2] = [ONE, TWO] if there else [TWO, ONE]
    return found


def _synonym(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = _without(tokens, set(SYNONYMS.tolist()), rng)
    if there:
        found[int(rng.integers(6, len(found)))] = int(rng.choice(SYNONYMS))
    return found


def _class(tokens: list[int], there: bool, rng: np.random.Generator) -> list[int]:
    found = list(tokens)
    found[PLACE] = int(rng.choice(HIGH)) if there else int(rng.integers(1, 30))
    return found


KINDS = (
    Kind("marker", lambda t: t[0] == MARK, _marker),
    Kind("word", lambda t: WORD in t, _word),
    Kind("length", lambda t: len(t) > 18, _length),
    Kind("style", lambda t: sum(x in STYLE_A for x in t) > sum(x in STYLE_B for x in t), _style),
    Kind("order", lambda t: (ONE, TWO) in itertools.pairwise(t), _order),
    Kind("synonym", lambda t: any(x in SYNONYMS for x in t), _synonym),
    Kind("class", lambda t: t[PLACE] in HIGH, _class),
)


def sequence(one: Kind, other: Kind, there: tuple[bool, bool], rng: np.random.Generator) -> list[int]:
    """Draws sequences until both features are as wished; length is written first, since others may need the end."""
    order = sorted(((one, there[0]), (other, there[1])), key=lambda entry: entry[0].name != "length")
    while True:
        tokens = [int(token) for token in rng.integers(1, 30, int(rng.integers(SHORTEST, LONGEST + 1)))]
        for kind, value in order:
            tokens = kind.write(tokens, value, rng)
        if one.read(tokens) == there[0] and other.read(tokens) == there[1]:
            return tokens


def table(rows: list[list[int]]) -> NDArray[np.int64]:
    """Returns sequences as one table, padded behind."""
    found = np.full((len(rows), LONGEST), PAD, dtype=np.int64)
    for place, tokens in enumerate(rows):
        found[place, : len(tokens)] = tokens
    return found
