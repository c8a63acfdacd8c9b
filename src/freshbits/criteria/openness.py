"""Openness: does the signal bring task information from outside the model? Judged by origin and by measurement.

Without truth the log alone can only bound it: the surprise bits are the most the signal could bring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.results import Budget, Openness

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence


def openness(evidence: Evidence, signal: str, budget: Budget) -> Openness:
    """Says what the log can and cannot tell about openness, with the surprise bits as the upper bound.

    It never says `open`: that takes truth or a declared loop.
    """
    bound = budget.surprise_bits
    origin = evidence.origins.get(signal, "unknown")
    if evidence.truth:
        return Openness(
            status="not_judged",
            code="NOT_YET",
            reason="measuring the signal against the truth column comes with a later version",
            origin=origin,
            columns=budget.surprise_columns,
            surprise_bits=bound,
        )
    if budget.code in ("FEW_PROMPTS", "FEW_SAMPLED", "BUDGET_UNSCORED"):
        return Openness(status="not_judged", code=budget.code, reason=budget.reason, needs=budget.needs, origin=origin)
    if evidence.pairs:
        return Openness(
            status="not_judged",
            code="OPEN_NO_TRUTH",
            reason="whether a judge brings task information needs truth on some pairs",
            needs=evidence.label_command(signal),
            origin=origin,
        )
    if bound is None:
        return Openness(
            status="not_judged",
            code="OPEN_NO_BELIEF",
            reason="the log shows nothing of the model's own state: the votes inside a group tell nothing apart, "
            "and there are no log-probabilities",
            needs="log 8 or more completions per prompt, or their log-probabilities",
            origin=origin,
        )
    return Openness(
        status="not_judged",
        code="OPEN_NO_TRUTH",
        reason="whether the bits are about the task needs truth on some rows; the signal can bring at most "
        f"{bound.value:.2f} bit per rollout beyond the logged belief: {_names(budget.surprise_columns)}",
        needs=evidence.label_command(signal),
        origin=origin,
        columns=budget.surprise_columns,
        surprise_bits=bound,
    )


def _names(columns: list[str]) -> str:
    return ", ".join(column.replace("_", " ") for column in columns)
