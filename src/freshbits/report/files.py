"""Writes outputs whole or not at all: to a temporary name in the same folder, then renamed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import polars as pl

from freshbits.atomic import replacing
from freshbits.errors import InputError

TABLES = (".parquet", ".jsonl", ".csv")
FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"  # how a cell begins that a spreadsheet runs; the wide forms count too


def write_text(text: str, path: str) -> None:
    """Writes text to a file, or to standard output where the path is `-`.

    Raises:
        InputError: if the file cannot be written.
    """
    if path == "-":
        sys.stdout.write(text)
        return
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_table(table: pl.DataFrame, path: str) -> None:
    """Writes a table in the format that the file's ending names.

    Text cells and column names of CSV that a spreadsheet would run as a formula are written behind an apostrophe.

    Raises:
        InputError: if the ending is unknown or the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending not in TABLES:
        raise InputError(
            f"cannot write {ending or 'a file without ending'}",
            file=path,
            mend=f"end it in {', '.join(TABLES)}",
        )
    with replacing(Path(path)) as temporary:
        if ending == ".parquet":
            table.write_parquet(temporary)
        elif ending == ".jsonl":
            table.write_ndjson(temporary)
        else:
            texts = [pl.col(name) for name, dtype in table.schema.items() if dtype == pl.String]
            table.with_columns(
                pl.when(column.str.contains(FORMULA)).then("'" + column).otherwise(column).name.keep()
                for column in texts
            ).rename(lambda name: f"'{name}" if re.match(FORMULA, name) else name).write_csv(temporary)
