"""What is known about a log format, for the person who asks which ones can be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FormatCard:
    """Describes one format: its files, what it can tell and what it cannot.

    Attributes:
        name: what `--format` takes.
        title: how it is printed.
        files: where the producer writes it.
        tells: what can be read from it.
        cannot_tell: what it does not hold.
        traps: what misleads in it, and what is done about each, one sentence or two each.
    """

    name: str
    title: str
    files: str
    tells: str
    cannot_tell: str
    traps: tuple[str, ...] = ()
