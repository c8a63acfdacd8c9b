"""Sketches of texts: keys under which repeats meet, exact, normalised, masked and near, the same on every machine.

Near repeats are found by MinHash (Broder, On the resemblance and containment of documents, 1997) of word triples with
banding: two texts of resemblance J meet in one of 5 bands of 4 values with probability 1 - (1 - J⁴)⁵ (.90: .995, .75:
.85, .50: .28, .30: .04), and count as near where 15 of their 20 values agree, an estimate of J of about .75 or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.keys import per_distinct, text_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS, WIDTH = 5, 4
VALUES = BANDS * WIDTH
AGREE = 15  # equal values from which two texts are near
LEAST_WORDS = 8  # shorter texts resemble each other by chance: they repeat exactly or not at all
MOST_WORDS = 200  # of a longer text its beginning
OPENING = 3  # words that open an instruction
TOGETHER = 3  # words of a shingle

_WORD = r"[\p{L}\p{N}_]+"
_QUOTED = r"\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`"
_NUMBER = r"\p{N}+(?:[.,:/]\p{N}+)*"


def sketch(texts: pl.Series, *, asked: bool = True) -> pl.DataFrame:
    """Returns keys of texts: `exact`, `plain` (case, marks and white space aside), `mask`, `opening`, `words`.

    `mask` is the key with numbers and quoted text masked: instructions from one template share it. `opening` is the
    first three words, masked. Both only where the texts are what was `asked`. Null texts have null keys.

    >>> made = sketch(pl.Series(["Add 3 and 4.", "add 3  and 4", 'Add 7 and 12.']))
    >>> [made[name].n_unique() for name in ("exact", "plain", "mask")], made["opening"][0]
    ([3, 2, 1], 'add # and')
    """
    lower = texts.str.to_lowercase()
    words = lower.str.extract_all(_WORD)
    made = pl.DataFrame(
        {
            "exact": text_keys(texts),
            "plain": text_keys(words.list.join(" ")),
            "words": words.list.len().cast(pl.Int64),
        }
    )
    if not asked:
        return made
    masked = lower.str.replace_all(_QUOTED, " ").str.replace_all(_NUMBER, " # ")
    kept = masked.str.extract_all(rf"{_WORD}|#")
    mask, opening = text_keys(kept.list.join(" ")), kept.list.head(OPENING).list.join(" ")
    return made.with_columns(mask.alias("mask"), opening.alias("opening"))


def resemblance(texts: pl.Series) -> NDArray[np.uint32]:
    """Returns the MinHash values of each text, shape (texts, 20); zeros for texts under eight words.

    >>> made = resemblance(pl.Series(["the cat sat on the mat and slept all day", "short"]))
    >>> made.shape, bool(made[0].any()), bool(made[1].any())
    ((2, 20), True, False)
    """
    values = np.zeros((texts.len(), VALUES), dtype=np.uint32)
    words = texts.fill_null("").str.to_lowercase().str.extract_all(_WORD).list.head(MOST_WORDS)
    sizes = words.list.len().to_numpy().astype(np.int64)
    long = np.flatnonzero(sizes >= LEAST_WORDS)
    if long.size == 0:
        return values
    flat = words.gather(long).explode(empty_as_null=False)
    keys = per_distinct(flat, text_keys).to_numpy()
    ends = np.cumsum(sizes[long])
    shingles = _shingles(keys)
    # The last two places of a text would run into the next one.
    inside = np.ones(keys.size, dtype=bool)
    for back in range(1, TOGETHER):
        inside[ends - back] = False
    shingles = shingles[inside[: shingles.size]]
    starts = np.concatenate([[0], np.cumsum(sizes[long] - (TOGETHER - 1))[:-1]])
    for number, (factor, summand) in enumerate(_hashes()):
        mixed = ((shingles * factor + summand) >> np.uint64(32)).astype(np.uint32)
        values[long, number] = np.maximum(np.minimum.reduceat(mixed, starts), 1)
    return values


def near(values: NDArray[np.uint32], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns which texts are near an earlier one: in one band with it, and 15 of 20 values equal.

    In every band each text is held against the first text there, not against all, so time grows with the texts.

    Args:
        values: MinHash values, shape (texts, 20); zeros for texts that are not looked at.
        order: the place of each text in the set; of two near texts the later one counts.

    >>> same = resemblance(pl.Series(["one two three four five six seven eight nine"] * 2 + ["a"]))
    >>> near(same, np.arange(3)).tolist()
    [False, True, False]
    """
    found = np.zeros(values.shape[0], dtype=bool)
    looked = np.flatnonzero(values.any(axis=1))
    looked = looked[np.argsort(order[looked], kind="stable")]
    for band in range(BANDS):
        part = values[looked, band * WIDTH : (band + 1) * WIDTH].astype(np.uint64)
        key = (part[:, 0] << np.uint64(32) | part[:, 1]) * np.uint64(0x9E3779B97F4A7C15)
        key ^= (part[:, 2] << np.uint64(32) | part[:, 3]) * np.uint64(0xBF58476D1CE4E5B9)
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        leader = looked[first[place]]
        later = np.flatnonzero((leader != looked) & ~found[looked])  # few: most texts meet nobody
        alike = (values[looked[later]] == values[leader[later]]).sum(axis=1) >= AGREE
        found[looked[later[alike]]] = True
    return found


def _shingles(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = keys[: keys.size - (TOGETHER - 1)].copy()
    for ahead in range(1, TOGETHER):
        mixed = mixed * np.uint64(0x94D049BB133111EB) + keys[ahead : keys.size - (TOGETHER - 1) + ahead]
    return mixed


def _hashes() -> list[tuple[np.uint64, np.uint64]]:
    """Returns the factors and summands of 20 multiply-shift hashes (Dietzfelbinger et al. 1997), always the same."""
    rng = np.random.default_rng(20)
    factors = rng.integers(0, 2**63, VALUES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return list(zip(factors, rng.integers(0, 2**63, VALUES, dtype=np.uint64), strict=True))
