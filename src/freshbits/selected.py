"""What selection answers: which rows were kept and why, and how they differ from all accepted ones."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Json


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Holds the mean of one feature before and after selection: the bias that selecting introduces.

    Attributes:
        feature: its name; `region=NAME` is the share of rows from that region, `truth` the share right where labelled.
        accepted: mean over all accepted rows.
        selected: mean over the rows that were kept.
        corrected: the same with the rows' weights: what may be said of the accepted rows from the kept ones.
        deviation: standard deviation over all accepted rows.
    """

    feature: str
    accepted: float
    selected: float
    corrected: float | None
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Counts something among all rows of the log, among accepted ones, and among those that were kept."""

    log: int | None
    accepted: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Holds what `freshbits.select` did.

    Attributes:
        signal: the verdict that accepts rows; None where the log has none and all rows count as accepted.
        partition: how answers were told apart, in words.
        unit: what the budget counts: "rows", "tokens" or "characters".
        rows: scored rows of the log, accepted and kept ones.
        cost: tokens (characters where none are logged) of them; None where rows are counted.
        prompts: prompts with a scored row, an accepted and a kept one.
        regions: the same of regions; None where none are logged.
        answers: answer classes, prompt by prompt, among accepted and among kept rows.
        texts: the same of texts that are no near-duplicates of each other.
        reasons: reason -> rows kept for it.
        weights: what `weight` is: "1 / inclusion probability" or "post-stratified".
        shifts: how kept rows differ from accepted ones, the largest difference first.
        notes: what to know, one sentence each.
    """

    signal: str | None
    partition: str
    unit: str
    rows: Reach
    cost: Reach | None
    prompts: Reach
    regions: Reach | None
    answers: Reach
    texts: Reach
    reasons: dict[str, int]
    weights: str
    shifts: list[Shift]
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the result as plain data."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, "select": to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Selected:
        """Rebuilds the result from what `to_json` gave."""
        return typing.cast("Selected", from_plain(cls, data["select"]))

    def dumps(self) -> str:
        """Returns the result as JSON text; the same log gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
