"""Texts as tables of token numbers: what a small network reads."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.probes.pairs import Text

TOKEN = re.compile(r"[^\W\d]+(?:'[^\W\d]+)?|\d|\n|[^\w\s]|_+")
HEAD, TAIL = 64, 32  # tokens read of a text: its beginning and its end
VOCABULARY = 1_024  # numbers for tokens; those of the rarest are shared
SHARED = 64
PAD = 0


@dataclass(frozen=True)
class Tokens:
    """Holds texts as one table of token numbers, shape (texts, longest), 0 behind their ends.

    Attributes:
        table: the numbers, int64.
        size: numbers that may occur, 0 included.
        cut: share of the texts whose middle was left out.
    """

    table: NDArray[np.int64]
    size: int
    cut: float


def tokens(texts: Sequence[Text]) -> Tokens:
    """Cuts texts into words, digits, marks and line ends, and numbers them by how often they occur.

    Of a long text the first 64 and the last 32 tokens are kept. The 959 most frequent tokens have a number of their
    own, all others share 64. Lists of numbers (from 1) are taken as tokens as they are.

    >>> tokens(["a b", "a"]).table.tolist()
    [[1, 2], [1, 0]]
    """
    split: list[list[object]] = [
        list(TOKEN.findall(text.casefold()) if isinstance(text, str) else text) for text in texts
    ]
    kept = [found if len(found) <= HEAD + TAIL else found[:HEAD] + found[-TAIL:] for found in split]
    seen = Counter(token for found in kept for token in found)
    named = sorted(seen, key=lambda token: (-seen[token], str(token)))
    own = VOCABULARY - SHARED
    number = {token: 1 + k if k < own - 1 else own + (k - own + 1) % SHARED for k, token in enumerate(named)}
    table = np.full((len(kept), max((len(found) for found in kept), default=1) or 1), PAD, dtype=np.int64)
    for row, found in enumerate(kept):
        table[row, : len(found)] = [number[token] for token in found]
    cut = float(np.mean([len(found) > HEAD + TAIL for found in split])) if split else 0.0
    return Tokens(table, min(len(named) + 1, VOCABULARY), cut)
