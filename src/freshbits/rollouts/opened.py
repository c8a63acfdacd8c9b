"""What a reader is given and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freshbits.rollouts.tables.arrow import open_arrow
from freshbits.rollouts.tables.csvfile import open_csv
from freshbits.rollouts.tables.frames import open_frame
from freshbits.rollouts.tables.jsonl import Unfold, as_it_is, open_jsonl
from freshbits.rollouts.tables.parquet import open_parquet
from freshbits.rollouts.tables.rows import open_rows

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.stream import Stream, Table
    from freshbits.rollouts.tables.rows import Made


@dataclass(frozen=True)
class Source:
    """Holds the files of one format (or a frame) and opens them as a table."""

    kind: str  # "parquet", "json", "csv", "arrow", "eval", "document", "frame" or "rows"
    files: tuple[Path, ...]
    root: Path | None
    problems: Problems
    families: tuple[Family, ...] = ()
    frame: pl.LazyFrame | None = None
    made: Made | None = None  # rows that a function of Python yields

    @property
    def first_file(self) -> Path | None:
        """Returns the first file, for messages."""
        return self.files[0] if self.files else None

    def table(self, unfold: Unfold = as_it_is, files: tuple[Path, ...] | None = None) -> Table:
        """Returns the files as raw columns; `unfold` makes flat rows of one JSON object."""
        chosen = self.files if files is None else files
        if self.frame is not None:
            return open_frame(self.frame, self.problems)
        if self.made is not None:
            return open_rows(self.made, self.problems, self.files)
        if self.kind == "parquet":
            return open_parquet(chosen, self.problems)
        if self.kind == "csv":
            return open_csv(chosen, self.problems)
        if self.kind == "arrow":
            return open_arrow(chosen, self.problems)
        return open_jsonl(chosen, self.problems, unfold)


@dataclass
class Opened:
    """Holds what a reader made of a source: canonical rows, and what it knows about them."""

    rows: Stream
    notes: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)
    applied: tuple[str, ...] = ()  # signals that freshbits gave afterwards
    unread: dict[str, int] = field(default_factory=dict)  # signal -> verdicts that its judge gave as null
    filtered: str | None = None
    duplicates: list[int] = field(default_factory=lambda: [0])
    files: tuple[Path, ...] | None = None  # where the reader left some of them out
    made: str | None = None  # "set": rows were made to be trained on, not rolled out; "pairs": chosen and rejected
    judged_by: dict[str, str] = field(default_factory=dict)  # signal -> the model that gave it, where one name is known
