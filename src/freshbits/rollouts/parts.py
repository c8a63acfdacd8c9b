"""Parts of a log that may be read apart from the rest, by another process or another machine.

A reader's rows are a chain of stages. A stage that treats every row by itself passes on how its table divides; one that
must see rows in order, across the whole log, does not, and then the log is read in one place. Which part is read is
said around the reading, so that stages need not hand it on:

    with only(part):
        for batch in log.read(columns): ...
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class Stretch(NamedTuple):
    """Says which rows (of JSON lines: which bytes) of a file are meant, and how many rows or lines stand before."""

    start: int
    stop: int
    row: int


@dataclass(frozen=True)
class Part:
    """Holds some files of a log, or a stretch of one.

    Attributes:
        files: in reading order; one where there is a stretch.
        stretch: which rows of the file; None: all.
        hashes: filled while the part is read, where rows that were written twice are looked for: one array per chunk.
        twice: which rows to leave out for that reason, once that is known; None: none.
    """

    files: tuple[Path, ...]
    stretch: Stretch | None = None
    hashes: list[NDArray] = field(default_factory=list, compare=False)  # type: ignore[type-arg]
    twice: NDArray | None = field(default=None, compare=False)  # type: ignore[type-arg]


@dataclass(frozen=True)
class Divisible:
    """Says how a table divides: into files, and large files into stretches where `cut` is given.

    Attributes:
        files: the table's files, in reading order.
        cut: (file, bytes) -> its stretches of about so many bytes, in order; None: a file is read whole.
    """

    files: tuple[Path, ...]
    cut: Callable[[Path, int], list[Stretch]] | None = None

    def whole_files(self) -> Divisible:
        """Returns the same for a stage that needs the rows of a file together."""
        return replace(self, cut=None)

    def parts(self, size: int) -> list[Part]:
        """Divides the files into parts of about `size` bytes, in reading order; small files share one."""
        found: list[Part] = []
        together: list[Path] = []
        held = 0
        for file in self.files:
            here = file.stat().st_size
            stretches = self.cut(file, size) if self.cut is not None and here > 2 * size else []
            if together and (stretches or held + here > size):
                found.append(Part(tuple(together)))
                together, held = [], 0
            if stretches:
                found += [Part((file,), stretch) for stretch in stretches]
            else:
                together.append(file)
                held += here
        return [*found, Part(tuple(together))] if together else found


_ONLY: ContextVar[Part | None] = ContextVar("part of a log", default=None)


@contextmanager
def only(part: Part) -> Iterator[None]:
    """Lets everything that is read inside be of one part."""
    token = _ONLY.set(part)
    try:
        yield
    finally:
        _ONLY.reset(token)


def part_read() -> Part | None:
    """Returns the part that is to be read; None: the whole log."""
    return _ONLY.get()


def files_read(files: Sequence[Path]) -> Sequence[Path]:
    """Returns those of a table's files that are to be read."""
    part = _ONLY.get()
    if part is None:
        return files
    wanted = set(part.files)
    return [file for file in files if file in wanted]


def stretch_read() -> Stretch | None:
    """Returns the stretch of the one file that is to be read; None: all of it."""
    part = _ONLY.get()
    return None if part is None else part.stretch
