"""Near-duplicates: texts of one cell that share most of their pieces, told apart without comparing every pair.

A text is the set of its windows of eight bytes, lower case, white space as one space. Each set keeps the smallest hash
in 64 bins, so that two texts agree in a bin with probability J, the share of windows they have in common (Jaccard).
Eight bands of eight bins: two texts are taken for one where any band agrees, which happens with probability
1 - (1 - J^8)^8: .99 at J = .9, .77 at .8, .38 at .7, .03 at .5.

References: Broder, On the resemblance and containment of documents (1997); Shrivastava & Li 2014, arXiv 1406.4784
(one permutation, empty bins filled from their neighbour).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.outputs.keys import combined_keys, text_keys

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

WINDOW = 8
BINS, BANDS = 64, 8
EACH = 8.0  # windows looked at per bin: of a long text only those with small hashes can be a bin's smallest
AT_ONCE = 1 << 18  # bytes hashed in one go: arrays that stay in the cache
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)


def same(share: float) -> float:
    """Computes the probability that two texts which share this share of their windows are taken for one.

    >>> round(same(0.9), 2), round(same(0.5), 2)
    (0.99, 0.03)
    """
    return float(1 - (1 - share ** (BINS // BANDS)) ** BANDS)


def sketch(texts: pl.Series) -> NDArray[np.uint64]:
    """Computes the bands of each text, shape (texts, 8); texts under eight bytes have their own key in every band.

    >>> import polars as pl
    >>> one, two, three = sketch(pl.Series(["Take 3 and  4 apples.", "take 3 and 4 apples.", "No idea, sorry."]))
    >>> bool((one == two).all()), bool((one == three).any())
    (True, False)
    """
    plain = texts.fill_null("").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(" ")
    sizes = plain.str.len_bytes().to_numpy().astype(np.int64)
    found = np.empty((len(plain), BANDS), dtype=np.uint64)
    start = 0
    ends = np.cumsum(sizes)
    while start < sizes.size:
        before = ends[start] - sizes[start]
        stop = max(int(np.searchsorted(ends, before + AT_ONCE, side="right")), start + 1)
        found[start:stop] = _bands("".join(plain[start:stop].to_list()).encode(), sizes[start:stop])
        start = stop
    short = sizes < WINDOW
    if short.any():
        found[short] = text_keys(plain.filter(short)).to_numpy()[:, None]
    return found


def clusters(bands: NDArray[np.uint64], cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers the near-duplicates: rows of one cell that agree in a band, directly or through others.

    >>> bands = np.array([[1] * 8, [1] + [2] * 7, [3] * 8, [1] * 8], dtype=np.uint64)
    >>> clusters(bands, np.array([0, 0, 0, 1])).tolist()
    [0, 0, 1, 2]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = np.arange(cell.size)
    one, other = [], []
    for band in bands.T:
        _, first, place = np.unique(
            combined_keys([cell.astype(np.uint64), band]), return_index=True, return_inverse=True
        )
        linked = first[place]
        joined = linked != rows
        one.append(rows[joined])
        other.append(linked[joined])
    ends = np.concatenate(one), np.concatenate(other)
    graph = coo_matrix((np.ones(ends[0].size, dtype=np.int8), ends), shape=(cell.size, cell.size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _bands(text: bytes, sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes the windows of joined texts; those that reach into the next text are left out."""
    smallest = np.full((sizes.size, BINS), _EMPTY)
    windows = np.maximum(sizes - WINDOW + 1, 0)
    if windows.any():
        pieces = np.ndarray(len(text) - WINDOW + 1, dtype="<u8", buffer=text, strides=(1,))
        hashed = pieces * _MIX
        hashed ^= hashed >> _SHIFT
        hashed *= _MIX
        row = np.repeat(np.arange(sizes.size), sizes)[: hashed.size]
        few = np.minimum(EACH * BINS / np.maximum(windows, 1), 1.0) * float(1 << 58)
        inside = hashed >> np.uint64(6) <= few.astype(np.uint64)[row]  # the lowest six bits name the bin
        ends = np.cumsum(sizes)
        for back in range(1, WINDOW):
            last = ends - back
            inside[last[(last >= 0) & (last < hashed.size) & (sizes >= back)]] = False
        at = np.flatnonzero(inside)
        kept = hashed[at]
        place = row[at] * BINS + (kept & np.uint64(BINS - 1)).astype(np.intp)
        np.minimum.at(smallest.reshape(-1), place, kept >> np.uint64(6))
    return np.stack([combined_keys(list(part.T)) for part in np.split(_filled(smallest), BANDS, axis=1)], axis=1)


def _filled(smallest: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Fills each empty bin from the next one that is not, going round; how far is mixed in."""
    twice = np.concatenate([smallest, smallest], axis=1)
    place = np.where(twice == _EMPTY, 2 * BINS, np.arange(2 * BINS))
    after = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1][:, :BINS]
    far = after - np.arange(BINS)
    value = np.take_along_axis(twice, np.minimum(after, 2 * BINS - 1), axis=1)
    return np.asarray(value + far.astype(np.uint64) * _MIX, dtype=np.uint64)
