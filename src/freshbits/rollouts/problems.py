"""Rows that are not as they should be: counted, mended or left unscored, and named with their first place."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Problems:
    """Counts what was wrong with single rows of a log, per kind, with the first place of each.

    >>> problems = Problems()
    >>> problems.add("reward is not finite: unscored", "log.csv", 7, 2)
    >>> problems.sentences()
    ['2 rows: reward is not finite: unscored (first: log.csv, row 7)']
    """

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, file: str, row: int, rows: int = 1) -> None:
        """Counts `rows` rows of a kind; `row` is the 1-based row of the first of them in `file`."""
        if rows <= 0:
            return
        self.counts[kind] = self.counts.get(kind, 0) + rows
        self.first.setdefault(kind, f"{file}, row {row}")

    def sentences(self) -> list[str]:
        """Returns one sentence per kind, in the order of the kinds' names."""
        return [
            f"{count:,} row{'s' if count != 1 else ''}: {kind} (first: {self.first[kind]})"
            for kind, count in sorted(self.counts.items())
        ]
