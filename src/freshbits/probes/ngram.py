"""The probe on hashed words and pairs of words: a linear score, without torch.

It sees which tokens and neighbouring pairs of tokens a text holds and how many they are. It cannot see order beyond
neighbours, places, or what must be counted and compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.probes.tokens import PAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.probes.targets import Target
    from freshbits.probes.tokens import Tokens

BUCKETS = 4_096
BATCH = 16
RATE = 0.05
DECAY, SQUARES, TINY = 0.9, 0.999, 1e-8  # Adam


def ngram_margins(first: Tokens, second: Tokens, asked: Sequence[Target], seed: int = 0) -> list[NDArray[np.float64]]:
    """Returns for each target the margins f(higher) - f(lower) before each update, in the order met.

    f(x) = w · n(x), n the logarithms log(1 + count) of hashed tokens, pairs of neighbours and their number; one pass
    of Adam in batches of 16 over the pairs that differ, w = 0 at the start, loss log(1 + exp(-margin)) by weight.

    Args:
        first: accepted texts as tokens.
        second: rejected texts as tokens.
        asked: the targets.
        seed: number of the hash.
    """
    difference = _differences(first, second, seed)
    return [_one(difference, each) for each in asked]


def _one(difference: NDArray[np.float32], asked: Target) -> NDArray[np.float64]:
    found = np.zeros(asked.place.size)
    held, mean, square = (np.zeros(difference.shape[1], dtype=np.float32) for _ in range(3))
    for step, start in enumerate(range(0, asked.place.size, BATCH), start=1):
        at = slice(start, start + BATCH)
        rows, sign = difference[asked.place[at]], asked.sign[at]
        margin = sign * (rows @ held)
        found[at] = margin
        pull = sign * asked.weight[at] / (1.0 + np.exp(np.minimum(margin, 50.0))) / BATCH
        gradient = -(pull.astype(np.float32) @ rows)
        mean += np.float32(1 - DECAY) * (gradient - mean)
        square += np.float32(1 - SQUARES) * (gradient**2 - square)
        size = RATE * np.sqrt(1 - SQUARES**step) / (1 - DECAY**step)
        held -= np.float32(size) * mean / (np.sqrt(square) + np.float32(TINY))
    return found


def _differences(first: Tokens, second: Tokens, seed: int) -> NDArray[np.float32]:
    """Returns n(accepted) - n(rejected), shape (pairs, buckets that occur + 1)."""
    sides = [_counted(read, seed) for read in (first, second)]
    used, column = np.unique(np.concatenate([bucket for _, bucket, _ in sides]), return_inverse=True)
    found = np.zeros((first.table.shape[0], used.size + 1), dtype=np.float32)
    start = 0
    for (row, bucket, count), sign, read in zip(sides, (1.0, -1.0), (first, second), strict=True):
        found[row, column[start : start + bucket.size]] += (sign * np.log1p(count)).astype(np.float32)
        found[:, -1] += (sign * np.log1p((read.table != PAD).sum(axis=1))).astype(np.float32)
        start += bucket.size
    return found


def _counted(read: Tokens, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Returns (text, bucket, count) of the tokens and pairs of neighbours that texts hold."""
    table = read.table
    there = table != PAD
    pairs = there[:, :-1] & there[:, 1:]
    one = _hash(table, 2 * seed + 1)
    two = _hash(table[:, :-1] * np.int64(65_599) + table[:, 1:], 2 * seed + 2)
    row = np.arange(table.shape[0], dtype=np.int64)[:, None] * BUCKETS
    found, count = np.unique(np.concatenate([(row + one)[there], (row + two)[pairs]]), return_counts=True)
    return found // BUCKETS, found % BUCKETS, count


def _hash(numbers: NDArray[np.int64], salt: int) -> NDArray[np.int64]:
    mixed = (numbers.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return np.asarray(mixed % np.uint64(BUCKETS), dtype=np.int64)
