"""Keys of texts that are the same on every machine, engine and version.

An engine's own hash differs between versions, so it may serve inside one call but is never stored nor used to
divide work. The declared key is the first 8 bytes, little-endian, of BLAKE2b with an 8-byte digest over the
UTF-8 bytes; two of n distinct texts share a key with probability about n² / 2^65.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_TO_SPACE = bytes(32 if byte in b" \t\n\r\x0b\x0c" else byte for byte in range(256))


def key(text: bytes) -> int:
    """Returns the key of one text, given as UTF-8.

    >>> key(b"42")
    8820412187630416983
    """
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def text_keys(texts: pl.Series) -> pl.Series:
    """Returns the key of each text; null for null. Meant for columns whose values mostly differ.

    >>> text_keys(pl.Series("t", ["42", None])).to_list()
    [8820412187630416983, None]
    """
    digests = b"".join(
        [blake2b(text, digest_size=8).digest() for text in texts.cast(pl.Binary).fill_null(b"").to_list()]
    )
    keys = pl.Series(texts.name, np.frombuffer(digests, dtype="<u8").astype(np.uint64))
    if texts.null_count() == 0:
        return keys
    return keys.to_frame("k").select(pl.when(texts.is_not_null()).then(pl.col("k")).alias(texts.name)).to_series()


def name_keys(texts: pl.Series) -> pl.Series:
    """Returns the key of each text, computed once per distinct text; for columns that repeat."""
    return per_distinct(texts, text_keys)


def prompt_keys(prompts: pl.Series) -> pl.Series:
    r"""Returns the key of each prompt after normalising its white space: runs to one space, none at the ends.

    White space is the ASCII kind. Only the distinct prompts of the column are normalised and hashed.

    >>> one, two = prompt_keys(pl.Series(["What is\n 2+2? ", "What is 2+2?"]))
    >>> one == two == key(b"What is 2+2?")
    True
    """
    return per_distinct(prompts, _normalised_keys)


def _normalised_keys(prompts: pl.Series) -> pl.Series:
    texts = [_one_spaced(text) for text in prompts.cast(pl.Binary).to_list()]
    return text_keys(pl.Series(prompts.name, texts, dtype=pl.Binary))


def _one_spaced(text: bytes) -> bytes:
    # The same as b" ".join(text.split()), five times faster on prose.
    spaced = text.translate(_TO_SPACE)
    while b"  " in spaced:
        spaced = spaced.replace(b"  ", b" ")
    return spaced.strip(b" ")


def per_distinct(texts: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Returns `function` of a text column, called with its distinct values only; null for null.

    >>> per_distinct(pl.Series(["b", "a", "b", None]), lambda values: values.str.to_uppercase()).to_list()
    ['B', 'A', 'B', None]
    """
    # Logs keep the rows of a prompt together, so runs of equal neighbours shrink the column before it is
    # hashed.
    runs = texts.rle().struct.unnest()
    values = runs["value"]
    distinct = values.unique().drop_nulls()
    table = pl.DataFrame([distinct.alias("value"), function(distinct).alias("result")])
    found = values.to_frame().join(table, on="value", how="left", maintain_order="left")["result"]
    row = np.repeat(np.arange(len(values)), runs["len"].to_numpy())
    return found.gather(row).alias(texts.name)


def combined_keys(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Returns one key per row from several columns of keys or numbers, in order of the columns.

    Each column is folded in as `h = mix(h + golden + column)`, mix being the finaliser of SplitMix64 (Steele,
    Lea and Flood, OOPSLA 2014): declared arithmetic on 64 bits, equal on every machine.

    >>> one, two = combined_keys([np.array([1, 2], np.uint64), np.array([2, 1], np.uint64)]).tolist()
    >>> one != two
    True
    """
    golden, first, second = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
    mixed = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        mixed = mixed + golden + part
        mixed = (mixed ^ (mixed >> np.uint64(30))) * first
        mixed = (mixed ^ (mixed >> np.uint64(27))) * second
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed
