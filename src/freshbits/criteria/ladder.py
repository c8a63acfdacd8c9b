"""The ladder: what one rollout could say at most, from verdict to full text, in one currency.

A verdict names one of two classes, a rubric vector one of a few, an answer one of many, a full text one of very many.
Each rung is the expected code length under the model's own state; every rung that is a function of a later one costs
at most as much. What a text costs beyond its answer class is wording.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.components import joint_levels
from freshbits.information import levels
from freshbits.information.codelength import class_bits, text_bits, within_class_bits
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.information.scores import count_levels

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.sampled import Scores
    from freshbits.results import Budget, Estimate, Json, Together

LOGGED = 0.9  # share of rows with a log-probability below which the rung is not judged


def ladder(
    evidence: Evidence, signal: str, budget: Budget, scores: Scores, together: Together | None = None
) -> list[Json]:
    """Judges every rung: `{rung, status, bits, code, reason, needs}`, from the verdict up.

    `verdict` E h(s_q); `rubric` all components together; `class` the answer class; `within_class` log2 of the
    effective number of texts per class; `text` the full text, from logged log-probabilities; `reference` the code
    length of a reference text.
    """
    rows = evidence.tally.sample
    if "repeat" in rows.columns:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
    rungs = [_verdict(budget)]
    if signal in evidence.components() and len(evidence.components()) > 1:
        rungs.append(_rubric(evidence, scores, together))
    return [*rungs, *_classes(rows), _text(rows), _reference()]


def _verdict(budget: Budget) -> Json:
    if budget.contrast_bits is None:
        return _refused("verdict", budget.code or "", budget.reason or "", budget.needs)
    return _judged("verdict", budget.contrast_bits)


def _rubric(evidence: Evidence, scores: Scores, together: Together | None) -> Json:
    """Takes the few joint patterns that there are, else what the chain rule over the components gives."""
    pattern, merged = joint_levels(evidence, scores)
    if merged and together is not None:
        return _judged("rubric", together.joint)
    scored = pattern >= 0
    if not scored.any():
        return _refused("rubric", "RUBRIC_UNSCORED", "no rollout is scored by every component", None)
    keys, counts = count_levels(scores.group[scored], pattern[scored])
    prompts = scores.prompt[scored][np.searchsorted(scores.group[scored], keys)]
    bits = levels.contrast_bits(counts, prompts)
    if bits is None:
        return _refused(
            "rubric",
            "FEW_PER_GROUP",
            "fewer than 4 rollouts per group do not identify the joint verdict",
            "log at least 8 completions per prompt (num_generations)",
        )
    return _judged("rubric", bits, "rare patterns share one number, so this is a lower bound" if merged else None)


def _classes(rows: pl.DataFrame) -> list[Json]:
    """Judges the class rung and the wording inside a class."""
    if "answer_class" not in rows.columns:
        why = ("NO_COMPLETIONS", "the log has no completions, so answers cannot be told apart", None)
        return [_refused("class", *why), _refused("within_class", *why)]
    several = "sample at least 8 completions per prompt from one model"
    rows = rows.filter(pl.col("text").is_not_null())
    group, prompts = rows["group"].to_numpy(), rows["prompt"].to_numpy()
    answers, texts = rows["answer_class"].to_numpy(), rows["text"].to_numpy()
    one = group.size == 0 or float(np.median(np.unique(group, return_counts=True)[1])) < 2
    named = None if one else class_bits(group, answers, prompts)
    worded = None if one else within_class_bits(group, answers, texts, prompts)
    return [
        _refused("class", "ONE_PER_GROUP", "one rollout per prompt shows no second answer", several)
        if named is None
        else _judged("class", named),
        _refused("within_class", "ONE_PER_CLASS", "no prompt shows one answer twice", several)
        if worded is None
        else _judged("within_class", worded),
    ]


def _text(rows: pl.DataFrame) -> Json:
    needs = "log the sum of token log-probabilities of each completion as `logprob`"
    if "logprob" not in rows.columns or rows["logprob"].null_count() == rows.height:
        return _refused("text", "LADDER_NO_LOGPROB", "no log-probability of the completions is logged", needs)
    share = 1.0 - rows["logprob"].null_count() / rows.height
    if share < LOGGED:
        reason = f"only {share:.0%} of the completions have a log-probability, and which may depend on the text"
        return _refused("text", "LADDER_FEW_LOGPROBS", reason, needs)
    logprob = rows["logprob"].cast(pl.Float64).to_numpy().astype(np.float64)
    bits = text_bits(logprob, rows["group"].to_numpy(), rows["prompt"].to_numpy())
    if bits is None:
        return _refused("text", "FEW_PROMPTS", "one prompt gives no interval", None)
    return _judged("text", bits)


def _reference() -> Json:
    reason = "the code length of a reference text needs the model's log-probability of that text"
    return _refused("reference", "LADDER_NO_REFERENCE", reason, None)


def _judged(rung: str, bits: Estimate, reason: str | None = None) -> Json:
    if bits.prompts < MIN_PROMPTS:
        reason = f"prompts: {bits.prompts}, intervals need {MIN_PROMPTS}"
        return _refused(rung, "FEW_PROMPTS", reason, f"log at least {MIN_PROMPTS} prompts")
    few = bits.value is None
    return {
        "rung": rung,
        "status": "judged",
        "bits": asdict(bits),
        "code": "BOUNDS_ONLY" if few else None,
        "reason": reason or (bits.method if few else None),
        "needs": None,
    }


def _refused(rung: str, code: str, reason: str, needs: str | None) -> Json:
    return {"rung": rung, "status": "not_judged", "bits": None, "code": code, "reason": reason, "needs": needs}
