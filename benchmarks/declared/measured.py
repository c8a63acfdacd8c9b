"""Audits the directory of a run and sets beside each other what was declared and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from freshbits.auditing import gather
from freshbits.criteria.budget import budget
from freshbits.criteria.openness import openness
from freshbits.loop.rounds import Rounds
from freshbits.loop.structure import structure

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.declared.loops import Case

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Budget, Openness


@dataclass(frozen=True)
class Held:
    """Holds one loop: declared, measured alone, and judged by both.

    Attributes:
        name: the loop.
        loop: verdict on the whole loop, from its declaration.
        signal: its signal.
        declared: what the declaration says of that signal.
        measured: what the log says of it by itself (`beyond`, `nothing_beyond`, …, or a code).
        alone: the audit's verdict where no origin is declared.
        verdict: the audit's verdict on the directory, which holds the declaration.
        adjective: of that verdict.
        bits: bits per rollout beyond the model's own state, with their interval; None where not measured.
        surprise: surprise bits, an upper bound.
        accuracy: share of rollouts that are right, by round.
        variety: effective number of right answers per prompt, on prompts never trained on, by round.
        reason: the audit's.
        why: why declaration and measurement differ, where they do.
    """

    name: str
    loop: str
    signal: str
    declared: str
    measured: str
    alone: str
    verdict: str
    adjective: str | None
    bits: tuple[float | None, float | None, float | None] | None
    surprise: float | None
    accuracy: list[float]
    variety: list[float]
    reason: str
    why: str

    @property
    def agrees(self) -> bool:
        """Whether the audit judges the signal as it was declared."""
        return self.declared == self.verdict + (f", {self.adjective}" if self.adjective else "")


def measure(case: Case, directory: Path) -> Held:
    """Audits a run."""
    said = structure(case.loop)
    log, evidence, _ = gather(directory)
    (signal,) = log.signals
    found = budget(evidence, signal)
    with_it, without = _judged(evidence, signal, found)
    bits = with_it.bits
    rounds = log.frame().group_by("round").agg(pl.col("truth").mean()).sort("round").collect()
    return Held(
        case.name,
        said.verdict + (f", {said.adjective}" if said.adjective else ""),
        signal,
        said.signals[signal].words if signal in said.signals else "closed",  # nothing is scored
        without.measured or without.code or "never varies",
        without.verdict or "not judged",
        with_it.verdict or "not judged",
        with_it.adjective,
        None if bits is None else (bits.value, bits.low, bits.high),
        None if with_it.surprise_bits is None else with_it.surprise_bits.value,
        rounds["truth"].to_list(),
        [Rounds(directory).ledger(number)["evaluation"]["held_out_distinct"] for number in rounds["round"]],
        with_it.reason or "",
        case.why,
    )


def _judged(evidence: Evidence, signal: str, found: Budget) -> tuple[Openness, Openness]:
    """Judges with what the run declares, and by the log alone."""
    alone = replace(evidence, structures={}, origins={})
    return openness(evidence, signal, found), openness(alone, signal, found)
