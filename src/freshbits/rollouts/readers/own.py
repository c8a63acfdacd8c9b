"""A reader of one's own: a Python file whose function `rows(path)` yields a dictionary per rollout.

The file is run as it is, with all that it may do: it is the person's own code, named by the person, never found by
freshbits in a log.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.opened import Source
from freshbits.rollouts.tables.frames import lazy_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.tables.rows import Numbered

    Row = dict[str, Any]

Rows = Callable[[Path], Any]  # yields dictionaries, or returns a frame
NAME = "rows"


def is_own(name: str | None) -> bool:
    """Returns whether a format is named by a file of Python.

    >>> is_own("mine.py"), is_own("verl")
    (True, False)
    """
    return name is not None and name.endswith(".py")


def load_rows(file: Path) -> Rows:
    """Runs a person's file and returns its function `rows`.

    Raises:
        InputError: if there is no such file, it stops with an error, or it has no function `rows`.
    """
    if not file.is_file():
        raise InputError("there is no such file", file=file, mend="name the Python file that holds rows(path)")
    spec = importlib.util.spec_from_file_location(f"freshbits_reader_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise InputError("cannot be imported", file=file, mend="name a file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles in it look themselves up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a person's code raises
        raise InputError(f"stopped with {type(error).__name__}: {error}", file=file, mend="mend the reader") from error
    found = getattr(module, NAME, None)
    if not callable(found):
        raise InputError("has no function rows(path)", file=file, mend="def rows(path): yield {...} for each rollout")
    return found  # type: ignore[no-any-return]


def own_source(file: Path, named: Sequence[str | Path], problems: Problems) -> Source:
    """Returns what a person's reader makes of some paths, each of which it is given as it was named.

    Raises:
        InputError: if a path is missing, or the reader gives neither rows nor frames.
    """
    rows, paths = load_rows(file), [Path(path) for path in named]
    for path in paths:
        if not path.exists():
            raise InputError("there is no such file", file=path, mend="check the path")
    first = _call(rows, paths[0]) if paths else ()
    frame = None if isinstance(first, dict) else lazy_frame(first)
    if frame is not None:
        frames = [frame, *(_frame(_call(rows, path), path) for path in paths[1:])]
        return Source("frame", tuple(paths), None, problems, (), frames[0] if len(frames) == 1 else _together(frames))

    def made(_problems: Problems) -> Iterator[Numbered]:
        for path in paths:
            yield from numbered(_call(rows, path), path)

    return Source("rows", tuple(paths), None, problems, made=made)


def is_rows(source: Any) -> bool:
    """Returns whether a source is rows themselves: a list of dictionaries, or a function that yields them."""
    return callable(source) or (isinstance(source, (list, tuple)) and bool(source) and isinstance(source[0], dict))


def rows_source(source: Any, problems: Problems) -> Source:
    """Returns rows that stand in a list, or that a function yields anew at each reading."""

    def made(_problems: Problems) -> Iterator[Numbered]:
        return numbered(source() if callable(source) else source, Path("the rows"))

    return Source("rows", (), None, problems, made=made)


def numbered(rows: Any, path: Path) -> Iterator[Numbered]:
    """Yields rows with their numbers; what is no dictionary, or an error of the reader, is named by its row."""
    if not isinstance(rows, Iterable):
        raise InputError(
            f"rows(path) returned {type(rows).__name__}",
            file=path,
            mend="yield a dictionary per rollout, or return a frame",
        )
    number = 0
    iterator = iter(rows)
    while True:
        number += 1
        try:
            row = next(iterator)
        except StopIteration:
            return
        except InputError:
            raise
        except Exception as error:  # whatever a person's code raises
            raise InputError(
                f"rows(path) stopped with {type(error).__name__}: {error}",
                file=path,
                row=number,
                mend="mend the reader",
            ) from error
        if not isinstance(row, dict):
            raise InputError(
                f"rows(path) gave {type(row).__name__}, no dictionary", file=path, row=number, mend="mend the reader"
            )
        yield str(path), number, row


def _call(rows: Rows, path: Path) -> Any:
    try:
        return rows(path)
    except InputError:
        raise
    except Exception as error:  # whatever a person's code raises
        raise InputError(
            f"rows(path) stopped with {type(error).__name__}: {error}", file=path, mend="mend the reader"
        ) from error


def _frame(held: Any, path: Path) -> pl.LazyFrame:
    frame = lazy_frame(held)
    if frame is None:
        raise InputError(
            "rows(path) returned a frame for one path and rows for this one", file=path, mend="give one kind"
        )
    return frame


def _together(frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    import polars as pl

    return pl.concat(frames, how="diagonal_relaxed")
