"""Coverage: how diverse the answers are, how much of the log repeats itself, what more rollouts would still show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information import mixing, species
from freshbits.information.resampling import MIN_PROMPTS, mean
from freshbits.results import Coverage, Estimate, SignalCoverage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence


def coverage(evidence: Evidence) -> Coverage:
    """Judges the variety of answer classes, in the log and per signal among accepted answers.

    It does not know whether two classes differ in meaning: that is the partition's claim, printed beside it.
    """
    tally = evidence.tally
    if "distinct" not in tally.prompts.columns:
        return Coverage(
            status="not_judged",
            code="NO_COMPLETIONS",
            reason="the log has no completions, so answers cannot be told apart",
            needs=f"freshbits audit {evidence.where} --join FILE-WITH-TEXTS" if evidence.pairs else None,
        )
    if evidence.pairs:
        return Coverage(
            status="not_applicable",
            code="NO_GROUPS",
            reason="judged pairs are not samples of one model's answers",
        )
    prompts = tally.prompts
    if prompts.height < MIN_PROMPTS:
        return Coverage(
            status="not_judged",
            code="FEW_PROMPTS",
            reason=f"prompts: {prompts.height}, intervals need {MIN_PROMPTS}",
            needs=f"log at least {MIN_PROMPTS} prompts",
        )
    seen = _species(prompts, "rows", "distinct", "once", "twice")
    rows = int(prompts["rows"].sum())
    groups = tally.groups
    return Coverage(
        status="judged",
        reason=f"answers told apart by {tally.partition}"
        + (" (so accepted and rejected differ by construction)" if tally.by_construction else ""),
        classes=int(prompts["distinct"].sum()),
        effective=species.effective(
            groups["rows"].to_numpy(), groups["equal_pairs"].to_numpy(), groups["prompt"].to_numpy()
        ),
        good_turing=species.good_turing(seen),
        chao1=species.chao1(seen),
        redundancy=1 - int(prompts["distinct"].sum()) / rows,
        unreadable=int(groups["unreadable"].sum()) / rows if "unreadable" in groups.columns else None,
        by_signal={name: _accepted(evidence, name) for name, values in tally.values.items() if values.kind == "binary"},
    )


def _accepted(evidence: Evidence, signal: str) -> SignalCoverage:
    """Counts distinct accepted answers per prompt, and pass@k by groups."""
    prompts = evidence.tally.prompts.filter(pl.col(f"n.{signal}") > 0)
    seen = _species(prompts, f"k.{signal}", f"distinct.{signal}", f"once.{signal}", f"twice.{signal}")
    scored = prompts[f"n.{signal}"].to_numpy()
    groups = evidence.tally.of(signal)
    fit = mixing.fit(groups.n, groups.k, groups.prompt) if float(np.median(groups.n)) >= 4 else None
    return SignalCoverage(
        distinct_accepted=_mean(seen.distinct, seen, int(scored.sum())),
        next_new=species.next_new(seen, scored),
        pass_at=species.pass_at(groups.n, groups.k, groups.prompt, fit),
    )


def _mean(counts: NDArray[np.int64], seen: species.Species, rollouts: int) -> Estimate | None:
    return mean(
        counts.astype(np.float64),
        seen.prompts,
        unit="classes/prompt",
        method="mean over prompts, jackknife over prompts",
        rollouts=rollouts,
        bounds=(0.0, float("inf")),
    )


def _species(prompts: pl.DataFrame, rows: str, distinct: str, once: str, twice: str) -> species.Species:
    return species.Species(
        rows=prompts[rows].to_numpy(),
        distinct=prompts[distinct].to_numpy(),
        once=prompts[once].to_numpy(),
        twice=prompts[twice].to_numpy(),
        prompts=prompts["prompt"].to_numpy(),
    )
