"""What a comparison answers: signals side by side, frozen, to JSON and back."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Estimate, Json, Status
from freshbits.shown import Plotted


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Holds one signal of one log among others.

    Attributes:
        log: the log as it was named.
        signal: the signal.
        rank: 1 carries most; None where it cannot be told.
        rank_per_cost: the same per unit of cost; None without a cost.
        task_bits: bits the signal carries about truth; None without truth.
        class_bits: bits it shares with the answer classes of its own prompt above moved verdicts (no truth needed).
        contrast_bits: what differences between rollouts of one prompt carry at most.
        cost: what one score costs, as given.
        per_cost: the ranked bits per unit of cost.
        clear: whether the interval of the ranked bits lies above that of the next signal; None for the last.
        negative_j: share of prompts on which it prefers wrong answers: its bits there point the wrong way.
        base_rate: share of right rollouts, where truth is known: how hard the prompts were.
        mean: mean verdict or score.
        origin: where the signal comes from, where declared or known.
        prompts: prompts of the log.
        status: judged, or not_judged where there is no rank.
        code: why not, stable.
        reason: why not, in a sentence.
        needs: the command that would let it be ranked.
    """

    log: str
    signal: str
    rank: int | None
    rank_per_cost: int | None
    task_bits: Estimate | None
    class_bits: Estimate | None
    contrast_bits: Estimate | None
    cost: float | None
    per_cost: float | None
    clear: bool | None
    negative_j: Estimate | None
    base_rate: Estimate | None
    mean: Estimate | None
    origin: str
    prompts: int
    status: Status
    code: str | None
    reason: str | None
    needs: str | None


@dataclass(frozen=True, kw_only=True)
class Comparison(Plotted):
    """Holds what `freshbits.compare` found: signals side by side, best first, those without a rank last.

    `basis` says by what they are ranked: "task_bits" or "class_bits". `warnings` say why an order may mislead, `notes`
    what it cannot see. `to_json()` and `Comparison.from_json()` are inverse.
    """

    compare: list[Compared]
    basis: str
    warnings: list[str]
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the comparison as plain data, in the order of the schema."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Comparison:
        """Rebuilds the comparison from what `to_json` gave; unknown keys are ignored."""
        return typing.cast("Comparison", from_plain(cls, data))

    def dumps(self) -> str:
        """Returns the comparison as JSON text; the same comparison gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
