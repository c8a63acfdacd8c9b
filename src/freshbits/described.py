"""What a log was recognised as: the head of every report, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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


@dataclass(frozen=True, kw_only=True)
class Sft:
    """Describes a set that was made to be trained on: what repeats, how varied it is, what its filter follows.

    Attributes:
        status, code, reason, needs: as every section has them.
        made: "set", or "pairs" of chosen and rejected.
        rows: completions; `instructions` rows of the file, repeats included.
        compared: inside what features were compared: "prompts", "pairs", or the "set" where prompts stand alone.
        judges: `{signal, judge, writer, same, rows, words}` per signal whose judge is named, or could be.
        right: share of the set that is right, where rows are labelled.
        duplicates: `{instructions, responses, pairs: {rows, exact, normalised, near}}`, shares of rows that repeat.
        variety: `{openings, templates, sources, regions}` of the different instructions and of the rows.
        code_length: `{response, token}`: mean bits under the writer itself, where log-probabilities are logged.
        filter: per verdict `{kept, bits, surface_bits, coverage, precision, expected_gain}`.
    """

    status: str
    code: str | None = None
    reason: str | None = None
    needs: str | None = None
    made: str = "set"
    rows: int = 0
    instructions: int = 0
    compared: str = "prompts"
    judges: list[dict[str, Any]] = field(default_factory=list)
    right: dict[str, Any] | None = None
    duplicates: dict[str, Any] | None = None
    variety: dict[str, Any] | None = None
    code_length: dict[str, Any] | None = None
    filter: dict[str, dict[str, Any]] = field(default_factory=dict)
