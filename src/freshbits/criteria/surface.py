"""Surface features by name: what each says about the verdict beyond the answer class, and what of that travels."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.candidates import accepted_rows, across_sources, candidates, number_levels, top_codes
from freshbits.information.intercept import false_discovery
from freshbits.information.portable import Portable, portable_bits
from freshbits.information.surface import SurfaceBits, spurious_bits, surface_bits

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.sampled import Scores
    from freshbits.results import Json

SURFACE = ("surface", "source", "region")


def surface(
    evidence: Evidence,
    signal: str,
    scores: Scores,
    rows: pl.DataFrame,
    answer_class: NDArray[np.uint64],
    *,
    given: str,
    truth: bool = False,
) -> list[Json]:
    """Estimates I(φ;S|[Y]_π,Q) of every surface feature, largest first: `{feature, bits, interaction, q_value, given}`.

    Scores count as accepted above the mean of their unit. `q_value` is Benjamini-Hochberg over the features, from the
    larger of two p-values (verdicts shuffled inside (prompt, class) cells; prompts as the unit). Features for which
    fewer than 30 cells could show anything are left out.

    Args:
        evidence: what the criteria judge by.
        signal: the signal.
        scores: its sampled rows.
        rows: the narrow rows themselves, in the same order.
        answer_class: class of each row.
        given: name of the partition.
        truth: whether the classes are right and wrong, which mean the same in every prompt.
    """
    found: list[tuple[str, SurfaceBits]] = []
    across = across_sources(scores)
    for name, kind, values, numeric in candidates(evidence, signal, rows):
        if kind not in SURFACE:
            continue
        unit = across if kind == "source" else scores.group
        accepted = accepted_rows(evidence.tally.values[signal], scores, unit)
        known = ~np.isnan(values)
        if not known.any():
            continue
        level = _levels(values[known], unit[known], numeric=numeric)
        kept = (unit[known], answer_class[known], level, accepted[known], scores.prompt[known])
        bits = spurious_bits(kept[0], kept[1] == 1, *kept[2:]) if truth else surface_bits(*kept)
        if bits is not None:
            found.append((name, bits))
    q_values = false_discovery(np.array([bits.p_value for _, bits in found])) if found else np.zeros(0)
    listed: list[Json] = [
        {
            "feature": name,
            "bits": asdict(bits.bits),
            "interaction": bits.interaction,
            "q_value": float(q_value),
            "given": given,
        }
        for (name, bits), q_value in zip(found, q_values, strict=True)
    ]
    return sorted(listed, key=lambda entry: (-(entry["bits"]["value"] or 0.0), entry["feature"]))


def travelling(evidence: Evidence, signal: str, scores: Scores, rows: pl.DataFrame) -> Portable | None:
    """Estimates portable and local bits of the counted features over the log's regions; None with fewer than two.

    Every feature is used as its level inside the prompt; categories have no direction and are left out.
    """
    if "region" not in rows.columns or rows["region"].n_unique() < 2:
        return None
    columns = []
    for _, kind, values, numeric in candidates(evidence, signal, rows):
        if kind == "surface" and (numeric or np.unique(values[~np.isnan(values)]).size == 2):
            known = ~np.isnan(values)
            column = np.full(values.size, np.nan)
            column[known] = _levels(values[known], scores.group[known], numeric=numeric)
            columns.append(column)
    if not columns:
        return None
    features = np.stack(columns, axis=1)
    whole = ~np.isnan(features).any(axis=1)
    region = rows["region"].fill_null("").rank("dense").to_numpy().astype(np.int64)
    accepted = accepted_rows(evidence.tally.values[signal], scores, scores.group)
    return portable_bits(features[whole], accepted[whole], scores.group[whole], scores.prompt[whole], region[whole])


def _levels(values: NDArray[np.float64], unit: NDArray[np.uint64], *, numeric: bool) -> NDArray[np.int64]:
    return number_levels(values, unit) if numeric else top_codes(values)
