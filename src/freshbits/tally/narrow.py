"""The narrow frame: one row of integers per rollout, kept in memory while small and on disk when large.

Text is read once and never kept. What is left of a rollout (about 100 bytes) is enough for every statistic, and is
read several times. Parts beyond `SPILL_ROWS` rows are written to a temporary folder that goes with the object.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from types import TracebackType

SPILL_ROWS = 250_000


class Narrow:
    """Collects narrow batches and gives them back as one lazy frame, in order.

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

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="freshbits-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / f"{len(self._files):06d}.parquet"
        pl.concat(self._parts, how="diagonal_relaxed").write_parquet(path, compression="lz4")
        self._files.append(path)
        self._parts.clear()
        self._held = 0
