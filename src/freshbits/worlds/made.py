"""Sets that were made to be trained on, drawn with known answers: what repeats, what the filter follows, what is right.

Instructions are words from a list, so that no two resemble each other by chance. Every row is right or wrong, long or
short, kept or dropped, by the rates of the world; what follows from them is computed, not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import log2

import numpy as np
import polars as pl

from freshbits.errors import InputError

OPENINGS = (
    "write a short", "explain why the", "list three ways", "describe how to", "compare the old",
    "find the name", "give an example", "what makes the",
)  # fmt: skip
_HEADS, _TAILS = "bdfgklmnprst", ("an", "el", "or", "ib", "um", "ast")
WORDS = tuple(head + tail + end for head, tail, end in product(_HEADS, _TAILS, ("a", "en", "is", "ot", "y")))
MORE = 20  # words by which a long response is longer


@dataclass(frozen=True)
class Made:
    """Describes a set by its rates.

    Attributes:
        instructions: different instructions.
        again: share of rows that repeat an earlier row's instruction exactly.
        normalised: share of rows that repeat one in other case and marks.
        near: share of rows that repeat one with a word more.
        right: share of rows that are right, by domain ("sums", "letters").
        long: share of responses that are long, whatever they say.
        tpr: kept among right rows.
        fpr: kept among wrong short rows.
        lured: kept among wrong long rows.
        judge: name of the judge; the writer's ("writer/small") makes a set that judged itself.
    """

    instructions: int = 1_000
    again: float = 0.0
    normalised: float = 0.0
    near: float = 0.0
    right: tuple[float, float] = (0.6, 0.6)
    long: float = 0.5
    tpr: float = 0.8
    fpr: float = 0.3
    lured: float = 0.3
    judge: str = "judge/large"
    writer: str = "writer/small"

    def __post_init__(self) -> None:
        shares = (self.again, self.normalised, self.near, *self.right, self.long, self.tpr, self.fpr, self.lured)
        if not all(0.0 <= each <= 1.0 for each in shares) or self.again + self.normalised + self.near >= 1.0:
            raise InputError("rates lie between 0 and 1, repeats together under 1")

    @property
    def base(self) -> float:
        """Returns the share of rows that are right; domains are equally large."""
        return sum(self.right) / 2

    def kept(self, right: bool, long: bool) -> float:
        """Returns the chance of a row to be kept."""
        return self.tpr if right else self.lured if long else self.fpr

    @property
    def share_kept(self) -> float:
        """Returns the share of rows that the filter keeps."""
        return sum(weight * self.kept(right, long) for weight, right, long in self._cells())

    @property
    def ppv(self) -> float:
        """Returns the share of kept rows that are right.

        >>> round(Made(tpr=0.8, fpr=0.3, lured=0.3, right=(0.6, 0.6)).ppv, 3)
        0.8
        """
        return self.base * self.tpr / self.share_kept

    @property
    def length_bits(self) -> float:
        """Returns I(long; kept), in bits per row: the same inside each domain where they are equally right.

        >>> Made(fpr=0.3, lured=0.3).length_bits
        0.0
        """
        rates = [
            sum(w * self.kept(right, long) for w, right, long in self._cells() if long == here)
            / max(sum(w for w, _, long in self._cells() if long == here), 1e-300)
            for here in (False, True)
        ]
        inside = (1 - self.long) * _h(rates[0]) + self.long * _h(rates[1])
        return max(_h(self.share_kept) - inside, 0.0)

    @property
    def length_bits_beyond(self) -> float:
        """Returns I(long; kept | right) in bits per row; right rows are kept whatever their length."""
        mean = (1 - self.long) * self.fpr + self.long * self.lured
        return (1 - self.base) * (_h(mean) - (1 - self.long) * _h(self.fpr) - self.long * _h(self.lured))

    def rows(self, seed: int) -> pl.DataFrame:
        """Draws the set: `instruction, response, model, judge, domain, score, kept, truth`, in random order."""
        rng = np.random.default_rng(seed)
        repeated = self.again + self.normalised + self.near
        total = round(self.instructions / (1.0 - repeated))
        texts = self._instructions(rng)
        kinds = rng.permutation(total)
        counts = [round(total * share) for share in (self.again, self.normalised, self.near)]
        asked = list(texts)
        ends = np.cumsum(counts)
        for place in range(total - self.instructions):
            text = texts[int(rng.integers(self.instructions))]
            kind = int(np.searchsorted(ends, place, side="right"))
            asked.append((text, text.upper() + " !", f"{text} {WORDS[int(rng.integers(len(WORDS)))]}")[min(kind, 2)])
        domain = rng.integers(0, 2, total)
        right = rng.random(total) < np.array(self.right)[domain]
        long = rng.random(total) < self.long
        chance = np.where(right, self.tpr, np.where(long, self.lured, self.fpr))
        kept = rng.random(total) < chance
        said = [
            f"{' '.join(text.split()[-5:])}: item {place} is {'right' if good else 'wrong'}"
            f"{self._more(rng) if more else ''}."
            for place, (text, good, more) in enumerate(zip(asked, right, long, strict=True))
        ]
        frame = pl.DataFrame(
            {
                "instruction": asked,
                "response": said,
                "model": [self.writer] * total,
                "judge": [self.judge] * total,
                "domain": np.array(["sums", "letters"])[domain],
                "score": np.where(kept, 4, 2) + rng.integers(0, 2, total),
                "kept": kept,
                "truth": right.astype(np.float64),
            }
        )
        return frame[kinds]

    def _more(self, rng: np.random.Generator) -> str:
        return " because " + " ".join(WORDS[int(place)] for place in rng.integers(0, len(WORDS), MORE))

    def _instructions(self, rng: np.random.Generator) -> list[str]:
        """Returns different instructions of eleven words that share no three words in a row but the opening."""
        found: dict[str, None] = {}
        while len(found) < self.instructions:
            words = [WORDS[int(place)] for place in rng.integers(0, len(WORDS), 8)]
            found[f"{OPENINGS[int(rng.integers(len(OPENINGS)))]} {' '.join(words)}"] = None
        return list(found)

    def _cells(self) -> list[tuple[float, bool, bool]]:
        return [
            ((self.base if right else 1 - self.base) * (self.long if long else 1 - self.long), right, long)
            for right in (True, False)
            for long in (True, False)
        ]


def _h(share: float) -> float:
    return -sum(each * log2(each) for each in (share, 1 - share) if each > 0)
