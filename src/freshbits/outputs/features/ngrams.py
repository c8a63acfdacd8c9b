"""Words and pairs of words as features: which texts hold them.

A word is a run of letters (or underscores) of any script, in lower case, with what follows an apostrophe; a pair is two
words in a row, whatever stands between them. Those that nearly all or hardly any texts hold are left out, and so are
digits: they are answers.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

WORD = re.compile(r"[^\W\d]+(?:'[^\W\d]+)?")
RARE = 0.02  # share of texts that must hold it, and that must not
MOST = 4_000  # words and pairs looked at, the most frequent first
LONGEST = 20_000  # characters of a text that are looked at


@dataclass(frozen=True)
class Ngrams:
    """Holds which texts hold which words and pairs.

    Attributes:
        names: the words and pairs, by how many texts hold them.
        held: 1 where a text holds one, shape (texts, names), sparse.
    """

    names: tuple[str, ...]
    held: csr_array

    def column(self, place: int) -> NDArray[np.float64]:
        """Returns one of them as a column over the texts."""
        found: NDArray[np.float64] = self.held[:, [place]].toarray().ravel()
        return found


def ngrams(texts: Sequence[str]) -> Ngrams:
    """Finds the words and pairs of words that 2 % to 98 % of the texts hold, at most 4,000.

    >>> found = ngrams(["Certainly! Here goes.", "Here goes."] * 10)
    >>> found.names, found.column(0).tolist()[:2]
    (('certainly', 'certainly here'), [1.0, 0.0])
    """
    low, high = max(RARE * len(texts), 2), (1 - RARE) * len(texts)
    found = [_words(text[:LONGEST]) for text in texts]
    seen = Counter(itertools.chain.from_iterable(map(set, found)))
    # A pair is in no more texts than either of its words, so pairs of rare words need not be counted.
    known = {word: place for place, word in enumerate(sorted(word for word, n in seen.items() if n >= low))}
    runs = [np.array([known.get(word, -1) for word in words], dtype=np.int64) for words in found]
    del found
    names = list(known)
    columns = [(-rows.size, names[code], rows) for code, rows in _held(runs, low, high)]
    columns += [
        (-rows.size, f"{names[code // len(names)]} {names[code % len(names)]}", rows)
        for code, rows in _held([_paired(run, len(names)) for run in runs], low, high)
    ]
    columns = sorted(columns, key=lambda column: column[:2])[:MOST]
    return Ngrams(tuple(name for _, name, _ in columns), _sparse([rows for _, _, rows in columns], len(texts)))


def _words(text: str) -> list[str]:
    if text.isascii():  # else lower case may be longer than what it is made of, and fall apart
        return WORD.findall(text.lower())
    return [word.lower() for word in WORD.findall(text)]


def _paired(run: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    """Returns the codes of the pairs of known words in a text."""
    first, second = run[:-1], run[1:]
    return (first * words + second)[(first >= 0) & (second >= 0)]


def _held(runs: Sequence[NDArray[np.int64]], low: float, high: float) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yields every code that `low` to `high` texts hold, with these texts, both in order."""
    code = np.concatenate([*runs, np.empty(0, np.int64)])
    text = np.repeat(np.arange(len(runs)), [run.size for run in runs])
    held = np.sort((code * len(runs) + text)[code >= 0])
    del code, text
    held = held[np.diff(held, prepend=-1) > 0]
    place = held // max(len(runs), 1)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    stops = np.append(starts[1:], held.size)
    for at in np.flatnonzero((stops - starts >= low) & (stops - starts <= high)):
        yield int(place[starts[at]]), held[starts[at] : stops[at]] % len(runs)


def _sparse(columns: Sequence[NDArray[np.int64]], texts: int) -> csr_array:
    """Returns the texts of each column as one table of ones."""
    from scipy.sparse import csr_array

    at = np.repeat(np.arange(len(columns), dtype=np.int32), [rows.size for rows in columns])
    text = np.concatenate([*columns, np.empty(0, np.int64)])
    order = np.lexsort((at, text))
    ends = np.concatenate([[0], np.cumsum(np.bincount(text, minlength=texts))])
    return csr_array((np.ones(at.size), at[order], ends), shape=(texts, len(columns)))
