"""What rebalancing answers: what was kept, and what each feature says about the verdict before and after."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Estimate, Json


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Holds the bits a feature shares with the verdict, before and after.

    Attributes:
        feature: its name.
        role: "against" (to be removed), "protected" (part of the task) or "truth".
        before: bits per row over the rows as they were.
        after: the same over the rows that are kept; None where they are too few to tell.
    """

    feature: str
    role: str
    before: Estimate | None
    after: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Rebalanced:
    """Holds what `freshbits.rebalance` did.

    Attributes:
        signal: the verdict that was balanced.
        within: what was held fixed: "prompt", "region" or "log".
        rows: rows there were; scored ones.
        kept: rows kept.
        accepted: accepted rows among those kept (half of them).
        bins: levels that numbers were cut into.
        features: bits before and after.
        notes: what to know, one sentence each.
    """

    signal: str
    within: str
    rows: int
    kept: int
    accepted: int
    bins: int
    features: list[Balance]
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the result as plain data."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, "rebalance": to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Rebalanced:
        """Rebuilds the result from what `to_json` gave."""
        return typing.cast("Rebalanced", from_plain(cls, data["rebalance"]))

    def dumps(self) -> str:
        """Returns the result as JSON text; the same log gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
