"""What a feature is: a named, versioned, described function of a text column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from freshbits.outputs.features.bytemap import ByteMap, blocks

Kind = Literal["count", "category", "flag"]
Scan = Callable[[ByteMap], NDArray[Any]]

DTYPES: dict[str, type[pl.DataType]] = {"count": pl.Int32, "category": pl.UInt8, "flag": pl.UInt8}


@dataclass(frozen=True)
class Feature:
    """Describes one partition of outputs that is not their answer.

    Attributes:
        name: snake case, as reports print it.
        version: raised whenever the value of any text changes, so that stored counts are never mixed.
        kind: "count" (ranked within the group before binning), "category" or "flag" (used as they are).
        describe: one sentence fragment that pins the definition.
        of: text column -> Int32 (counts) or UInt8 (categories, flags); null text gives null.
        names: names of the categories, in the order of their numbers; empty for the other kinds.
        scan: the same function over a block of bytes, so that features that have one share a single pass.
    """

    name: str
    version: int
    kind: Kind
    describe: str
    of: Callable[[pl.Expr], pl.Expr]
    names: tuple[str, ...] = ()
    scan: Scan | None = None


def scanned(name: str, version: int, kind: Kind, describe: str, scan: Scan, names: tuple[str, ...] = ()) -> Feature:
    """Makes a feature from a function over blocks of bytes; its expression runs that function.

    >>> import polars as pl
    >>> commas = scanned("commas", 1, "count", "commas", lambda block: block.count(block.equal(ord(","))))
    >>> pl.DataFrame({"t": ["a, b", None]}).select(commas.of(pl.col("t"))).to_series().to_list()
    [1, None]
    """

    def of(text: pl.Expr) -> pl.Expr:
        return text.map_batches(_column, return_dtype=DTYPES[kind], is_elementwise=True)

    def _column(texts: pl.Series) -> pl.Series:
        return measure(texts, (feature,)).to_series().alias(texts.name)

    feature = Feature(name, version, kind, describe, of, names, scan)
    return feature


def measure(texts: pl.Series, features: Sequence[Feature]) -> pl.DataFrame:
    """Returns one column per feature, in one pass over the bytes for all that can share it.

    >>> import polars as pl
    >>> from freshbits.outputs.features.core import CORE
    >>> measure(pl.Series(["I see: 12"]), CORE).select("words", "digits", "first_person").row(0)
    (3, 2, 1)
    """
    shared = [feature for feature in features if feature.scan is not None]
    parts: dict[str, list[NDArray[Any]]] = {feature.name: [] for feature in shared}
    if shared:
        for block in blocks(texts):
            for feature in shared:
                assert feature.scan is not None
                parts[feature.name].append(feature.scan(block))
    known = texts.is_not_null()
    has_nulls = texts.null_count() > 0
    columns: list[pl.Series] = []
    for feature in features:
        dtype = DTYPES[feature.kind]
        if feature.scan is None:
            column = texts.alias("text").to_frame().select(feature.of(pl.col("text")).cast(dtype)).to_series()
        else:
            numbers = np.concatenate(parts[feature.name]) if parts[feature.name] else np.empty(0, np.int64)
            column = pl.Series(numbers).cast(dtype)
            if has_nulls:
                column = column.to_frame("x").select(pl.when(known).then(pl.col("x"))).to_series()
        columns.append(column.alias(feature.name))
    return pl.DataFrame(columns)
