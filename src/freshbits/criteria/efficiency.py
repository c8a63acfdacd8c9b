"""Efficiency: how many of the signal's bits are spent on the task, and how many on surface form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.ladder import ladder
from freshbits.criteria.noise import least, own_noise, without_noise
from freshbits.criteria.sampled import scored_sample
from freshbits.criteria.surface import surface, travelling
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.information.scores import BINS, centred_bins
from freshbits.information.task import SINGLE, task_bits
from freshbits.results import Efficiency, Estimate

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.sampled import Scores
    from freshbits.results import Budget, Channel, Json, Together

TRUTH = "truth"
NEARLY_ALL = 0.9  # share of the rows that are labelled, above which truth is a partition of the log
TOO_FINE = 0.5
MOST = 0.9


@dataclass(frozen=True)
class _Split:
    """Holds task bits and η under one partition."""

    partition: str
    task: Estimate
    eta: Estimate | None
    single: float = 0.0

    def plain(self) -> Json:
        return {
            "partition": self.partition,
            "task_bits": asdict(self.task),
            "eta": asdict(self.eta) if self.eta else None,
        }


@dataclass(frozen=True)
class _Rows:
    """Holds the sampled rows of one signal: its levels and, in the same order, the narrow rows."""

    scores: Scores
    level: NDArray[np.int64]
    frame: pl.DataFrame
    total: Estimate
    noise: float

    def split(self, partition: str, answer_class: NDArray[np.uint64]) -> _Split | None:
        found = task_bits(self.scores.group, answer_class, self.level, self.scores.prompt)
        if found is None:
            return None
        return _Split(partition, found.task, self._without_noise(found.eta, found.total), found.single)

    def by_column(self, partition: str | None, column: str) -> _Split | None:
        if partition is None or column not in self.frame.columns:
            return None
        return self.split(partition, self.frame[column].fill_null(0).to_numpy())

    def _without_noise(self, eta: Estimate | None, total: Estimate) -> Estimate | None:
        if eta is None or self.noise == 0.0 or total.value is None or total.value <= self.noise:
            return eta
        return _scaled(eta, total.value / (total.value - self.noise))


def efficiency(
    evidence: Evidence, signal: str, budget: Budget, channel: Channel, together: Together | None = None
) -> Efficiency:
    """Judges one signal: the pair (task bits, η), one step coarser and finer, surface bits by name, the ladder.

    total = contrast bits less the judge's own noise where it was asked twice; task = what of them depends on the
    answer class π; η = task / total. Where truth is known of nearly all rows it is the coarser step. Where the
    classes are the signal's own parse, η is high by construction: truth is π then, or nothing is judged. Computed on
    the sample of whole prompts.

    It does not know whether π is what the task asks for, nor whether task bits are right: `channel` says that.
    """
    scores = scored_sample(evidence.tally, signal)
    if evidence.pairs or budget.kind == "unscored":
        return Efficiency(status=budget.status, code=budget.code, reason=budget.reason, needs=budget.needs)
    rungs = ladder(evidence, signal, budget, scores, together)
    tally = evidence.tally
    if budget.status != "judged" or budget.contrast_bits is None:
        return Efficiency(
            status=budget.status,
            code=budget.code,
            reason=budget.reason,
            needs=budget.needs,
            partition=tally.partition,
            ladder=rungs,
        )
    sampled = int(np.unique(scores.prompt).size)
    if sampled < MIN_PROMPTS:
        return Efficiency(
            status="not_judged",
            code="FEW_SAMPLED",
            reason=f"the sample holds {sampled} of the prompts that {signal} scores; the split needs {MIN_PROMPTS}",
            partition=tally.partition,
            total_bits=budget.contrast_bits,
            ladder=rungs,
        )
    own = own_noise(tally, signal)
    total, noise = without_noise(budget.contrast_bits, own), least(own)
    rows = _Rows(scores, _levels(budget.kind, scores), tally.sample[scores.index], total, noise)
    own_parse = tally.by_construction
    by_class = None if own_parse else rows.by_column(tally.partition, "answer_class")
    by_truth = _by_truth(rows, budget, channel)
    main = by_class or by_truth
    travels = travelling(evidence, signal, scores, rows.frame)
    known = Efficiency(
        status="judged",
        partition=tally.partition,
        total_bits=total,
        ladder=rungs,
        portable_bits=travels.portable if travels else None,
        local_bits=travels.local if travels else None,
    )
    if main is None:
        why = _no_partition(rows, own_parse=own_parse)
        return replace(known, status="not_judged", code=why[0], reason=why[1], needs=evidence.label_command(signal))
    coarser = finer = None
    if main is by_class:
        labelled = by_truth is not None and _labelled(rows) >= NEARLY_ALL
        coarser = by_truth if labelled else rows.by_column(tally.coarser, "coarser_class")
        main = _at_least(main, coarser)
        finer = rows.by_column("exact text", "text")
        finer = _at_least(finer, main) if finer else None
    code, reason, needs = _doubts(evidence, signal, main, coarser)
    return replace(
        known,
        code=code,
        reason=reason,
        needs=needs,
        partition=main.partition,
        task_bits=main.task,
        eta=main.eta,
        coarser=coarser.plain() if coarser else None,
        finer=finer.plain() if finer else None,
        surface=_surface(evidence, signal, rows, main),
    )


def _levels(kind: str, scores: Scores) -> NDArray[np.int64]:
    """Returns the level of each row as the budget counts it: values while few, else bins inside the group."""
    if kind == "score":
        return centred_bins(scores.score, scores.group, BINS)
    return np.unique(scores.score, return_inverse=True)[1].astype(np.int64)


def _labelled(rows: _Rows) -> float:
    if TRUTH not in rows.frame.columns or rows.frame.height == 0:
        return 0.0
    return 1.0 - rows.frame[TRUTH].null_count() / rows.frame.height


def _by_truth(rows: _Rows, budget: Budget, channel: Channel) -> _Split | None:
    """Takes the bits about truth from the channel, or splits the rows by truth where nearly all are labelled."""
    bits = channel.bits
    if budget.kind == "binary" and bits is not None and bits.value is not None:
        return _Split(TRUTH, bits, _quotient(bits, rows.total))
    if _labelled(rows) < NEARLY_ALL or rows.frame[TRUTH].n_unique() < 2:
        return None
    return rows.split(TRUTH, (rows.frame[TRUTH].fill_null(0.0) == 1.0).to_numpy().astype(np.uint64))


def _at_least(split: _Split, coarser: _Split | None) -> _Split:
    """Raises the lower bounds of a partition to what a coarser one already shows, where only bounds are known."""
    if coarser is None or split.task.value is not None:
        return split
    task, eta = split.task, split.eta
    if coarser.task.low is not None and task.low is not None and coarser.task.low > task.low:
        task = replace(task, low=min(coarser.task.low, task.high or coarser.task.low))
    if eta and coarser.eta and coarser.eta.low is not None and eta.low is not None and coarser.eta.low > eta.low:
        eta = replace(eta, low=min(coarser.eta.low, eta.high or coarser.eta.low))
    return replace(split, task=task, eta=eta)


def _doubts(
    evidence: Evidence, signal: str, main: _Split, coarser: _Split | None
) -> tuple[str | None, str | None, str | None]:
    """Says what keeps the numbers from being points, and what would mend it."""
    tally = evidence.tally
    notes = []
    code = needs = None
    if main.task.value is None:
        code = "EFF_PARTITION_TOO_FINE" if main.single > TOO_FINE else "EFF_FEW_PER_CLASS"
        if main.single <= SINGLE:
            code = "FEW_PER_GROUP"
        notes.append(f"{main.single:.0%} of the rollouts are alone in their class ({main.partition}): bounds only")
        needs = "log at least 16 completions per prompt (num_generations)"
    if coarser and coarser.partition != TRUTH and _holds_most(coarser, main):
        notes.append(f"what counts is the {coarser.partition} (or that there is none), hardly which answer it is")
    if signal not in tally.repeats:
        notes.append("judged once: noise of the signal itself counts as surface, so the share is a lower bound")
    sampled = int(tally.sample.height)
    if sampled < tally.rows:
        notes.append(f"computed on {sampled:,} of {tally.rows:,} rollouts, whole prompts")
    return code, "; ".join(notes) or None, needs


def _holds_most(coarser: _Split, main: _Split) -> bool:
    one, all_of_it = coarser.task.value, main.task.value
    return bool(one is not None and all_of_it and one >= MOST * all_of_it)


def _no_partition(rows: _Rows, *, own_parse: bool) -> tuple[str, str]:
    if not own_parse:
        return (
            "EFF_NO_PARTITION",
            "the log has neither completions nor truth, so there is nothing to tell task from form",
        )
    own = rows.by_column("the signal's own parse", "answer_class")
    share = f" ({own.eta.value:.0%})" if own and own.eta and own.eta.value is not None else ""
    return (
        "EFF_BY_CONSTRUCTION",
        f"answers are the signal's own parse, so its bits are task bits by construction{share}",
    )


def _surface(evidence: Evidence, signal: str, rows: _Rows, main: _Split) -> list[Json]:
    """Lists surface bits given the main partition, or the coarser one where most classes are seen once."""
    if main.partition == TRUTH:
        if _labelled(rows) < NEARLY_ALL:
            return []
        right = (rows.frame[TRUTH].fill_null(0.0) == 1.0).to_numpy().astype(np.uint64)
        return surface(evidence, signal, rows.scores, rows.frame, right, given=TRUTH, truth=True)
    column, given = "answer_class", main.partition
    if main.single > TOO_FINE and evidence.tally.coarser is not None and "coarser_class" in rows.frame.columns:
        column, given = "coarser_class", evidence.tally.coarser
    return surface(evidence, signal, rows.scores, rows.frame, rows.frame[column].fill_null(0).to_numpy(), given=given)


def _quotient(bits: Estimate, total: Estimate) -> Estimate | None:
    """Divides two estimates; the ends are divided crosswise, so the interval is on the wide side."""
    if bits.value is None or not total.value or not total.high:
        return None
    low = None if bits.low is None else bits.low / total.high
    high = None if bits.high is None else bits.high / total.low if total.low else 1.0
    ends = [None if end is None else float(np.clip(end, 0.0, 1.0)) for end in (bits.value / total.value, low, high)]
    method = "bits about truth / contrast bits"
    return Estimate(
        ends[0], ends[1], ends[2], bits.level, "share of contrast bits", method, bits.prompts, bits.rollouts
    )


def _scaled(eta: Estimate, factor: float) -> Estimate:
    value, low, high = (None if end is None else min(end * factor, 1.0) for end in (eta.value, eta.low, eta.high))
    return replace(eta, value=value, low=low, high=high)
