"""What one signal brings to a comparison: bits about the task, or why they give it no rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.compared import Compared
from freshbits.information.moved import bits_beyond_moved
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.information.scores import centred_bins
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Audit, Channel, Estimate

LEAST = 0.01  # bits per rollout: less is not worth a rank
SURE = 0.05
FEW_LEVELS = 4
ALONE = 0.5  # share of rollouts whose answer nobody else in the group gives


def comparable(evidence: Evidence, audit: Audit, log: str, signal: str) -> Compared:
    """Measures what one signal brings to a comparison, and says why where that gives it no rank.

    With truth its task bits are those of the channel; without, the bits that it shares with the answer classes of its
    own prompt less what moved verdicts show. It does not know the other signals: ranks come from `freshbits.compare`.
    """
    budget, channel = audit.budget[signal], audit.channel[signal]
    code, reason, needs = _refused(signal, channel, evidence)
    class_bits = None
    if code is None and not evidence.truth:
        class_bits, code, reason = _class_bits(evidence, signal)
        needs = evidence.label_command(signal) if code is not None else None
    return Compared(
        log=log,
        signal=signal,
        rank=None,
        rank_per_cost=None,
        task_bits=channel.bits if channel.status == "judged" else None,
        class_bits=class_bits,
        contrast_bits=budget.contrast_bits,
        cost=None,
        per_cost=None,
        clear=None,
        negative_j=channel.negative_j,
        base_rate=channel.base_rate,
        mean=budget.mean,
        origin=audit.openness[signal].origin,
        prompts=audit.log.prompts,
        status="judged" if code is None else "not_judged",
        code=code,
        reason=reason,
        needs=needs,
    )


def _refused(signal: str, channel: Channel, evidence: Evidence) -> tuple[str | None, str | None, str | None]:
    """Says why the truth that a log has gives this signal no rank: code, reason, command."""
    if not evidence.truth:
        return None, None, None
    if channel.status != "judged":
        return channel.code or "COMPARE_NO_BITS", channel.reason or "its task bits cannot be told", channel.needs
    if channel.bits is None or channel.bits.value is None:
        reason = f"{signal} accepts right and wrong answers too much alike, or too few are labelled, to tell its bits"
        return "COMPARE_NOTHING", reason, evidence.label_command(signal)
    against = channel.j.high if channel.j is not None else None
    if channel.auroc is not None and channel.auroc.high is not None:
        against = channel.auroc.high - 0.5
    if against is not None and against < 0:
        return "COMPARE_AGAINST_TRUTH", f"{signal} prefers wrong answers: its bits point the wrong way", None
    bits = channel.bits
    held = bits.low is not None and bits.low > 0 if channel.p_value is None else channel.p_value < SURE
    if channel.p_value is None and channel.j is not None and channel.j.low is not None:
        held = held or channel.j.low > 0
    if not held or (bits.value or 0.0) < LEAST:
        reason = f"{signal} carries no task bits for certain"
        return "COMPARE_NOTHING", reason, evidence.label_command(signal)
    return None, None, None


def _class_bits(evidence: Evidence, signal: str) -> tuple[Estimate | None, str | None, str | None]:
    """Returns the bits of answer classes above moved verdicts, and the code and reason where they give no rank."""
    tally = evidence.tally
    if evidence.pairs:
        return None, "COMPARE_NO_TRUTH", "judged pairs can be compared against truth only"
    if "answer_class" not in tally.sample.columns:
        return None, "COMPARE_NO_CLASSES", "the log has no answers to tell apart"
    if tally.by_construction:
        return None, "COMPARE_BY_CONSTRUCTION", "answers are told apart by the signal's own reading of them"
    rows = tally.sample.filter(pl.col(SIGNAL + signal).is_not_null())
    if "repeat" in rows.columns:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
    rows = rows.sort("group")
    if rows["prompt"].n_unique() < MIN_PROMPTS:
        return None, "FEW_PROMPTS", f"scored prompts: {rows['prompt'].n_unique()}, intervals need {MIN_PROMPTS}"
    score, group = rows[SIGNAL + signal].to_numpy(), rows["group"].to_numpy()
    values, place = np.unique(score, return_inverse=True)
    level = place.astype(np.int64) if values.size <= FEW_LEVELS else centred_bins(score, group)
    bits = bits_beyond_moved(level, rows["answer_class"].to_numpy(), group, rows["prompt"].to_numpy())
    alone = rows.select((pl.len().over("group", "answer_class") == 1).mean()).item()
    if bits is None or bits.value is None or bits.low is None:
        return None, "COMPARE_NO_GROUPS", "no prompt has two scored rollouts in a group"
    if alone > ALONE:
        reason = (
            f"{100 * alone:.0f} % of answers are alone in their group: verdicts cannot be compared on equal answers"
        )
        return bits, "COMPARE_PARTITION_TOO_FINE", reason
    if bits.low <= 0 or bits.value < LEAST:
        return bits, "COMPARE_NOTHING", f"{signal} says no more about a prompt's answers than moved verdicts do"
    return bits, None, None
