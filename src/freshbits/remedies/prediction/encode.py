"""Prompts as tables of numbers that a learner takes: hashed words, counts of surface, fields, embeddings.

What is learned from the prompts that were tried (which levels a field has, how rare a word is, means and spreads) is
kept, so that prompts that were not are encoded the same way. A level never seen, and a number that is missing, say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl

from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.remedies.prediction.words import COLUMNS, hashed_words, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

COUNTED = tuple(feature for feature in CORE if feature.kind == "count")
MOST_LEVELS = 250  # of a field, the most frequent; the rest count as unknown
FEWEST = 2  # prompts that must have a level


@dataclass(frozen=True)
class Raw:
    """Holds prompts as they are, in numbers: what depends on nothing but the prompt, computed once.

    Attributes:
        words: hashed words, shape (prompts, 16384), sparse; None where prompts have no text.
        numbers: counts of the text's surface and numeric fields, shape (prompts, numbers); NaN where missing.
        fields: field -> its values as text, null where missing.
        vectors: embeddings, shape (prompts, dimensions); no columns where there are none.
        kin: number of each prompt's group of prompts that share all whole-numbered fields (a date, a source's number).
    """

    words: csr_array | None
    numbers: NDArray[np.float64]
    fields: dict[str, pl.Series]
    vectors: NDArray[np.float64]
    kin: NDArray[np.int64]

    @classmethod
    def of(cls, table: pl.DataFrame, vectors: NDArray[np.float64] | None = None) -> Self:
        """Computes the numbers of a table of prompts: `prompt` is its text, every other column a field.

        Text and booleans are categories, numbers are numbers.
        """
        texts = table["prompt"] if "prompt" in table.columns else None
        has_text = texts is not None and texts.null_count() < table.height
        numbers = [_surface(texts)] if has_text and texts is not None else []
        fields = {}
        whole = []
        for name in table.columns:
            if name == "prompt":
                continue
            column = table[name]
            if column.dtype == pl.String or column.dtype == pl.Boolean:
                fields[name] = column.cast(pl.String)
            else:
                numbers.append(_numeric(column)[:, None])
                known = numbers[-1][~np.isnan(numbers[-1])]
                whole += [numbers[-1]] if bool((known == np.round(known)).all()) else []
        size = table.height if vectors is None else vectors.shape[0]  # a table without columns has no rows
        return cls(
            words=hashed_words(texts) if has_text and texts is not None else None,
            numbers=np.concatenate(numbers, axis=1) if numbers else np.zeros((size, 0)),
            fields=fields,
            vectors=np.zeros((size, 0)) if vectors is None else vectors,
            kin=_kin(np.concatenate(whole, axis=1)) if whole else np.arange(size),
        )

    @property
    def size(self) -> int:
        """Number of prompts."""
        return int(self.numbers.shape[0])

    def take(self, rows: NDArray[np.int64]) -> Raw:
        """Returns some of the prompts."""
        return Raw(
            None if self.words is None else self.words[rows],
            self.numbers[rows],
            {name: values.gather(rows) for name, values in self.fields.items()},
            self.vectors[rows],
            self.kin[rows],
        )


@dataclass(frozen=True)
class Encoded:
    """Holds prompts in the two forms that learners take.

    Attributes:
        sparse: words by rarity, levels, standardised numbers, shape (prompts, columns).
        dense: numbers (NaN where missing), embeddings, then levels by their number (NaN unknown).
        levels: which columns of `dense` are levels.
        fields: field -> number of each prompt's level, -1 unknown.
    """

    sparse: csr_array
    dense: NDArray[np.float64]
    levels: NDArray[np.bool_]
    fields: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Encoder:
    """Holds what was learned from the prompts that were tried.

    Attributes:
        levels: field -> its levels, by number.
        rarity: weight of each hashed word; None where prompts have no text.
        centre, spread: mean and standard deviation of numbers and embeddings.

    >>> raw = Raw.of(pl.DataFrame({"prompt": ["2+2", "3+3", "7*8"], "kind": ["sum", "sum", "product"]}))
    >>> encoder = Encoder.fit(raw)
    >>> encoder.levels, encoder.transform(raw).fields["kind"].tolist()
    ({'kind': ['sum']}, [0, 0, -1])
    """

    levels: dict[str, list[str]]
    rarity: NDArray[np.float32] | None
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def fit(cls, raw: Raw) -> Self:
        """Learns levels, rarities, means and spreads."""
        rarity = None
        if raw.words is not None:
            held = np.bincount(raw.words.indices, minlength=COLUMNS)
            rarity = np.log((1 + raw.size) / (1 + held)).astype(np.float32) * (
                held > 1
            )  # a word of one prompt is its name
        known = np.concatenate([raw.numbers, raw.vectors], axis=1)
        missing = np.isnan(known)
        count = np.maximum((~missing).sum(axis=0), 1)
        centre = np.where(missing, 0, known).sum(axis=0) / count
        spread = np.sqrt(np.where(missing, 0, (known - centre) ** 2).sum(axis=0) / count)
        return cls(
            levels={name: _levels(values) for name, values in raw.fields.items()},
            rarity=rarity,
            centre=np.asarray(centre, dtype=np.float64),
            spread=np.where(spread > 0, spread, 1.0),
        )

    def transform(self, raw: Raw) -> Encoded:
        """Encodes prompts, tried or not."""
        from scipy.sparse import csr_array, hstack

        parts = []
        if raw.words is not None and self.rarity is not None:
            parts.append(
                scaled(
                    csr_array(
                        (raw.words.data * self.rarity[raw.words.indices], raw.words.indices, raw.words.indptr),
                        shape=raw.words.shape,
                    )
                )
            )
        fields = {name: _numbered(raw.fields[name], levels) for name, levels in self.levels.items()}
        for name, number in fields.items():
            known = np.flatnonzero(number >= 0)
            parts.append(
                csr_array(
                    (np.ones(known.size, np.float32), (known, number[known])), shape=(raw.size, len(self.levels[name]))
                )
            )
        both = np.concatenate([raw.numbers, raw.vectors], axis=1)
        missing = np.isnan(both)
        if both.shape[1]:
            standard = np.where(missing, 0, np.clip((both - self.centre) / self.spread, -4, 4))
            # A tenth: next to words and levels, whose rows are of length 1, dozens of columns would else drown them.
            weight = 1 / np.sqrt(max(both.shape[1], 1))
            parts += [csr_array((standard * weight).astype(np.float32)), csr_array(missing.astype(np.float32))]
        dense = np.concatenate(
            [both, *(np.where(number < 0, np.nan, number)[:, None] for number in fields.values())], axis=1
        )
        sparse = csr_array(hstack(parts, format="csr")) if parts else csr_array((raw.size, 1), dtype=np.float32)
        return Encoded(sparse, dense, np.arange(dense.shape[1]) >= both.shape[1], fields)


def _surface(texts: pl.Series) -> NDArray[np.float64]:
    """Counts the surface of texts: the core counts, how many numbers there are, and how long the longest is."""
    filled = texts.fill_null("")
    counts = measure(filled, COUNTED).select(pl.all().cast(pl.Float64))
    numbers = pl.col("text").str.extract_all(r"\d+")
    more = filled.to_frame("text").select(
        count=numbers.list.len().cast(pl.Float64),
        longest=numbers.list.eval(pl.element().str.len_chars()).list.max().fill_null(0).cast(pl.Float64),
    )
    table = np.log1p(np.concatenate([counts.to_numpy(), more.to_numpy()], axis=1))
    table[texts.is_null().to_numpy()] = np.nan
    return np.asarray(table, dtype=np.float64)


def _numeric(column: pl.Series) -> NDArray[np.float64]:
    found = column.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    found[~np.isfinite(found)] = np.nan
    return np.asarray(found, dtype=np.float64)


def _kin(whole: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers the distinct rows; rows where something is missing stay alone."""
    _, number = np.unique(np.nan_to_num(whole, nan=-1.5), axis=0, return_inverse=True)
    alone = np.isnan(whole).any(axis=1)
    return np.where(alone, number.max(initial=0) + 1 + np.arange(number.size), number.reshape(-1)).astype(np.int64)


def _levels(values: pl.Series) -> list[str]:
    counts = values.drop_nulls().value_counts(name="count").filter(pl.col("count") >= FEWEST)
    return sorted(counts.sort("count", values.name, descending=[True, False])[values.name].head(MOST_LEVELS).to_list())


def _numbered(values: pl.Series, levels: Sequence[str]) -> NDArray[np.int64]:
    if not levels:
        return np.full(len(values), -1, dtype=np.int64)
    return values.replace_strict(levels, list(range(len(levels))), default=-1, return_dtype=pl.Int64).to_numpy()
