"""Writes outputs whole or not at all: to a temporary name in the same folder, then renamed."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = (".parquet", ".jsonl", ".csv")


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

    Text cells of CSV that a spreadsheet would run as a formula are written behind an apostrophe.

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
                pl.when(column.str.contains(r"^[=+\-@\t\r]")).then("'" + column).otherwise(column).name.keep()
                for column in texts
            ).write_csv(temporary)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary file beside `path`, which takes its place when the block ends without an error.

    Raises:
        InputError: if the folder cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or ".")
        os.close(handle)
    except OSError as error:
        raise InputError(f"cannot write here ({error.strerror})", file=path, mend="choose another place") from None
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
