"""What allocating answers: which prompts to ask how often, how good the belief behind it is, what else would give."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Estimate, Json


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Holds prompts with about the same stated pass rate, and how many of their rollouts passed.

    Attributes:
        stated: mean of the stated rates.
        observed: mean of the observed shares; `low` and `high` are its 95 % interval.
        prompts: how many there are.
    """

    stated: float
    observed: float
    low: float
    high: float
    prompts: int


@dataclass(frozen=True, kw_only=True)
class Score:
    """Holds how good stated pass rates are on prompts they were not learned from.

    Attributes:
        name: what states them: "learned", "base rate", the mean of a field.
        log_loss: bits per rollout.
        brier: mean squared distance.
        gain: log loss of the base rate less this one, bits per rollout; above 0 is better.
    """

    name: str
    log_loss: float
    brier: float
    gain: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Holds what is known about the predictor of pass rates.

    Attributes:
        believed: what is believed of a prompt without verdicts: "learned", the name of a field, or "base rate".
        prompts: prompts it was learned from, each scored without its own verdicts.
        columns: what it read: "text", names of fields, "embedding".
        scores: the base rate, the best field's mean, the learners.
        worth: rollouts that a stated rate is worth; None where no prompt was tried twice.
        kept: share of old verdicts that a round leaves, fitted where prompts come again; None else.
        reliability: stated against observed rates.
        calibration_error: their mean distance.
    """

    believed: str
    prompts: int
    columns: list[str]
    scores: list[Score]
    worth: float | None
    kept: float | None
    reliability: list[Bin]
    calibration_error: float


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Holds what one way to spend the budget is expected to give, under the same belief.

    Attributes:
        rule: "expected variance" (what is written), "uniform", "dead groups dropped", "m(1-m)".
        calls: rollouts it spends.
        prompts: prompts it asks.
        expected_bits: contrast bits that its rollouts carry together.
        mixed_groups: groups that are expected to hold both verdicts.
    """

    rule: str
    calls: int
    prompts: int
    expected_bits: float
    mixed_groups: float


@dataclass(frozen=True, kw_only=True)
class Allocated:
    """Holds what `freshbits.allocate` did.

    Attributes:
        signal: the verdict that is expected.
        rounds: rounds of the log that the belief comes from.
        candidates: prompts to choose from; `tried` of them have verdicts.
        budget: rollouts that were asked for, after tokens or cost were turned into rollouts.
        prediction: how good the belief is; None where no prompt was tried.
        ways: what was chosen, and what else would give for the same budget.
        notes: what to know, one sentence each.
    """

    signal: str
    rounds: int
    candidates: int
    tried: int
    budget: int
    prediction: Prediction | None
    ways: list[Alternative]
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the result as plain data."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, "allocate": to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Allocated:
        """Rebuilds the result from what `to_json` gave."""
        return typing.cast("Allocated", from_plain(cls, data["allocate"]))

    def dumps(self) -> str:
        """Returns the result as JSON text; the same log gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
