"""Values of named features on every row of a log: what a remedy is told to act on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.compact import FEATURE, compact, needed
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.ngrams import LONGEST, WORD
from freshbits.outputs.partition import TEXT
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from freshbits.outputs.features.feature import Feature
    from freshbits.rollouts.log import Log

NGRAM = "ngram:"
COUNTS = tuple(feature.name for feature in CORE if feature.kind == "count")
PLAIN = ("truncated", "source", "region")


def check_names(log: Log, signal: str, names: Sequence[str], own: Sequence[Feature] = ()) -> None:
    """Raises an `InputError` for a name that is no feature of this log.

    Args:
        log: the log.
        signal: the signal that is acted on, which is no feature of itself.
        names: names as a report gives them: `characters`, `bullets`, `source`, another signal, `ngram:WORD`.
        own: a person's own features.
    """
    known = [*(feature.name for feature in (*CORE, *own)), *(name for name in PLAIN if name in log.schema)]
    known += [name for name in log.signals if name != signal]
    for name in names:
        if name not in known and not (name.startswith(NGRAM) and len(name) > len(NGRAM)):
            raise InputError(
                f"{name!r} is no feature of this log" + nearest(name, known),
                mend=f"choose among {', '.join(known)}, ngram:WORD",
            )


def read_values(
    log: Log,
    names: Sequence[str],
    progress: Callable[[str], None] | None = None,
    own: Sequence[Feature] = (),
) -> pl.DataFrame:
    """Reads keys, signals, truth and the named features of all rows, in reading order.

    Returns:
        `row`, `prompt`, `group`, `round`, `region`, `truth` where logged, `signal.*`, and a column per feature:
        a number, null where it is not known.
    """
    words = [name for name in names if name.startswith(NGRAM)]
    parts = []
    before = 0
    for batch in log.batches(needed(log.schema)):
        part = compact(batch, TEXT, own)
        held = _held(batch["completion"].fill_null("").to_list(), words) if words else {}
        columns = [pl.int_range(before, before + part.height, eager=True).alias("row")]
        columns += [part[name] for name in ("prompt", "group", "round") if name in part.columns]
        columns += [part[name] for name in ("region", "truth", "truth_weight", "repeat") if name in part.columns]
        columns += [part[name] for name in part.columns if name.startswith(SIGNAL)]
        columns += [_value(part, name, held).alias(f"value.{name}") for name in names]
        parts.append(pl.DataFrame(columns))
        before += part.height
        if progress is not None:
            progress(f"{before:,} rows read")
    rows = pl.concat(parts, how="diagonal_relaxed")
    if "repeat" in rows.columns:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0).drop("repeat")
    return rows.filter(pl.col("prompt").is_not_null()) if "prompt" in rows.columns else rows


def is_number(name: str) -> bool:
    """Tells whether a feature is a count, which has to be cut into levels.

    >>> is_number("characters"), is_number("first_token")
    (True, False)
    """
    return name in COUNTS


def _value(part: pl.DataFrame, name: str, held: dict[str, NDArray[np.float64]]) -> pl.Series:
    if name in held:
        return pl.Series(held[name])
    if FEATURE + name in part.columns:
        return part[FEATURE + name].cast(pl.Float64)
    if SIGNAL + name in part.columns:
        return part[SIGNAL + name]
    if name == "truncated":
        return part[name].cast(pl.Int8).cast(pl.Float64)
    if name in part.columns:
        if part[name].dtype != pl.String:
            return part[name]
        keys = pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(seed=0).cast(pl.Float64))
        return part.select(keys).to_series()
    return pl.Series([None] * part.height, dtype=pl.Float64)


def _held(texts: Sequence[str], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Returns for each word or pair of words which texts hold it, read as the audit reads them."""
    looked = [" " + " ".join(word.lower() for word in WORD.findall(text[:LONGEST])) + " " for text in texts]
    found = {}
    for name in names:
        pattern = re.compile(rf" {re.escape(name.removeprefix(NGRAM).lower())} ")
        found[name] = np.array([pattern.search(text) is not None for text in looked], dtype=np.float64)
    return found
