"""Words and pairs of words of prompts as hashed columns: the same on every machine, a million prompts in a minute.

A text is read in lower case; a number is read as its length ("9999" for 2026), because how large numbers are says how
hard a task is, and which ones hardly ever. Of long texts the first and the last 2,000 characters are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.keys import combined_keys, name_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

COLUMNS = 1 << 14
END = 2_000  # characters read at either end of a text
CHUNK = 50_000
_TOKEN = r"9+|[^\W\d]+|[^\w\s]"


def hashed_words(texts: pl.Series) -> csr_array:
    """Counts hashed words and pairs of words, as log(1 + count), rows of length 1; empty rows for null.

    Returns:
        a sparse table, shape (texts, 16384), single precision.

    >>> found = hashed_words(pl.Series(["Add 17 and 25.", "Add 18 and 26.", None]))
    >>> found.shape, bool((found[[0]] != found[[1]]).nnz == 0), found[[2]].nnz
    ((3, 16384), True, 0)
    """
    from scipy.sparse import csr_array, vstack

    parts = [_hashed(texts.slice(at, CHUNK)) for at in range(0, len(texts), CHUNK)]
    return csr_array(vstack(parts)) if parts else csr_array((0, COLUMNS), dtype=np.float32)


def _hashed(texts: pl.Series) -> csr_array:
    from scipy.sparse import csr_array

    text = pl.col("text")
    both_ends = pl.when(text.str.len_chars() > 2 * END).then(
        text.str.head(END) + "\n" + text.str.tail(END)
    ).otherwise(text)  # fmt: skip
    numbers = both_ends.str.to_lowercase().str.replace_all(r"\d", "9").str.replace_all("9{7,}", "9999999")
    lists = texts.fill_null("").to_frame("text").select(numbers.str.extract_all(_TOKEN)).to_series()
    sizes = lists.list.len().to_numpy().astype(np.int64)
    tokens = lists.explode(empty_as_null=False) if len(lists) else pl.Series([], dtype=pl.String)
    row: NDArray[np.int64] = np.repeat(np.arange(len(texts)), sizes)
    word = name_keys(tokens).to_numpy()
    together = row[1:] == row[:-1]
    pair = combined_keys([word[:-1][together], word[1:][together]])
    column = np.concatenate([word, pair]) % np.uint64(COLUMNS)
    place = np.concatenate([row, row[1:][together]])
    held = csr_array((np.ones(column.size, np.float32), (place, column.astype(np.int32))), shape=(len(texts), COLUMNS))
    held.sum_duplicates()
    held.data = np.log1p(held.data)
    return scaled(held)


def scaled(table: csr_array) -> csr_array:
    """Returns a sparse table with rows of length 1; empty rows stay empty."""
    length = np.sqrt(np.add.reduceat(np.append(table.data**2, 0), table.indptr[:-1])) if table.shape[0] else np.ones(0)
    full = np.diff(table.indptr)
    table.data = table.data / np.repeat(np.where(full > 0, np.maximum(length, 1e-12), 1), full).astype(np.float32)
    return table
