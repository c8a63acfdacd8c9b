"""Hacking: what the signal follows inside a prompt. Here: the ranking of candidates; no verdict without truth.

Every surface feature and every other component is a candidate; its bits I(φ;S|Q) say how much of the verdict it
shares between rollouts of one prompt. A high rank is a shortcut or a skill: without labels these look the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

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
from freshbits.outputs.features.core import CORE
from freshbits.results import Candidate, Drift, Estimate, Hacking, SourceFixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.tally.values import Values

FEATURE = "feature."
MOST_CATEGORIES = 6
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


def _accepted(values: Values, scores: Scores, unit: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Returns 1 for accepted rows: the highest of two values, else a score above the mean of its unit."""
    if values.kind == "binary":
        return np.asarray(scores.score == values.high, dtype=np.float64)
    _, position = np.unique(unit, return_inverse=True)
    mean = np.bincount(position, weights=scores.score) / np.maximum(np.bincount(position), 1)
    return (scores.score > mean[position] + 1e-12).astype(np.float64)


def _rank(evidence: Evidence, signal: str, scores: Scores) -> list[Candidate]:
    rows = evidence.tally.sample[scores.index]
    sources = rows["source"].n_unique() if "source" in rows.columns else 1
    unit = _across_sources(scores) if sources > 1 else scores.group
    accepted = _accepted(evidence.tally.values[signal], scores, unit)
    if not evidence.pairs and _mixed_groups(unit, accepted) < MIN_GROUPS:
        return []
    found: list[Candidate] = []
    p_values: list[float] = []
    for name, kind, values, numeric in _candidates(evidence, signal, rows):
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
                direction=_direction(effect, p_value) if numeric or _two_valued(values) else None,
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


def _candidates(
    evidence: Evidence, signal: str, rows: pl.DataFrame
) -> list[tuple[str, str, NDArray[np.float64], bool]]:
    """Lists (name, kind, value per row with NaN for missing, whether it is a number to be ranked)."""
    found: list[tuple[str, str, NDArray[np.float64], bool]] = []
    for feature in CORE:
        column = FEATURE + feature.name
        if column in rows.columns:
            found.append((feature.name, "surface", _floats(rows[column]), feature.kind == "count"))
    if "truncated" in rows.columns:
        found.append(("truncated", "surface", _floats(rows["truncated"].cast(pl.Int8)), False))
    if "source" in rows.columns and rows["source"].n_unique() > 1:
        found.append(("source", "source", _codes(rows["source"]), False))
    for name in evidence.components() if signal in evidence.components() else []:
        kind = evidence.tally.values[name].kind
        if name != signal and kind != "constant":
            found.append((name, "component", _floats(rows[f"signal.{name}"]), kind == "score"))
    return found


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
        level = np.where(values > 0, 2, np.where(values < 0, 0, 1)) if numeric else _top_codes(values)
        bits, effect = pooled_bits(level, accepted, prompts)
        return bits, effect, pooled_test(level, accepted, prompts)
    level = _number_levels(values, unit) if numeric else _top_codes(values)
    cells = Cells.count(unit, level, accepted, prompts)
    varies = (cells.n > 0).sum(axis=1) > 1
    if int(varies.sum()) < MIN_GROUPS:
        return None, 0.0, 1.0
    bits, effect = shared_bits(cells)
    return bits, effect, max(within_group_test(cells), across_prompts_test(cells))


def _number_levels(values: NDArray[np.float64], unit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Cuts numbers into levels: below, at and above a value that half of the rows have, else thirds of the group.

    Ranks would call the same "one bullet" high in a group without bullets and middle in another.
    """
    found, counts = np.unique(values, return_counts=True)
    if 2 * int(counts.max()) < values.size:
        return thirds(values, unit)
    return np.asarray(np.sign(values - found[counts.argmax()]) + 1, dtype=np.int64)


def thirds(values: NDArray[np.float64], unit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Cuts numbers into thirds by their mid-rank inside their unit: 0 low, 1 middle, 2 high; ties share a third.

    >>> thirds(np.array([1.0, 2.0, 3.0, 5.0, 5.0]), np.array([0, 0, 0, 1, 1], dtype=np.uint64)).tolist()
    [0, 1, 2, 1, 1]
    """
    frame = pl.DataFrame({"unit": unit, "value": values})
    rank = frame.select(((pl.col("value").rank("average").over("unit") - 0.5) / pl.len().over("unit")).alias("rank"))[
        "rank"
    ].to_numpy()
    third: NDArray[np.int64] = np.clip((rank * 3).astype(np.int64), 0, 2)
    return third


def _top_codes(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers two values in their order, more categories by how often they occur (the rare ones share a number)."""
    if _two_valued(values):
        return np.asarray(values == values.max(), dtype=np.int64)
    _, code = np.unique(values, return_inverse=True)
    counts = np.bincount(code)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(counts.size, dtype=np.int64)
    rank[order] = np.arange(counts.size)
    return np.asarray(np.minimum(rank[code], MOST_CATEGORIES - 1), dtype=np.int64)


def _two_valued(values: NDArray[np.float64]) -> bool:
    return np.unique(values[~np.isnan(values)]).size == 2


def _across_sources(scores: Scores) -> NDArray[np.uint64]:
    """Returns a unit that joins all sources' attempts at one prompt in one round."""
    pairs = np.stack([scores.prompt, scores.round.astype(np.uint64)], axis=1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].ravel().astype(np.uint64)


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


def _floats(column: pl.Series) -> NDArray[np.float64]:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _codes(column: pl.Series) -> NDArray[np.float64]:
    return np.unique(column.fill_null("").to_numpy().astype(str), return_inverse=True)[1].astype(np.float64)
