"""Hacking: what the signal follows inside a prompt. Here: the ranking of candidates; no verdict without truth.

Every surface feature and every other component is a candidate; its bits I(φ;S|Q) say how much of the verdict it
shares between rollouts of one prompt. A high rank is a shortcut or a skill: without labels these look the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.candidates import (
    FEATURE,
    accepted_rows,
    across_sources,
    candidates,
    number_levels,
    top_codes,
    two_valued,
)
from freshbits.criteria.rounds import blocks_of
from freshbits.criteria.sampled import Scores, scored_sample
from freshbits.information.intercept import (
    Cells,
    across_prompts_test,
    false_discovery,
    shared_bits,
    within_group_test,
)
from freshbits.information.pooled import pooled_bits, pooled_test
from freshbits.results import Candidate, Drift, Estimate, Hacking, SourceFixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

MIN_GROUPS = 30  # groups with both verdicts; fewer rank nothing


def hacking(evidence: Evidence, signal: str) -> Hacking:
    """Ranks the candidates for one signal by the bits they share with it inside a prompt.

    Numbers are ranked inside the group and cut into thirds (or at a value that half of the rows have); scores count as
    accepted above their group's mean.
    Where several sources wrote, the bits are also given with the source held fixed. q-values are
    Benjamini-Hochberg over the candidates, from the larger of two p-values: verdicts shuffled inside groups, and
    prompts as the unit.
    """
    scores = scored_sample(evidence.tally, signal)
    ranked = _rank(evidence, signal, scores) if scores.score.size else []
    if evidence.truth:
        return Hacking(
            status="not_judged",
            code="NOT_YET",
            reason="the ranking is without the truth column; bits beyond the truth are not computed yet",
            features=ranked,
        )
    return Hacking(
        status="not_judged",
        code="HACK_NO_TRUTH",
        reason="shortcut or skill cannot be told without labels"
        if ranked
        else "too few groups hold accepted and rejected rollouts that differ in anything looked at",
        needs=evidence.label_command(signal),
        features=ranked,
    )


def _rank(evidence: Evidence, signal: str, scores: Scores) -> list[Candidate]:
    rows = evidence.tally.sample[scores.index]
    sources = rows["source"].n_unique() if "source" in rows.columns else 1
    unit = across_sources(scores) if sources > 1 else scores.group
    accepted = accepted_rows(evidence.tally.values[signal], scores, unit)
    if not evidence.pairs and _mixed_groups(unit, accepted) < MIN_GROUPS:
        return []
    found: list[Candidate] = []
    p_values: list[float] = []
    for name, kind, values, numeric in candidates(evidence, signal, rows):
        known = ~np.isnan(values)
        bits, effect, p_value = _bits(evidence, values, numeric, known, unit, accepted, scores.prompt)
        if bits is None:
            continue
        fixed = None
        if sources > 1 and name != "source":
            fixed = SourceFixed(
                signal_bits=_bits(evidence, values, numeric, known, scores.group, accepted, scores.prompt)[0]
            )
        p_values.append(p_value)
        found.append(
            Candidate(
                name=name,
                kind=kind,
                signal_bits=bits,
                direction=_direction(effect, p_value) if numeric or two_valued(values) else None,
                spurious_bits=None,
                source_fixed=fixed,
                learned_first=None,
                relied_on=None,
                price_bits=None,
                crossover=None,
                drift=_drift(evidence, name),
                q_value=None,
            )
        )
    q_values = false_discovery(np.array(p_values)) if p_values else np.zeros(0)
    with_q = [replace(c, q_value=float(q)) for c, q in zip(found, q_values, strict=True)]
    return sorted(with_q, key=lambda c: (-(c.signal_bits.value or 0.0) if c.signal_bits else 0.0, c.name))


def _bits(
    evidence: Evidence,
    values: NDArray[np.float64],
    numeric: bool,
    known: NDArray[np.bool_],
    unit: NDArray[np.uint64],
    accepted: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> tuple[Estimate | None, float, float]:
    """Returns (bits shared inside a unit, effect of the highest level over the lowest, p-value)."""
    if not known.any():
        return None, 0.0, 1.0
    values, unit, accepted, prompts = values[known], unit[known], accepted[known], prompts[known]
    if evidence.pairs:  # features are differences and the unit is the pair itself: nothing is left to condition on
        level = np.where(values > 0, 2, np.where(values < 0, 0, 1)) if numeric else top_codes(values)
        bits, effect = pooled_bits(level, accepted, prompts)
        return bits, effect, pooled_test(level, accepted, prompts)
    level = number_levels(values, unit) if numeric else top_codes(values)
    cells = Cells.count(unit, level, accepted, prompts)
    varies = (cells.n > 0).sum(axis=1) > 1
    if int(varies.sum()) < MIN_GROUPS:
        return None, 0.0, 1.0
    bits, effect = shared_bits(cells)
    return bits, effect, max(within_group_test(cells), across_prompts_test(cells))


def _mixed_groups(unit: NDArray[np.uint64], accepted: NDArray[np.float64]) -> int:
    _, position = np.unique(unit, return_inverse=True)
    hits, size = np.bincount(position, weights=accepted), np.bincount(position)
    return int(((hits > 0) & (hits < size)).sum())


def _direction(effect: float, p_value: float) -> str | None:
    """Says which way the signal leans, where shuffled verdicts do not lean as far."""
    if p_value > 0.05:
        return None
    return "more is accepted" if effect > 0 else "less is accepted"


def _drift(evidence: Evidence, name: str) -> Drift | None:
    """Returns the mean of a counted feature over all rows in the first and in the last block of rounds."""
    table = evidence.tally.features
    column = FEATURE + name
    if column not in table.columns or name == "first_token" or evidence.pairs:
        return None
    blocks = blocks_of(table["round"].to_numpy())
    if not blocks:
        return None
    means = []
    for first, last in (blocks[0], blocks[-1]):
        part = table.filter(pl.col("round").is_between(first, last))
        means.append(float(part[column].sum()) / max(int(part["rows"].sum()), 1))
    return Drift(first=means[0], last=means[1])
