"""Seeded streams of random numbers: one per (seed, place, purpose), so that no draw shifts another."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from freshbits.worlds.rates import Array


def stream(seed: int, purpose: str, *place: int) -> np.random.Generator:
    """Returns the generator of one purpose at one place (round, source); same arguments, same numbers.

    >>> stream(1, "answers", 0, 0).random() == stream(1, "answers", 0, 0).random()
    True
    >>> stream(1, "answers", 0, 0).random() == stream(1, "answers", 1, 0).random()
    False
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *place])


def table(seed: int, purpose: str, round: int, source: int, prompts: int, width: int) -> Array:
    """Returns a row of uniform numbers per prompt, which does not depend on how many prompts there are."""
    return stream(seed, purpose, round, source).random((prompts, width))
