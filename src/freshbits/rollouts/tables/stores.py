"""Logs that lie in an object store, given by address: read as one table where they lie, by the libraries' own readers.

Polars reads s3://, gs://, az://, hf:// and https:// itself, column by column; anything else (memory://, ftp://, …) is
read whole by fsspec, where that is installed. Credentials are found as those libraries find them. Since only a table is
seen there, no directory is searched: files are named, or given by a pattern such as s3://bucket/run/*.parquet.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import polars as pl

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
OWN = {"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "hf", "http", "https"}
ENDINGS: dict[str, tuple[Callable[..., pl.LazyFrame], Callable[..., pl.DataFrame]]] = {
    ".parquet": (pl.scan_parquet, pl.read_parquet),
    ".pq": (pl.scan_parquet, pl.read_parquet),
    ".jsonl": (pl.scan_ndjson, pl.read_ndjson),
    ".ndjson": (pl.scan_ndjson, pl.read_ndjson),
    ".csv": (pl.scan_csv, pl.read_csv),
}


def local(source: Any) -> Any:
    """Returns a source whose file:// addresses are paths; all else as it is.

    >>> local("file:///data/log.parquet"), local(["a.csv", "s3://b/c.csv"])
    ('/data/log.parquet', ['a.csv', 's3://b/c.csv'])
    """
    if isinstance(source, str) and source.lower().startswith("file://"):
        return unquote(urlsplit(source).path)
    return [local(each) for each in source] if isinstance(source, (list, tuple)) else source


def addresses(source: Any) -> list[str]:
    """Returns the addresses in object stores that a source names; none for paths, frames and the like.

    >>> addresses("gs://bucket/log.parquet"), addresses(["a.csv"])
    (['gs://bucket/log.parquet'], [])

    Raises:
        InputError: if some are addresses and others are not.
    """
    given = [source] if isinstance(source, str) else source if isinstance(source, (list, tuple)) else []
    found = [each for each in given if isinstance(each, str) and ADDRESS.match(each)]
    if found and len(found) < len(given):
        raise InputError("files of this machine and of an object store in one log", mend="read them apart")
    return found


def stored(places: list[str]) -> pl.LazyFrame:
    """Returns what lies at addresses as one frame, the union of their columns.

    Raises:
        InputError: if an ending is none of a table, a needed package is missing, or nothing can be read there.
    """
    return pl.concat([_one(place) for place in places], how="diagonal_relaxed")


def _one(place: str) -> pl.LazyFrame:
    ending = re.search(r"\.[a-z]+$", place.lower().partition("?")[0])
    if ending is None or ending.group() not in ENDINGS:
        raise InputError(
            "is no file that can be read in an object store", file=place,
            mend=f"name files that end in {', '.join(ENDINGS)}, or a pattern such as {place.rstrip('/')}/*.parquet",
        )  # fmt: skip
    scan, whole = ENDINGS[ending.group()]
    scheme = place.partition("://")[0].lower()
    try:
        frame: pl.LazyFrame = scan(place) if scheme in OWN else _with_fsspec(place, scheme, whole)
        frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"cannot be read ({reason[:200]})", file=place, mend="check the address, the network and the credentials"
        ) from None
    return frame


def _with_fsspec(place: str, scheme: str, read: Callable[..., pl.DataFrame]) -> pl.LazyFrame:
    try:
        import fsspec  # type: ignore[import-untyped]

        files = fsspec.open_files(place, "rb")
    except ImportError as error:
        missing = getattr(error, "name", None) or "fsspec"
        raise InputError(
            f"reading {scheme}:// needs a package that is not installed ({error})", file=place,
            mend=f"pip install {missing}",
        ) from None  # fmt: skip
    if not files:
        raise InputError("there is no such file", file=place, mend="check the address")
    frames = []
    for file in files:
        with file as stream:
            frames.append(read(stream))
    return pl.concat(frames, how="diagonal_relaxed").lazy()
