"""Openness: does the signal bring task information from outside the model? Judged by origin and by measurement.

A signal is `open` only where its origin is declared to lie outside the model and truth shows that it says something
beyond the model's logged state; either alone is not enough. `closed` means no new information, not no gain: a closed
loop can sharpen for a while. `open` says nothing about harm.

Without truth the log alone can only bound it: the surprise bits are the most the signal could bring.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.beyond import MIN_MINORITY, MIN_PROMPTS, MIN_ROWS, Beyond, beyond, context
from freshbits.criteria.ceiling import sharpening_ceiling
from freshbits.criteria.inputs import quoted
from freshbits.criteria.labelled import labelled
from freshbits.criteria.sampled import plain_bits, scored_sample
from freshbits.results import Budget, Estimate, Openness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled

ADJECTIVES = {"external": "renewing", "memory": "exhaustible", "drifting": "decaying"}
BY_STRUCTURE = {
    "closed": "own_state",
    "open, exhaustible": "memory",
    "open, renewing": "external",
    "open, decaying": "drifting",
}
NEVER_VARIES = 0.01  # bits of entropy below which a signal tells nothing apart
FUNCTION = 0.05  # share of its entropy that the belief may leave open of a signal that it determines
MOST_COPIED = 4  # values of a verdict; a score tells the truth of every row only by a threshold
_UNKNOWN = ("BUDGET_UNSCORED", "FEW_PROMPTS", "FEW_SAMPLED")
_LOGGED = ("logprob", "mean_logprob")
_FROM = {"external": "external", "memory": "from a fixed memory", "drifting": "it drifts with the student"}


def openness(evidence: Evidence, signal: str, budget: Budget) -> Openness:
    """Judges whether a signal is open: the first row that fits decides.

    never varies → closed; own state → closed; external or memory: beyond the logged belief → open (renewing,
    exhaustible), nothing beyond → closed; unknown or drifting: beyond → undetermined (a declared drifting loop: open,
    decaying), nothing beyond → closed; what cannot be told → undetermined. A signal that its belief columns determine
    counts as nothing beyond, which needs no truth.

    It does not know the model's state, only what the log shows of it (`columns`), and takes the declared origin as
    given. A judge of pairs is not measured here.
    """
    structure = evidence.structures.get(signal)
    origin = BY_STRUCTURE.get(structure or "", evidence.origins.get(signal, "unknown"))
    start = Openness(
        status="not_judged",
        origin=origin,
        structure=structure,
        columns=budget.surprise_columns,
        surprise_bits=budget.surprise_bits,
    )
    if budget.code in _UNKNOWN:
        if origin == "own_state" and budget.code != "BUDGET_UNSCORED":
            return _closed(start, _OWN)
        return replace(start, code=budget.code, reason=budget.reason, needs=budget.needs)
    entropy = plain_bits(scored_sample(evidence.tally, signal))
    if entropy < NEVER_VARIES:
        return _closed(start, "it never varies, so it tells nothing apart")
    rows = None if evidence.pairs or not evidence.truth else labelled(evidence.tally, signal)
    hurdle = _hurdle(evidence, signal, rows, start)
    bound = budget.surprise_bits.high if budget.surprise_bits else None
    function = bound is not None and bound < FUNCTION * entropy
    if rows is None or hurdle is not None:
        return _without_truth(evidence, start, hurdle, function=function)
    start = replace(
        start, columns=[*rows.columns, *context(rows)[1]], sharpening_ceiling=sharpening_ceiling(evidence.tally)
    )
    return _with_truth(evidence, signal, start, beyond(evidence.tally, signal, rows), function=function)


def _hurdle(evidence: Evidence, signal: str, rows: Labelled | None, start: Openness) -> Openness | None:
    """Returns why the signal cannot be measured against truth; None where it can."""
    label = evidence.label_command(signal)
    if evidence.pairs:
        reason = "whether a judge of pairs says something beyond the student is not measured"
        if not evidence.truth:
            reason = "whether a judge brings task information needs truth on some pairs"
        code = "OPEN_PAIRS" if evidence.truth else "OPEN_NO_TRUTH"
        return replace(start, code=code, reason=reason, needs=None if evidence.truth else label)
    columns = start.columns if rows is None else rows.columns
    if not columns:
        return replace(
            start,
            code="OPEN_NO_BELIEF",
            reason="the log shows nothing of the model's own state: the votes inside a group tell nothing apart, "
            "and there are no log-probabilities",
            needs="log 8 or more completions per prompt, or their log-probabilities",
        )
    bound = start.surprise_bits
    most = f"; the signal can bring at most {bound.value:.2f} bit per rollout beyond {_state(columns)}" if bound else ""
    if rows is None:
        reason = f"whether the bits are about the task needs truth on some rows{most}"
        return replace(start, code="OPEN_NO_TRUTH", reason=reason, needs=label)
    if rows.score.size < MIN_ROWS or rows.prompts < MIN_PROMPTS:
        reason = (
            f"{rows.score.size} rows of {rows.prompts} prompts are scored and labelled; it takes {MIN_ROWS} rows of "
            f"{MIN_PROMPTS} prompts{most}"
        )
        return replace(start, code="OPEN_FEW_LABELS", reason=reason, needs=evidence.more_labels(signal))
    if is_truth(rows.score, rows.right):
        reason = (
            "the truth column can be read off the signal without a single error, so the two cannot be told apart: "
            "a flawless verifier and a copy look the same"
        )
        return replace(start, code="OPEN_TRUTH_IS_SIGNAL", reason=reason, needs=label)
    return None


def is_truth(score: NDArray[np.float64], right: NDArray[np.bool_]) -> bool:
    """Tells whether the truth of every row follows from the signal: from its value, or from a threshold of a score.

    >>> is_truth(np.array([0.0, 1.0, 1.0]), np.array([False, True, True]))
    True
    >>> is_truth(np.array([0.0, 1.0, 1.0]), np.array([False, True, False]))
    False
    """
    if right.all() or not right.any():
        return False
    values, level = np.unique(score, return_inverse=True)
    share = np.bincount(level, weights=right) / np.bincount(level)
    pure = bool(np.isin(share, (0.0, 1.0)).all())
    return pure and (values.size <= MOST_COPIED or int((np.diff(share) != 0).sum()) == 1)


def _without_truth(evidence: Evidence, start: Openness, hurdle: Openness | None, *, function: bool) -> Openness:
    """Decides by the origin, or because the belief determines the signal; else says what is in the way."""
    if start.origin == "own_state":
        return _closed(start, _OWN)
    if function and not evidence.pairs:
        return _closed(replace(start, measured="function_of_belief"), _predicted(start))
    assert hurdle is not None
    return hurdle


def _with_truth(evidence: Evidence, signal: str, start: Openness, found: Beyond, *, function: bool) -> Openness:
    """Decides by origin and measurement."""
    residual = found.found
    start = replace(start, status="judged", measured=found.measured, controls=found.controls or None)
    if residual is not None:
        start = replace(start, bits=residual.bits, share=residual.share)
    if found.failed is not None:
        what = {"moved": "verdicts moved to other prompts", "random": "verdicts by lot"}[found.failed]
        return replace(
            start,
            status="not_judged",
            code="OPEN_CONTROL_FAILED",
            measured=None,
            reason=f"{what} look as if they said something beyond the model too, so the measurement cannot be trusted",
        )
    start = replace(start, within_bits=found.within, between_bits=found.between)
    if found.measured == "beyond" and residual is not None:
        return _says_more(evidence, signal, start, _more(residual.bits, start.columns, found.hidden))
    if start.origin == "own_state":
        return _closed(start, _OWN)
    if function:
        return _closed(replace(start, measured="function_of_belief"), _predicted(start))
    if found.measured == "nothing_beyond" and residual is not None:
        most = f" (at most {residual.bits.high:.1g} bit per rollout)"
        little = f"it says next to nothing beyond {_state(start.columns)}{most}"
        return _closed(start, _joined(start.origin, little, but=True))
    return _undecided(evidence, signal, start, found)


def _says_more(evidence: Evidence, signal: str, start: Openness, more: str) -> Openness:
    """Decides on a signal that says something beyond the logged belief."""
    origin = start.origin
    if origin == "own_state":
        reason = f"it is a function of the model's own outputs, of which the log shows too little: {more}; "
        return _closed(start, reason + "usable, not new")
    if origin in ("external", "memory") or (origin == "drifting" and start.structure is not None):
        reason = _joined(origin, more, but=False)
        return replace(start, verdict="open", adjective=ADJECTIVES[origin], reason=reason)
    if origin == "drifting":
        return replace(start, verdict="undetermined", reason=f"{more} now; it drifts with the student")
    command = f"freshbits audit {evidence.where} --origin {quoted(signal)}=external"
    return replace(
        start,
        verdict="undetermined",
        reason=f"{more}; declare where the signal comes from",
        needs=f"{command}  (or memory, own_state, drifting)",
    )


def _undecided(evidence: Evidence, signal: str, start: Openness, found: Beyond) -> Openness:
    bits = start.bits
    if bits is None:
        reason = (
            f"the labelled rows are nearly all right or nearly all wrong; prompts with the rarer kind: "
            f"{found.minority}, it takes {MIN_MINORITY}"
        )
    else:
        low, high = max(bits.low or 0.0, 0.0), bits.high or 0.0
        reason = f"the labels leave open whether it says {low:.2f} or {high:.2f} bit beyond {_state(start.columns)}"
    return replace(start, verdict="undetermined", reason=reason, needs=evidence.more_labels(signal))


def _closed(start: Openness, reason: str) -> Openness:
    return replace(start, status="judged", verdict="closed", reason=reason)


_OWN = "it is a function of the model's own outputs, so it brings nothing from outside"


def _predicted(start: Openness) -> str:
    bound = start.surprise_bits
    most = f" (surprise at most {bound.high:.1g} bit per rollout)" if bound and bound.high is not None else ""
    return _joined(start.origin, f"{_state(start.columns)} already determine it{most}", but=True)


def _more(bits: Estimate, columns: list[str], hidden: Estimate | None) -> str:
    """Says how much the signal says beyond the belief, and whether another vote would say as much."""
    value = bits.value or 0.0
    text = f"it says {value:.2f} bit per rollout beyond {_state(columns)}"
    if hidden is not None and hidden.value is not None and value <= hidden.value:
        text += f", no more than another vote of your own model ({hidden.value:.2f})"
    return text


def _joined(origin: str, text: str, *, but: bool) -> str:
    if origin not in _FROM:
        return text
    return f"{_FROM[origin]}, {'but' if but else 'and'} {text}"


def _state(columns: list[str]) -> str:
    """Names the belief in words."""
    logged = any(name in _LOGGED for name in columns)
    votes = any(name not in (*_LOGGED, "round", "source", "region") for name in columns)
    if logged and votes:
        return "the model's own votes and log-probabilities"
    return "the model's own log-probabilities" if logged else "the model's own votes"
