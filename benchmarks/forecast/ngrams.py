"""N-gram models that train on their own samples: the laws against loops that nobody simulated as populations.

A bigram model over the words of a random Markov source, and a model of letters given two letters over text from a
random grammar of syllables. Each is trained, generates text as long as it was trained on, and is trained on that, for
20 generations. Every context is one "prompt"; n_c is how often it was seen. The laws get the counts and nothing else:
no constant is fitted. They assume independent draws; a text is a chain, and contexts come and go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.forecast.reading import Reading

from freshbits.dynamics import drift, fresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

GENERATIONS = 20
SHOWN = (1, 3, 10, 20)
LEAST_SEEN = 5  # times per generation, for a context to be judged
LEAST_VARIETY = 0.05
SHARE = 0.2  # of fresh text, where there is any


@dataclass(frozen=True)
class Source:
    """Holds a kind of text: its alphabet, how many letters a context has, its length, and the text itself."""

    name: str
    letters: int
    order: int
    length: int
    text: Ints

    @property
    def contexts(self) -> int:
        """Returns the number of contexts."""
        return int(self.letters**self.order)

    def counts(self, text: Ints) -> Ints:
        """Counts which letter follows which context: (texts, contexts, letters), for texts (texts, length)."""
        context = np.zeros(text.shape, dtype=np.int64)
        for back in range(self.order, 0, -1):
            context[:, self.order :] = context[:, self.order :] * self.letters + text[:, self.order - back : -back]
        size = self.contexts * self.letters
        place = context[:, self.order :] * self.letters + text[:, self.order :]
        flat = (place + np.arange(text.shape[0])[:, None] * size).ravel()
        found = np.bincount(flat, minlength=text.shape[0] * size)
        return found.reshape(text.shape[0], self.contexts, self.letters)


def readings(loops: int) -> Iterator[Reading]:
    """Runs every source in every way of keeping text."""
    replicas = max(loops // 10, 40)
    for source in (words(), syllables()):
        yield from _replaced(source, replicas)
        yield from _accumulated(source, replicas)
        yield from _refreshed(source, replicas)


def words() -> Source:
    """Makes text of 40 words, each followed by some words more than by others (a sparse Dirichlet source)."""
    rng = np.random.default_rng(11)
    chain = rng.dirichlet(np.full(40, 0.15), 40)
    text = np.zeros(200_000, dtype=np.int64)
    below, uniform = np.cumsum(chain, axis=1), rng.random(text.size)
    for place in range(1, text.size):
        text[place] = min(int(np.searchsorted(below[text[place - 1]], uniform[place])), 39)
    return Source("bigram of words", 40, 1, 4000, text)


def syllables() -> Source:
    """Makes text of words built from syllables of 11 letters, and a space, with Zipf frequencies."""
    rng = np.random.default_rng(12)
    consonants, vowels = np.arange(1, 8), np.arange(8, 12)
    lexicon = []
    for _ in range(120):
        parts = [[rng.choice(consonants), rng.choice(vowels)] for _ in range(rng.integers(1, 4))]
        lexicon.append([int(letter) for part in parts for letter in part] + [0])
    share = 1 / np.arange(1, len(lexicon) + 1)
    drawn = rng.choice(len(lexicon), 60_000, p=share / share.sum())
    text = np.array([letter for word in drawn for letter in lexicon[word]], dtype=np.int64)
    return Source("letters given two letters", 12, 2, 6000, text)


def _replaced(source: Source, replicas: int) -> Iterator[Reading]:
    rng = np.random.default_rng(1)
    counts = _first(source, replicas)
    start = variety(counts)
    law = start.copy()
    seen = []
    for generation in range(1, GENERATIONS + 1):
        new = source.counts(generate(source, counts, source.length, rng))
        number = new.sum(axis=2)
        counts = np.where(number[:, :, None] > 0, new, counts)  # what is not seen is not unlearned
        law = np.where(number > 0, drift.replace(law, np.maximum(number, 1), 1), law)
        seen.append(number)
        if generation in SHOWN:
            yield from _compared("drift.replace", source, generation, law, variety(counts), start, np.stack(seen))


def _accumulated(source: Source, replicas: int) -> Iterator[Reading]:
    rng = np.random.default_rng(2)
    first = _first(source, replicas)
    start, pool, seen = variety(first), np.zeros_like(first), []
    for generation in range(1, GENERATIONS + 1):
        model = np.where(pool.sum(axis=2, keepdims=True) > 0, pool, first)
        new = source.counts(generate(source, model, source.length, rng))
        pool = pool + new
        seen.append(new.sum(axis=2))
        if generation in SHOWN:
            mean = np.maximum(np.stack(seen).mean(axis=0), 1.0)
            law = drift.accumulate(start, mean, generation)[-1]
            now = variety(np.where(pool.sum(axis=2, keepdims=True) > 0, pool, first))
            yield from _compared("drift.accumulate", source, generation, law, now, start, np.stack(seen))


def _refreshed(source: Source, replicas: int) -> Iterator[Reading]:
    rng = np.random.default_rng(3)
    counts = _first(source, replicas)
    start, p = variety(counts), shares(counts)
    every = source.counts(source.text[None])
    outside = shares(np.where(every.sum(axis=2, keepdims=True) > 0, every, 1))
    length = int(SHARE * source.length)
    total, given = [], []
    for generation in range(1, GENERATIONS + 1):
        own = source.counts(generate(source, counts, source.length - length, rng))
        place = rng.integers(0, source.text.size - length, replicas)
        new = source.counts(source.text[place[:, None] + np.arange(length)])
        both = own + new
        counts = np.where(both.sum(axis=2, keepdims=True) > 0, both, counts)
        total.append(both.sum(axis=2))
        given.append(new.sum(axis=2))
        if generation in SHOWN:
            number = np.stack(total).mean(axis=0)
            share = np.stack(given).mean(axis=0) / np.maximum(number, 1e-9)
            enough = np.maximum(number, 1.0)
            known = np.where(p.sum(axis=2, keepdims=True) > 0, p, outside)
            law = fresh.fresh(known, np.broadcast_to(outside, p.shape), enough, share, generation, counted=True)[-1]
            yield from _compared("fresh.fresh", source, generation, law, variety(counts), start, np.stack(total))


def _compared(
    law: str, source: Source, generation: int, formula: Array, now: Array, start: Array, seen: Ints
) -> Iterator[Reading]:
    """Yields one reading per context that is seen often enough: means over the replicas."""
    often = seen.mean(axis=(0, 1))
    replicas = now.shape[0]
    for context in np.flatnonzero((often >= LEAST_SEEN) & (start.mean(axis=0) >= LEAST_VARIETY)):
        found = now[:, context]
        se = float(found.std(ddof=1) / np.sqrt(replicas))
        cell = f"{source.name}, context {context}, n={often[context]:.0f}, t={generation}"
        name = f"{law}, {source.name}"
        yield Reading(name, cell, True, float(formula[:, context].mean()), float(found.mean()), se, replicas)


def _first(source: Source, replicas: int) -> Ints:
    return np.repeat(source.counts(source.text[None, : source.length]), replicas, axis=0)


def generate(source: Source, counts: Ints, length: int, rng: np.random.Generator) -> Ints:
    """Generates a text per replica from its counts; a context that was never seen starts anew at one that was."""
    replicas = counts.shape[0]
    seen = counts.sum(axis=2) > 0
    below = np.cumsum(shares(counts), axis=2)
    below[:, :, -1] = 2.0
    begin = seen.argmax(axis=1)
    text = np.zeros((replicas, length + source.order), dtype=np.int64)
    context, row = begin.copy(), np.arange(replicas)
    for back in range(source.order):
        text[:, source.order - 1 - back] = begin // source.letters**back % source.letters
    uniform = rng.random((length, replicas))
    for place in range(length):
        lost = ~seen[row, context]
        if lost.any():
            context[lost] = begin[lost]
        letter = (uniform[place][:, None] >= below[row, context]).sum(axis=1)
        text[:, source.order + place] = letter
        context = context % source.letters ** (source.order - 1) * source.letters + letter
    return text


def shares(counts: Ints) -> Array:
    """Returns the share of every letter by context; 0 where the context was not seen."""
    total = counts.sum(axis=2, keepdims=True)
    found: Array = counts / np.maximum(total, 1)
    return found


def variety(counts: Ints) -> Array:
    """Returns 1 - Σ p² by context, (texts, contexts); 0 where it was not seen."""
    p = shares(counts)
    found: Array = np.where(counts.sum(axis=2) > 0, 1 - (p * p).sum(axis=2), 0.0)
    return found
