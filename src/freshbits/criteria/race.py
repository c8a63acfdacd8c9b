"""The race: every candidate with the bits it shares with the signal inside a prompt, and beyond the truth.

A high rank is a shortcut or a skill: bits beyond the truth, where rows are labelled, tell the two apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.candidates import (
    accepted_rows,
    across_sources,
    candidates,
    number_levels,
    top_codes,
    two_valued,
)
from freshbits.criteria.drifted import drift
from freshbits.criteria.sampled import Scores, scored_sample
from freshbits.criteria.traits import surest_words
from freshbits.information.intercept import (
    Cells,
    across_prompts_test,
    false_discovery,
    shared_bits,
    within_group_test,
)
from freshbits.information.pooled import pooled_bits, pooled_test
from freshbits.information.surface import spurious_bits
from freshbits.results import Candidate, Estimate, SourceFixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled

MIN_GROUPS = 30  # groups with both verdicts; fewer rank nothing


def race(evidence: Evidence, signal: str) -> list[Candidate]:
    """Ranks the candidates for one signal by the bits they share with it inside a prompt.

    Numbers are ranked inside the group and cut into thirds (or at a value that half of the rows have); scores count as
    accepted above their group's mean. Where several sources wrote, the bits are also given with the source held fixed.
    q-values are Benjamini-Hochberg over the candidates, from the larger of two p-values: verdicts shuffled inside
    groups, and prompts as the unit. Bits beyond the truth are computed from the rows labelled with it. Without truth
    the words and pairs of words that go with the signal join them, their p-values those of the surest of all words.
    """
    scores = scored_sample(evidence.tally, signal)
    return _rank(evidence, signal, scores) if scores.score.size else []


def beyond(evidence: Evidence, signal: str, ranked: list[Candidate], rows: Labelled) -> list[Candidate]:
    """Adds to ranked candidates the bits I(φ;S|C,Q) that they share with the signal beyond the truth.

    From the labelled rows; None where fewer than 30 cells of equally right rollouts could show anything.
    """
    scores = Scores(rows.score, rows.group, rows.prompt, rows.round, np.arange(rows.score.size))
    accepted = accepted_rows(evidence.tally.values[signal], scores, rows.group)
    bits: dict[str, Estimate] = {}
    for name, kind, values, numeric in candidates(evidence, signal, rows.rows):
        known = ~np.isnan(values)
        if kind == "source" or evidence.pairs or not known.any():
            continue
        level = number_levels(values[known], rows.group[known]) if numeric else top_codes(values[known])
        found = spurious_bits(rows.group[known], rows.right[known], level, accepted[known], rows.prompt[known])
        if found is not None:
            bits[name] = found.bits
    return [replace(candidate, spurious_bits=bits.get(candidate.name)) for candidate in ranked]


def _rank(evidence: Evidence, signal: str, scores: Scores) -> list[Candidate]:
    rows = evidence.tally.sample[scores.index]
    sources = rows["source"].n_unique() if "source" in rows.columns else 1
    unit = across_sources(scores) if sources > 1 else scores.group
    accepted = accepted_rows(evidence.tally.values[signal], scores, unit)
    if not evidence.pairs and _mixed_groups(unit, accepted) < MIN_GROUPS:
        return []
    found: list[Candidate] = []
    p_values: list[float] = []
    looked = [(*each, 0.0) for each in candidates(evidence, signal, rows)]
    if not evidence.truth:
        for name, values, p_value in surest_words(evidence, rows, scores.score, unit):
            looked.append((name, "ngram", values, False, p_value))
    for name, kind, values, numeric, least in looked:
        known = ~np.isnan(values)
        bits, effect, p_value = _bits(evidence, values, numeric, known, unit, accepted, scores.prompt)
        if bits is None:
            continue
        p_value = max(p_value, least)
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
                drift=drift(evidence, signal, name, rows, scores),
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
