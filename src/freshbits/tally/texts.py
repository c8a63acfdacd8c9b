"""The texts of a set, read once more: what repeats, how instructions open, who wrote and who judged.

Only sets that were made to be trained on are read so. Of every row about 250 bytes are kept, none of them text but the
first three words of its instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.compact import group_keys
from freshbits.outputs.keys import combined_keys
from freshbits.outputs.sketch import near, resemblance, sketch
from freshbits.rollouts.schema import EXTRA, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log

MOST_NEAR = 2_000_000  # rows up to which near repeats are looked for: 160 bytes a row
JUDGE = EXTRA + "judge"
PLACE = EXTRA + "generation_index"


@dataclass(frozen=True)
class Texts:
    """Holds what is left of the texts of a set.

    Attributes:
        rows: one row per completion, in reading order: `prompt` (key), `first` (whether it is the first completion of
            its row), `exact`, `plain`, `words`, `mask`, `opening` of the instruction, `said.exact`, `said.plain`,
            `pair.exact`, `pair.plain`, and `source`, `region`, `signal.*` where logged.
        near: name of a text ("instructions", "responses") -> whether each row's text is near an earlier one.
        authors: (judge, writer) -> rows that have both names and any score.
        writers: writer -> scored rows.
    """

    rows: pl.DataFrame
    near: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    authors: dict[tuple[str, str], int] = field(default_factory=dict)
    writers: dict[str, int] = field(default_factory=dict)


def texts(log: Log, progress: Callable[[str], None] | None = None) -> Texts | None:
    """Reads the texts of a set; None for rollouts, and for sets without prompts or completions.

    >>> from freshbits.rollouts.read import read
    >>> made = texts(read(pl.DataFrame({"instruction": ["Add 1.", "add 1"], "output": ["2", "2"]})))
    >>> made.rows["exact"].n_unique(), made.rows["plain"].n_unique()
    (2, 1)
    """
    if log.made is None or not {"prompt", "completion"} <= set(log.schema):
        return None
    kept = [name for name in log.schema if name in ("source", "region") or name.startswith(SIGNAL)]
    asked = [name for name in ("prompt", "completion", JUDGE, PLACE, *kept) if name in log.schema]
    parts: list[pl.DataFrame] = []
    sketches: dict[str, list[NDArray[np.uint32]]] = {"instructions": [], "responses": []}
    authors: dict[tuple[str, str], int] = {}
    writers: dict[str, int] = {}
    read = 0
    for batch in log.again(asked):
        rows = batch.filter(pl.col("prompt").is_not_null())
        parts.append(_marks(rows, kept))
        read += rows.height
        if read <= MOST_NEAR:
            sketches["instructions"].append(resemblance(rows["prompt"]))
            sketches["responses"].append(resemblance(rows["completion"]))
        for judge, writer, count in _authors(rows):
            authors[judge, writer] = authors.get((judge, writer), 0) + count
            writers[writer] = writers.get(writer, 0) + count
        if progress is not None:
            progress(f"{read:,} texts compared")
    if not parts:
        return None
    held = pl.concat(parts, how="vertical_relaxed")
    if read > MOST_NEAR:
        sketches = {}
    found = {name: _near(name, np.vstack(sketches.pop(name)), held) for name in list(sketches)}
    told = {pair: count for pair, count in authors.items() if pair[0]}
    return Texts(held, found, told, writers)


def _marks(rows: pl.DataFrame, kept: list[str]) -> pl.DataFrame:
    """Returns the keys of a batch's texts."""
    asked, said = sketch(rows["prompt"]), sketch(rows["completion"], asked=False)
    pairs = {
        f"pair.{name}": combined_keys([asked[name].to_numpy(), said[name].fill_null(0).to_numpy()])
        for name in ("exact", "plain")
    }
    first = rows[PLACE].fill_null(0) == 0 if PLACE in rows.columns else pl.repeat(True, rows.height, eager=True)
    return asked.with_columns(
        group_keys(rows.select("prompt")).alias("prompt"),
        first.alias("first"),
        said["exact"].alias("said.exact"),
        said["plain"].alias("said.plain"),
        *(pl.Series(name, keys) for name, keys in pairs.items()),
        *(rows[name] for name in kept),
    )


def _near(name: str, values: NDArray[np.uint32], rows: pl.DataFrame) -> NDArray[np.bool_]:
    """Returns which rows hold a text near an earlier one; repeats of the normalised text count among them."""
    key = "plain" if name == "instructions" else "said.plain"
    held = rows["first"].to_numpy() if name == "instructions" else np.ones(rows.height, dtype=bool)
    values[~held] = 0
    again = rows.select(~pl.col(key).is_first_distinct()).to_series().to_numpy() & held
    found: NDArray[np.bool_] = near(values, np.arange(rows.height)) | again
    return found


def _authors(rows: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Counts scored rows by (judge, writer); the judge is "" where rows do not name one."""
    signals = [name for name in rows.columns if name.startswith(SIGNAL)]
    if "source" not in rows.columns or not signals:
        return []
    judge = pl.col(JUDGE).fill_null("") if JUDGE in rows.columns else pl.lit("")
    known = rows.filter(pl.any_horizontal(pl.col(signals).is_not_null())).drop_nulls("source")
    return known.group_by(judge.alias("judge"), "source").len().sort("judge", "source").rows()
