"""What a plan answers: ways to train, each with its task bits per cost, where it would lead, and on what that rests."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass, field

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Estimate, Json, Status


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Holds the projected share of right rollouts so many rounds ahead."""

    round: int
    accuracy: Estimate


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """Holds how a way's numbers move when one assumption moves from one end to the other.

    Attributes:
        assumption: what is moved: "tpr", "fpr", "base_rate", "rollouts per prompt".
        low: its lower end.
        high: its upper end.
        bits: task bits at the two ends; None where the assumption does not enter.
        accuracy: projected accuracy at the two ends; None where there is no projection.
        turns: whether at one of the ends the way falls behind the next one, or passes the one before.
    """

    assumption: str
    low: float
    high: float
    bits: list[float] | None
    accuracy: list[float] | None
    turns: bool | None


@dataclass(frozen=True, kw_only=True)
class Way:
    """Holds one way to train: a method on a signal.

    Attributes:
        signal: the signal; None for references.
        method: "grpo", "rft" or "sft".
        rank: 1 brings most task bits per cost; None where that cannot be told.
        currency: "contrast" (bits per rollout) or "code length" (bits per reference); never ranked together.
        task_bits: bits about truth per rollout, or per reference; only bounds (no value) where the log cannot say more.
        cost: of one rollout with its verdict, or of one reference; None where not given.
        per_cost: task bits per unit of cost.
        clear: whether its interval lies above the next way's; None for the last.
        origin: where the signal comes from, where known.
        openness: what the audit says of the signal: "open", "closed", "undetermined".
        precision: share of accepted rows that are right; offline gain follows it (arXiv 2607.09709).
        slower: rounds against a perfect verifier's, 1/J; for "grpo".
        base_rate: share of right rollouts in the log.
        projection: accuracy round by round; empty where none is made.
        leanings: how the numbers move with what is assumed.
        status: judged, or not_judged where there is no rank.
        code: why not, stable.
        reason: why not, in a sentence.
        needs: what would let it be ranked.
        unprojected: why there is no projection, where there is none.
    """

    signal: str | None
    method: str
    rank: int | None = None
    currency: str
    task_bits: Estimate | None
    cost: float | None
    per_cost: Estimate | None = None
    clear: bool | None = None
    origin: str = "unknown"
    openness: str | None = None
    precision: Estimate | None = None
    slower: float | None = None
    base_rate: Estimate | None = None
    projection: list[Ahead] = field(default_factory=list)
    leanings: list[Leaning] = field(default_factory=list)
    status: Status = "judged"
    code: str | None = None
    reason: str | None = None
    needs: str | None = None
    unprojected: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Holds what `freshbits.plan` found: ways to train, best first, those without a rank last.

    Attributes:
        plan: the ways.
        unit: what costs are counted in: "as given", or "rollouts" where none is given.
        rounds: rounds that are projected.
        notes: what all of it assumes, one sentence each.
    """

    plan: list[Way]
    unit: str
    rounds: int
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the plan as plain data."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Plan:
        """Rebuilds the plan from what `to_json` gave; unknown keys are ignored."""
        return typing.cast("Plan", from_plain(cls, data))

    def dumps(self) -> str:
        """Returns the plan as JSON text; the same log gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
