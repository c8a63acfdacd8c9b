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
    from collections.abc import Sequence

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
    from scipy.sparse import csr_array

    seen: Counter[str] = Counter()
    each: list[set[str]] = []
    for text in texts:
        words = [word.lower() for word in WORD.findall(text[:LONGEST])]
        held = {*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))}
        seen.update(held)
        each.append(held)
    low, high = max(RARE * len(each), 2), (1 - RARE) * len(each)
    kept = sorted(((-n, name) for name, n in seen.items() if low <= n <= high))[:MOST]
    place = {name: at for at, (_, name) in enumerate(kept)}
    rows = [sorted(place[name] for name in held if name in place) for held in each]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.array([at for row in rows for at in row], dtype=np.int32)
    held_by = csr_array((np.ones(columns.size), columns, ends), shape=(len(each), len(place)))
    return Ngrams(tuple(place), held_by)
