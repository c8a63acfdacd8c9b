"""What a filter kept and dropped: a set as it was before, with a verdict that says which of its rows stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Chunk, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from freshbits.rollouts.opened import Opened

TEXTS = ("prompt", "completion")
KEPT = SIGNAL + "kept"
FOREIGN = 0.5  # share of the kept rows that the raw set lacks, above which they are two sets


def mark_kept(raw: Opened, kept: Opened, file: Path) -> Opened:
    """Returns the raw set with the signal `kept`: 1 where the row is in the kept set, else 0.

    Rows are matched by prompt and completion, white space at the ends aside. Of rows with equal texts, as many are kept
    as the kept set holds, the first ones: the others were dropped as duplicates. A row that the filter rewrote is not
    found; how many there are is said.

    Raises:
        InputError: if either lacks texts, or more than half of the kept rows are not in the raw set.
    """
    for opened in (raw, kept):
        missing = [name for name in TEXTS if name not in opened.rows.schema]
        if missing:
            raise InputError(f"no {missing[0]} to match rows by", file=file, mend=f"name it: --map {missing[0]}=COLUMN")
    wanted = _keys(kept.rows)
    here = _keys(raw.rows)
    mask, foreign = _matched(here, wanted)
    if foreign > FOREIGN * wanted.size:
        raise InputError(
            f"{foreign:,} of the {wanted.size:,} kept rows are not in it", file=file,
            mend="give the set that the filter was run on, with prompts and completions as they were",
        )  # fmt: skip
    inner = raw.rows

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        at = 0
        for chunk in inner.read([name for name in columns if name != KEPT]):
            verdict = pl.Series(KEPT, mask[at : at + chunk.rows.height].astype(np.float64))
            at += chunk.rows.height
            yield chunk.with_rows(chunk.rows.with_columns(verdict).select(columns)) if KEPT in columns else chunk

    raw.rows = Stream(inner.schema | {KEPT: pl.Float64()}, read)
    raw.notes.append(
        f"kept: {int(mask.sum()):,} of the {mask.size:,} rows of {file.name}"
        + (f"; {foreign:,} kept rows are not in it (rewritten, or from elsewhere)" if foreign else "")
    )
    return raw


def _keys(rows: Stream) -> NDArray[np.uint64]:
    parts = [
        chunk.rows.select(pl.col(name).fill_null("").str.strip_chars() for name in TEXTS).hash_rows(seed=0).to_numpy()
        for chunk in rows.read(list(TEXTS))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def _matched(here: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], int]:
    """Returns which rows are wanted, each wanted row once, and how many wanted rows are nowhere.

    >>> mask, foreign = _matched(np.array([7, 7, 8], dtype=np.uint64), np.array([7, 9], dtype=np.uint64))
    >>> mask.tolist(), foreign
    ([True, False, False], 1)
    """
    rows = pl.DataFrame({"key": here}).with_columns(pl.int_range(pl.len()).over("key").alias("again"))
    counts = pl.DataFrame({"key": wanted}).group_by("key").len()
    found = rows.join(counts, on="key", how="left", maintain_order="left")
    mask = (found["again"] < found["len"].fill_null(0)).to_numpy()
    return mask, int(wanted.size - mask.sum())
