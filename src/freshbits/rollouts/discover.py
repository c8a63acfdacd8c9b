"""What stands at a path: the files that may be a log, in natural order, sorted into families."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.options import nearest
from freshbits.rollouts.pickles import ENDINGS, is_pickle, refused
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.tables.arrow import arrow_columns
from freshbits.rollouts.tables.csvfile import csv_columns
from freshbits.rollouts.tables.documents import head_keys
from freshbits.rollouts.tables.jsonl import peek
from freshbits.rollouts.tables.packed import PACKED, unpacked_name
from freshbits.rollouts.tables.parquet import file_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "arrow",
    ".eval": "eval",
}
SKIPPED = re.compile(r"^(\.|__pycache__$|checkpoint-\d+$|node_modules$|wandb$)")


@dataclass(frozen=True)
class Family:
    """Holds files that look alike: one kind, and paths that differ in digits only."""

    kind: str
    files: tuple[Path, ...]
    columns: dict[str, pl.DataType]  # of the first file that has rows; of a document its first keys
    first: dict[str, Any] = field(default_factory=dict)  # its first object, for JSON


@dataclass(frozen=True)
class Found:
    """Holds everything found at a place."""

    root: Path | None
    files: tuple[Path, ...]
    pickles: tuple[Path, ...]
    twice: int  # files that were named more than once
    named: bool  # the person named every file, so none may be passed over


def kind_of(file: Path) -> str | None:
    """Returns "parquet", "json", "csv", "arrow" or "eval" from a file's ending, or None.

    >>> kind_of(Path("a/rollouts.jsonl.gz"))
    'json'
    """
    name = file.name.lower()
    kind = KINDS.get(Path(unpacked_name(name)).suffix)
    return kind if kind == "json" or not name.endswith(PACKED) else None


def natural(path: Path) -> list[tuple[int, int | str]]:
    """Returns a sorting key under which 2.jsonl stands before 10.jsonl.

    >>> sorted([Path("10.jsonl"), Path("2.jsonl")], key=natural)[0].name
    '2.jsonl'
    """
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]


def find(sources: Sequence[str | Path], apart: Sequence[Path] = ()) -> Found:
    """Returns the files at paths, directories (searched through) or patterns such as `runs/*.jsonl`.

    Files in `apart` (labels, a file to join) are no part of the log where they lie inside a directory of it.
    """
    others = {path.resolve() for path in apart}
    files: list[Path] = []
    pickles: list[Path] = []
    named = True
    root: Path | None = None
    for source in sources:
        for path in _matches(source):
            if path.is_dir():
                named = False
                root = path if root is None else Path(os.path.commonpath([root, path]))
                inside = [file for file in _walk(path) if file.resolve() not in others]
                files += [file for file in inside if kind_of(file)]
                pickles += [file for file in inside if file.suffix.lower() in ENDINGS]
            elif not path.is_file():
                raise InputError("is neither a file nor a directory", file=path, mend="point at the log itself")
            elif is_pickle(path):
                pickles.append(path)
            elif kind_of(path) is None:
                raise InputError(
                    f"ends in {path.suffix or 'nothing'}, which is no log that can be read", file=path,
                    mend="give Parquet, JSONL, JSON or CSV",
                )  # fmt: skip
            else:
                files.append(path)
    unique = list({file.resolve(): file for file in reversed(files)}.values())
    ordered = tuple(sorted(unique, key=natural))
    if not ordered:
        _refuse(sources, pickles)
    return Found(root, ordered, tuple(pickles), len(files) - len(ordered), named)


def families(found: Found, left_out: list[str]) -> list[Family]:
    """Sorts files into families and looks at the first file with rows of each, empty ones apart."""
    grouped: dict[tuple[str, str], list[Path]] = {}
    for file in found.files:
        key = (kind_of(file) or "", re.sub(r"\d+", "#", str(file)))
        grouped.setdefault(key, []).append(file)
    sole = len(grouped) == 1
    families = []
    for (kind, _), files in grouped.items():
        with_rows = [file for file in files if file.stat().st_size]
        if len(with_rows) < len(files):
            if not with_rows and sole:
                raise InputError("the file is empty", file=files[0], mend="point at a log that has rows")
            left_out.append(f"{len(files) - len(with_rows):,} empty file(s) left out")
        family = _look(kind, tuple(with_rows), strict=sole or found.named) if with_rows else None
        if family is not None:
            families.append(family)
    return families


def _look(kind: str, files: tuple[Path, ...], *, strict: bool) -> Family | None:
    """Looks at the first file that has rows; a stray JSON file among others may be anything: passed over."""
    if kind == "parquet":
        return Family(kind, files, file_schema(files[0]))
    if kind == "csv":
        return Family(kind, files, csv_columns(files[0]))
    if kind == "arrow":
        return Family(kind, files, arrow_columns(files[0]))
    if kind == "eval":
        return Family(kind, files, {})
    lenient = not strict and files[0].suffix == ".json"
    for file in files:
        try:
            rows = peek(file, Problems())
        except InputError:
            keys = head_keys(file) if file.suffix == ".json" else []
            if keys:
                return Family("document", files, dict.fromkeys(keys, pl.Null()))
            if lenient:
                return None
            raise
        if rows:
            columns = {name: pl.Null() for row in rows for name in row}
            return Family(kind, files, dict.fromkeys(columns, pl.Null()), rows[0])
    if strict:
        raise InputError("holds no rows", file=files[0], mend="point at a log that has rows")
    return None


def _matches(source: str | Path) -> list[Path]:
    path = Path(source)
    try:
        if path.exists():
            return [path]
    except PermissionError:
        raise InputError("may not be read", file=path, mend="change its permissions") from None
    found = sorted(glob.glob(str(source), recursive=True)) if glob.has_magic(str(source)) else []  # noqa: PTH207
    if found:
        return [Path(item) for item in found]
    siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    raise InputError("there is no such file" + nearest(path.name, siblings), file=path, mend="check the path")


def _walk(directory: Path) -> list[Path]:
    found: list[Path] = []

    def fail(error: OSError) -> None:
        raise InputError("may not be read", file=error.filename, mend="change its permissions")

    for here, inner, names in os.walk(directory, onerror=fail):
        inner[:] = sorted(name for name in inner if not SKIPPED.match(name))
        found += [Path(here) / name for name in names if not name.startswith((".", "cache-"))]
    return found


def _refuse(sources: Sequence[str | Path], pickles: Sequence[Path]) -> None:
    if pickles:
        raise refused(pickles[0])
    raise InputError(
        "no log here: there is no Parquet, JSONL, JSON or CSV file",
        file=sources[0] if sources else None, mend="point at the directory of the trainer's rollouts",
    )  # fmt: skip
