"""The narrow frame: one row of integers per rollout, kept in memory while small and on disk when large.

Text is read once and never kept. What is left of a rollout (about 100 bytes) is enough for every statistic, and is
read several times. Parts beyond `SPILL_ROWS` rows are written to a temporary folder that goes with the object.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

SPILL_ROWS = 250_000  # about 25 MB
PREFIX = "freshbits-rows-"
_LOCK = "owner"


class Narrow:
    """Collects narrow batches and gives them back as one lazy frame, in order.

    Raises:
        InputError: where the temporary folder is full.

    >>> with Narrow() as narrow:
    ...     narrow.append(pl.DataFrame({"prompt": [1, 2]}))
    ...     narrow.append(pl.DataFrame({"prompt": [3]}))
    ...     narrow.lazy().collect()["row"].to_list()
    [0, 1, 2]
    """

    def __init__(self) -> None:
        self.rows = 0
        self._parts: list[pl.DataFrame] = []
        self._held = 0
        self._files: list[Path] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._owner: IO[bytes] | None = None

    def __enter__(self) -> Narrow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, part: pl.DataFrame) -> None:
        """Adds a batch; every row gets its position in reading order as `row`."""
        self._parts.append(part.with_row_index("row", offset=self.rows))
        self.rows += part.height
        self._held += part.height
        if self._held >= SPILL_ROWS:
            self._spill()

    def lazy(self) -> pl.LazyFrame:
        """Returns all rows as a lazy frame."""
        if not self._files:
            return pl.concat(self._parts, how="diagonal_relaxed").lazy()
        if self._parts:
            self._spill()
        return pl.scan_parquet(self._files, missing_columns="insert", extra_columns="ignore")

    def close(self) -> None:
        """Forgets the rows and removes what was spilled."""
        self._parts.clear()
        self._files.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def _spill(self) -> None:
        path = Path(tempfile.gettempdir())
        try:
            if self._folder is None:
                sweep()
                self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
                self._owner = _locked(Path(self._folder.name))
            path = Path(self._folder.name) / f"{len(self._files):06d}.parquet"
            pl.concat(self._parts, how="diagonal_relaxed").write_parquet(path, compression="lz4")
        except (OSError, pl.exceptions.ComputeError) as error:
            full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
            if not full:
                raise
            raise InputError(
                "the temporary folder is full (a rollout takes about 100 bytes there)", file=path.parent,
                mend="free some space, or name another folder in the environment variable TMPDIR",
            ) from None  # fmt: skip
        self._files.append(path)
        self._parts.clear()
        self._held = 0


def sweep() -> None:
    """Removes what killed processes left in the temporary folder: a living one holds a lock on its own."""
    if os.name != "posix":
        return
    import fcntl

    for owner in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_LOCK}"):
        try:
            with owner.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # locked, gone, or somebody else's
            continue


def _locked(folder: Path) -> IO[bytes] | None:
    """Marks a folder as this process's; the system takes the lock away when the process ends, however it ends."""
    if os.name != "posix":
        return None
    import fcntl

    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as made:
        fcntl.flock(made, fcntl.LOCK_SH)
        os.rename(made.name, folder / _LOCK)  # noqa: PTH104 — locked before it has the name that is looked for
        held = (folder / _LOCK).open("rb")
        fcntl.flock(held, fcntl.LOCK_SH)
    return held
