"""Truth labels in a file of their own, put beside the rows they were made for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.discover import families, find
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import require
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.stream import Chunk, Stream, Want

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PLAN = {
    "row": Want("row", Kind.INTEGER),
    "key": Want("key", Kind.TEXT),
    "truth": Want("truth", Kind.NUMBER),
    "inclusion_probability": Want("inclusion_probability", Kind.NUMBER),
}


LABEL_COLUMNS = {"row", "key", "truth", "inclusion_probability"}


def row_key(prompt: str | None, completion: str | None) -> str:
    """Returns 16 hex digits that name a row by its text, so that labels cannot be put on another log.

    >>> row_key("1+1?", "2")
    '0e99efdb8628054c'
    """
    text = f"{prompt or ''}\x00{completion or ''}".encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def apply_labels(opened: Opened, file: Path) -> None:
    """Sets truth and truth_weight = 1/inclusion_probability on the labelled rows, null elsewhere.

    Rows are counted from 0 in reading order; the key (of prompt, or prompt id, and completion) must agree.
    """
    labels = _read(file)
    inner = opened.rows
    prompt = next((name for name in ("prompt", "prompt_id", "group") if name in inner.schema), None)
    texts = [name for name in (prompt, "completion") if name is not None and name in inner.schema]

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        wanted = "truth" in columns or "truth_weight" in columns
        own = [name for name in columns if name not in ("truth", "truth_weight")]
        needed = list(dict.fromkeys([*own, *texts])) if wanted else own
        at = met = 0
        for chunk in inner.read(needed):
            rows = chunk.rows
            if wanted:
                here = labels.filter(pl.col("row").is_between(at, at + rows.height - 1)).with_columns(
                    pl.col("row") - at
                )
                _check(here, rows, texts, file, at)
                met += here.height
                numbered = rows.with_columns(pl.int_range(rows.height, dtype=pl.Int64).alias("__row__"))
                rows = numbered.join(
                    here.select(pl.col("row").alias("__row__"), "truth", "truth_weight"),
                    on="__row__", how="left", maintain_order="left",
                )  # fmt: skip
            at += chunk.rows.height
            yield chunk.with_rows(rows.select(columns))
        if wanted and met < labels.height:
            raise InputError(
                f"labels rows past the end of the log ({at:,} rows)", file=file, column="row",
                mend="these labels were made from another log",
            )  # fmt: skip

    schema = inner.schema | {"truth": pl.Float64(), "truth_weight": pl.Float64()}
    opened.rows = Stream(schema, read)
    known = labels["truth"].count()
    opened.notes.append(f"truth from {file.name}: {known:,} of {labels.height:,} rows in it are labelled")


def _read(file: Path) -> pl.DataFrame:
    found = find([file])
    looked = families(found, [])
    table = Source(looked[0].kind, found.files, found.root, Problems()).table()
    for name in ("row", "key", "truth"):
        require(name, table.columns, f"--labels {file.name}")
    plan = {name: want for name, want in PLAN.items() if name in table.columns}
    labels = pl.concat([chunk.rows for chunk in table.read(plan)])
    if "inclusion_probability" not in labels.columns:
        labels = labels.with_columns(pl.lit(1.0).alias("inclusion_probability"))
    checks = {
        "truth": (
            (pl.col("truth") == 0) | (pl.col("truth") == 1) | pl.col("truth").is_null(),
            "0, 1, true, false or empty",
        ),
        "inclusion_probability": (
            ((pl.col("inclusion_probability") > 0) & (pl.col("inclusion_probability") <= 1)).fill_null(value=False),
            "above 0 and at most 1",
        ),
        "row": (pl.col("row").is_not_null() & pl.col("row").is_unique(), "given once each"),
    }
    for column, (good, must) in checks.items():
        bad = labels.select((~good).alias("bad"))["bad"]
        if bad.any():
            index = int(bad.arg_max() or 0)
            raise InputError(
                f"is {labels[column][index]}",
                file=file,
                row=index + 1,
                column=column,
                mend=f"it must be {must}",
            )
    return labels.with_columns((1 / pl.col("inclusion_probability")).alias("truth_weight"))


def _check(here: pl.DataFrame, rows: pl.DataFrame, texts: list[str], file: Path, at: int) -> None:
    for row, key in here.select("row", "key").iter_rows():
        values = {name: rows[name][row] for name in texts}
        completion = values.pop("completion", None)
        if row_key(next(iter(values.values()), None), completion) != key:
            raise InputError(
                f"the key of row {row + at} does not fit the log", file=file, column="key",
                mend="these labels were made from another log, or the log has changed since",
            )  # fmt: skip
