"""Texts as bytes: one contiguous block per slice of rows, and bitmaps of where a byte stands in it.

Counting a byte row by row is slow in every engine as soon as the byte is common, as the space is. Here a
slice of the column is laid out as one block, `block == byte` is packed to one bit per byte, and the count of
a row is a difference of two prefix counts of set bits. Patterns of neighbouring bytes are shifts and ANDs of
such bitmaps, the technique of Langdale and Lemire, "Parsing gigabytes of JSON per second" (arXiv:1902.08318).

Bytes, not characters: a byte below 128 never occurs inside a multi-byte UTF-8 character, so ASCII marks are
counted exactly in any text. It knows nothing about what the patterns mean.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Bitmap = NDArray[np.uint64]

SLICE_BYTES = 1 << 19
"""Bytes of text per block: small enough to stay in the cache while a dozen bitmaps are read from it."""

MARGIN = 64
"""How many bytes of white space at either end of a text are looked through: a bound on work, not on texts."""

_NEWLINE = 10
_WHITE = np.zeros(256, dtype=bool)
_WHITE[[9, 10, 11, 12, 13, 32]] = True


class ByteMap:
    r"""Holds a few rows of text as one block of bytes, rows divided by a newline.

    The dividing newlines belong to no row; they make the first byte of each row the first byte of a line, and
    keep any pattern without a newline from reaching into the next row.

    >>> block = ByteMap([b"a b c", b"", b" d"])
    >>> block.count(block.equal(32))
    array([2, 0, 1])
    """

    def __init__(self, texts: list[bytes], mask: NDArray[np.bool_] | None = None) -> None:
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self.ends: NDArray[np.int64] = np.cumsum(lengths + 1) - 1
        self.starts: NDArray[np.int64] = self.ends - lengths
        # Whole 64-bit words are packed, and at least one dividing byte follows the last row.
        size = int(self.ends[-1]) + 1 if len(texts) else 0
        padding = b"\n" * (64 - size % 64)
        joined = b"\n".join([*texts, padding])
        self.is_ascii = joined.isascii()
        self.data: NDArray[np.uint8] = np.frombuffer(joined, dtype=np.uint8)
        # One piece of memory for the truth value of every byte is handed from block to block: asking the
        # system for fresh pages each time costs as much as filling them.
        fits = mask is not None and len(mask) >= len(self.data)
        self._mask = mask[: len(self.data)] if mask is not None and fits else np.empty(len(self.data), bool)
        self._equal: dict[int, Bitmap] = {}

    def equal(self, byte: int) -> Bitmap:
        """Returns the places of one byte."""
        if byte not in self._equal:
            self._equal[byte] = _pack(np.equal(self.data, byte, out=self._mask))
        return self._equal[byte]

    def between(self, low: int, high: int) -> Bitmap:
        """Returns the places of the bytes from `low` to `high`, both included."""
        # Bytes below `low` wrap round to large ones.
        moved = np.subtract(self.data, low, out=self._mask.view(np.uint8))
        return _pack(np.less_equal(moved, high - low, out=self._mask))

    @cached_property
    def line_starts(self) -> Bitmap:
        """The first byte of each line (of an empty line: its newline)."""
        places = after(self.equal(_NEWLINE))
        places[0] |= np.uint64(1)
        return places

    @cached_property
    def _edges(self) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.uint64], NDArray[np.uint64]]:
        words = np.empty(2 * len(self.starts), dtype=np.int64)
        words[0::2], words[1::2] = self.starts >> 6, self.ends >> 6
        low = (np.uint64(1) << (self.starts & 63).astype(np.uint64)) - np.uint64(1)
        high = (np.uint64(1) << (self.ends & 63).astype(np.uint64)) - np.uint64(1)
        return words, words[1::2] > words[0::2], low, high

    def count(self, places: Bitmap) -> NDArray[np.int64]:
        """Counts the places inside each row."""
        if not places.any():
            return np.zeros(len(self.starts), dtype=np.int64)
        words, several, low, high = self._edges
        # The whole words from that of the row's start up to that of its end, then the two words' rests.
        set_bits = np.bitwise_count(places).astype(np.int64)
        inside: NDArray[np.int64] = np.add.reduceat(set_bits, words)[0::2] * several
        inside += np.bitwise_count(places[words[1::2]] & high)
        inside -= np.bitwise_count(places[words[0::2]] & low)
        return inside

    def positions(self, places: Bitmap) -> NDArray[np.int64]:
        """Returns the places as positions in `data`, in order; cheap where they are few."""
        found: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        word = np.flatnonzero(places)
        rest = places[word]
        while len(word):
            without_lowest = rest & (rest - np.uint64(1))
            lowest = rest ^ without_lowest
            found.append(word * 64 + np.bitwise_count(lowest - np.uint64(1)))
            several = without_lowest != 0
            word, rest = word[several], without_lowest[several]
        return np.sort(np.concatenate(found))

    def count_positions(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Counts, per row, positions given in order."""
        upto_end: NDArray[np.int64] = np.searchsorted(positions, self.ends)
        return upto_end - np.searchsorted(positions, self.starts)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The first byte of each row after at most `MARGIN` of white space; else the row's end."""
        place: NDArray[np.int64] = self.starts.copy()
        for _ in range(MARGIN):
            rows = np.flatnonzero((place < self.ends) & _WHITE[self.data[place]])
            if not len(rows):
                break
            place[rows] += 1
        return place

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """One past the last byte of each row before at most `MARGIN` of white space."""
        place: NDArray[np.int64] = self.ends.copy()
        for _ in range(MARGIN):
            rows = np.flatnonzero((place > self.starts) & _WHITE[self.data[place - 1]])
            if not len(rows):
                break
            place[rows] -= 1
        return place

    def at(self, positions: NDArray[np.int64], within: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Returns the bytes at `positions`, 0 where `within` is false."""
        return np.where(within, self.data[np.where(within, positions, 0)], np.uint8(0))


def _pack(mask: NDArray[np.bool_]) -> Bitmap:
    return np.packbits(mask, bitorder="little").view("<u8")


def after(places: Bitmap, by: int = 1) -> Bitmap:
    """Moves every place `by` (1 to 63) bytes later; `after(a) & b` is every b that follows an a."""
    moved = places << np.uint64(by)
    moved[1:] |= places[:-1] >> np.uint64(64 - by)
    return moved


def before(places: Bitmap, by: int = 1) -> Bitmap:
    """Moves every place `by` (1 to 63) bytes earlier."""
    moved = places >> np.uint64(by)
    moved[:-1] |= places[1:] << np.uint64(64 - by)
    return moved


def blocks(texts: pl.Series) -> Iterator[ByteMap]:
    """Yields the rows of a text column in order, in blocks of about `SLICE_BYTES`; null counts as empty.

    >>> [len(block.starts) for block in blocks(pl.Series(["a", None, "b"]))]
    [3]
    """
    filled = texts.fill_null("")
    upto = np.cumsum(filled.str.len_bytes().to_numpy().astype(np.int64))
    mask = np.empty(SLICE_BYTES * 2, dtype=bool)
    row = 0
    while row < len(filled):
        read = int(upto[row - 1]) if row else 0
        end = max(int(np.searchsorted(upto, read + SLICE_BYTES, side="right")), row + 1)
        yield ByteMap(filled.slice(row, end - row).cast(pl.Binary).to_list(), mask)
        row = end
