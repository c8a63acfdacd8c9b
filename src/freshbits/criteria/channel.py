"""Channel: how reliable the verifier is, and where it is worst."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.labelled import labelled
from freshbits.criteria.pressure import pressure
from freshbits.criteria.strata import by_region, by_round, worst_prompts, worst_stratum
from freshbits.information.channel import one_channel_bits, within_test
from freshbits.information.joint import joint_information
from freshbits.information.pooled import pooled_bits, pooled_test
from freshbits.information.ranking import auroc, quantile_information
from freshbits.information.rates import differs, rates
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.information.weighted import Sample
from freshbits.results import Channel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled
    from freshbits.results import Estimate
    from freshbits.tally.tally import GroupCounts

FEWEST = 30  # labelled rows
SEVERAL = 100  # prompts with two labelled rows, for what looks inside prompts
SEVERAL_LARGE = 50  # the same with eight labelled rows
SURE = 0.05
SELECTED = 0.01  # p-value below which the labelled rows are not like the log
UNLIKE = 0.02  # and by how much their pass rate must differ at least


def channel(evidence: Evidence, signal: str) -> Channel:
    """Judges a signal against truth: its rates, the bits it shares with truth inside a prompt, where it is worst.

    A verdict (two values, or a score cut with `--accept`) has TPR, FPR, J, LR, precision; a score has AUROC and the
    bits of its quantiles. All are weighted by how the labels were drawn; a truth column of unknown design counts as
    random over rollouts. Bits I(C;S|Q): by the mixture (`joint`) where 100 prompts have two labelled rows (50 where
    they have eight), drawn without regard to the verdict; else as if there were one channel. Judged pairs have one
    truth per prompt: both presentations count, and the bits are pooled over pairs.
    """
    if not evidence.truth:
        return Channel(
            status="not_judged",
            code="CHANNEL_NO_TRUTH",
            reason="how often the signal is wrong needs truth on some rows",
            needs=evidence.label_command(signal),
        )
    rows = labelled(evidence.tally, signal, repeats=evidence.pairs)
    if rows is None:
        return Channel(
            status="not_judged",
            code="CHANNEL_UNSCORED",
            reason="the signal scores none of the labelled rows",
            needs=evidence.label_command(signal),
        )
    refused = _refused(evidence, signal, rows)
    if refused is not None:
        return refused
    if evidence.tally.values[signal].kind != "binary":
        return _of_score(evidence, signal, rows)
    return _of_verdict(evidence, signal, rows)


def _refused(evidence: Evidence, signal: str, rows: Labelled) -> Channel | None:
    """Says why the labels are not enough; None where they are."""
    more: str | None = evidence.more_labels(signal)
    if evidence.tally.values[signal].kind == "constant":
        reason, code, more = "the signal has the same value on every row", "CHANNEL_CONSTANT", None
    elif rows.score.size < FEWEST or rows.prompts < MIN_PROMPTS:
        reason = f"{rows.score.size} labelled rows of {rows.prompts} prompts: fewer than {FEWEST} of {MIN_PROMPTS}"
        code = "CHANNEL_FEW_LABELS"
    elif rows.right.all() or not rows.right.any():
        reason = f"every labelled row is {'right' if rows.right.all() else 'wrong'}: only one kind of error can show"
        code = "CHANNEL_ONE_KIND"
    else:
        return None
    return Channel(status="not_judged", code=code, reason=reason, needs=more)


def _of_verdict(evidence: Evidence, signal: str, rows: Labelled) -> Channel:
    groups = evidence.tally.of(signal)
    verdict = rows.score == evidence.tally.values[signal].high
    log = verdict_strata(rows.stratum, verdict, groups.n, groups.k, groups.prompt)
    sample = Sample.of(rows.weight, rows.stratum, rows.prompt, log)
    found = rates(verdict, rows.right, sample)
    bits, p_value, negative = _bits(evidence, rows, verdict, groups)
    code, reason = (None, None) if evidence.pairs else _selected(verdict, rows, groups)
    return Channel(
        status="judged",
        code=code,
        reason=reason,
        tpr=found.tpr,
        fpr=found.fpr,
        j=found.j,
        lr=found.lr,
        ppv=found.ppv,
        base_rate=found.base_rate,
        bits=bits,
        p_value=p_value,
        negative_j=negative,
        worst=worst_stratum(rows, verdict),
        pressure=pressure(evidence, signal, rows),
        agreement=found.agreement,
        worst_prompts=[] if evidence.pairs else worst_prompts(rows, verdict),
        by_region=by_region(rows, verdict),
        by_round=by_round(rows, verdict),
    )


def _of_score(evidence: Evidence, signal: str, rows: Labelled) -> Channel:
    base = rates(rows.right, rows.right, Sample.of(rows.weight, rows.stratum, rows.prompt)).base_rate
    unit = "bits/pair" if evidence.pairs else "bits/rollout"
    return Channel(
        status="judged",
        reason="a score has no TPR and FPR; --accept makes a verdict of it",
        base_rate=base,
        auroc=auroc(rows.score, rows.right, rows.weight, rows.prompt),
        bits=quantile_information(rows.score, rows.right, rows.weight, rows.group, rows.prompt, unit=unit),
        pressure=pressure(evidence, signal, rows),
    )


def _bits(
    evidence: Evidence, rows: Labelled, verdict: NDArray[np.bool_], groups: GroupCounts
) -> tuple[Estimate | None, float | None, Estimate | None]:
    """Returns the bits between truth and verdict, the p-value of there being none, the share of prompts with J < 0."""
    counts, keys = count_groups(rows, verdict)
    constant = bool(((counts[:, :2].sum(axis=1) == 0) | (counts[:, 2:].sum(axis=1) == 0)).all())
    several = counts.sum(axis=1) >= 2
    if evidence.pairs or (constant and several.sum() >= SEVERAL):
        bits, _ = pooled_bits(rows.right.astype(np.int64), verdict.astype(np.float64), rows.prompt)
        unit = bits.unit if evidence.pairs else "bits/rollout"
        bits = replace(bits, unit=unit, method="truth is the same throughout a prompt: " + bits.method)
        return bits, pooled_test(rows.right.astype(np.int64), verdict.astype(np.float64), rows.prompt), None
    blind = bool(np.ptp(rows.weight) == 0)  # labels drawn by the verdict show no prompt as it is
    p_value = within_test(counts) if several.any() and blind else None
    large = counts.sum(axis=1) >= 8
    enough = np.unique(keys[several]).size >= SEVERAL or np.unique(keys[large]).size >= SEVERAL_LARGE
    if blind and enough:
        joint = joint_information(counts[several], keys[several])
        bits = joint.bits
        if p_value is not None and p_value > SURE:  # none at all is not excluded
            bits = replace(bits, low=0.0)
        return bits, p_value, joint.negative_j
    return (
        one_channel_bits((groups.n, groups.k, groups.prompt), verdict, rows.right, rows.weight, rows.prompt),
        p_value,
        None,
    )


def count_groups(rows: Labelled, verdict: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Counts right accepted, right rejected, wrong accepted, wrong rejected rows per group, and its prompt key."""
    keys, first, place = np.unique(rows.group, return_index=True, return_inverse=True)
    flat = np.bincount(place * 4 + 2 * ~rows.right + ~verdict, minlength=4 * keys.size)
    return flat.reshape(keys.size, 4).astype(np.int64), rows.prompt[first]


def verdict_strata(
    stratum: NDArray[np.int64],
    verdict: NDArray[np.bool_],
    n: NDArray[np.int64],
    k: NDArray[np.int64],
    prompts: NDArray[np.uint64],
) -> tuple[NDArray[np.uint64], NDArray[np.float64]] | None:
    """Returns the prompts of groups and how many rows of every stratum they hold; None where it is not known.

    It is known where the strata are the two verdicts, as `freshbits label` draws them.

    >>> stratum, n, k, q = np.array([0, 1]), np.array([8]), np.array([3]), np.array([7], dtype=np.uint64)
    >>> verdict_strata(stratum, stratum == 1, n, k, q)[1].tolist()
    [[5.0, 3.0]]
    """
    accepted = [np.unique(verdict[stratum == each]) for each in np.unique(stratum)]
    if len(accepted) != 2 or any(each.size > 1 for each in accepted) or accepted[0][0] == accepted[1][0]:
        return None
    columns = [k if each[0] else n - k for each in accepted]
    return prompts, np.stack(columns, axis=1).astype(np.float64)


def _selected(verdict: NDArray[np.bool_], rows: Labelled, groups: GroupCounts) -> tuple[str, str] | tuple[None, None]:
    """Says where the labelled rows do not pass as often as the log does."""
    labels, log, p_value = differs(verdict, rows.weight, rows.prompt, (groups.n, groups.k, groups.prompt))
    if p_value >= SELECTED or abs(labels - log) < UNLIKE:
        return None, None
    return (
        "CHANNEL_SELECTED_LABELS",
        f"the labelled rows pass in {labels:.1%} of cases, the whole log in {log:.1%}: they are no random sample, "
        "and the rates hold for rows like them only",
    )
