"""What a log was recognised as: the head of every report, frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Counts the labelled rows and says how they were drawn."""

    rows: int
    prompts: int
    design: str


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Says on how many rows and prompts the expensive statistics were computed."""

    rows: int
    prompts: int
    of_rows: int
    of_prompts: int


@dataclass(frozen=True, kw_only=True)
class Degenerate:
    """Names a source whose completions do not depend on their prompts."""

    source: str
    why: str
    share: float


@dataclass(frozen=True, kw_only=True)
class LogSummary:
    """Describes the log as it was recognised: what was counted, what was mended, what is missing from it."""

    format: str
    files: int
    rollouts: int
    prompts: int
    groups: int
    group_size: str
    rounds: int
    sources: list[str]
    signals: list[str]
    truth: bool
    labels: Labels | None
    unscored: dict[str, int]
    truncated: int | None
    duplicates: int
    pairs: bool
    filtered: str | None
    partition: str | None
    sampled: Sampled | None
    degenerate: list[Degenerate]
    problems: list[str]
    notes: list[str]
