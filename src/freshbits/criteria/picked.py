"""What a filter picks by where there are no groups: features that go with being kept, region and source held fixed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.candidates import accepted_rows, candidates, number_levels, top_codes, two_valued
from freshbits.criteria.labelled import labelled
from freshbits.criteria.sampled import scored_sample
from freshbits.information.intercept import false_discovery
from freshbits.information.stratified import stratified_bits, stratified_test
from freshbits.results import Candidate, Hacking, SourceFixed

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Estimate

FEWEST = 200  # scored rows; fewer rank nothing
MIN_LABELLED = 200
SURE = 0.05


def picked(evidence: Evidence, signal: str) -> Hacking:
    """Ranks what goes with being kept (or scored above the mean) in a set with one response per instruction.

    Bits I(φ;S|region) per row, and with the source held fixed; numbers are cut into thirds inside their stratum, or at
    a value that half of the rows have. q-values are Benjamini-Hochberg over all looked at, prompts as the unit. With
    200 labelled rows the bits beyond the truth, I(φ;S|C, region, source), stand beside them.

    No verdict of risk is given: instructions differ in more than was logged, so what goes with being kept may be what
    the instructions asked for.
    """
    scores = scored_sample(evidence.tally, signal)
    if scores.score.size < FEWEST:
        return Hacking(
            status="not_judged", code="HACK_FEW_ROWS",
            reason=f"{scores.score.size} scored rows; {FEWEST} or more can show what the filter picks by",
        )  # fmt: skip
    rows = evidence.tally.sample[scores.index]
    fixed, by_source = _strata(rows, "region"), _strata(rows, "region", "source")
    accepted = accepted_rows(evidence.tally.values[signal], scores, fixed.astype(np.uint64))
    several = int(by_source.max()) > int(fixed.max())
    found, p_values = [], []
    for name, kind, values, numeric in candidates(evidence, signal, rows):
        looked = _bits(values, numeric, fixed, accepted, scores.prompt)
        if looked is None:
            continue
        bits, effect, p_value = looked
        held = _bits(values, numeric, by_source, accepted, scores.prompt) if several and name != "source" else None
        p_values.append(max(p_value, held[2]) if held else p_value)
        lean = "more is accepted" if effect > 0 else "less is accepted"
        found.append(
            Candidate(
                name=name,
                kind=kind,
                signal_bits=bits,
                direction=lean if (numeric or two_valued(values)) and p_value <= SURE else None,
                spurious_bits=None,
                source_fixed=SourceFixed(signal_bits=held[0]) if held else None,
                learned_first=None,
                relied_on=None,
                price_bits=None,
                crossover=None,
                drift=None,
                q_value=None,
            )
        )
    q_values = false_discovery(np.array(p_values)) if p_values else np.zeros(0)
    ranked = [replace(c, q_value=float(q)) for c, q in zip(found, q_values, strict=True)]
    ranked.sort(key=lambda c: (-(c.signal_bits.value or 0.0) if c.signal_bits else 0.0, c.name))
    return _judged(evidence, signal, ranked)


def _judged(evidence: Evidence, signal: str, ranked: list[Candidate]) -> Hacking:
    if not evidence.truth:
        return Hacking(
            status="not_judged",
            code="HACK_NO_TRUTH",
            reason="shortcut or skill cannot be told without labels",
            needs=evidence.label_command(signal),
            features=ranked,
        )
    rows = labelled(evidence.tally, signal)
    if rows is None or rows.score.size < MIN_LABELLED:
        return Hacking(
            status="not_judged",
            code="HACK_FEW_LABELS",
            reason=f"{0 if rows is None else rows.score.size} labelled rows; {MIN_LABELLED} or more can tell what is "
            "picked for besides the truth",
            needs=evidence.more_labels(signal),
            features=ranked,
        )
    # Labels drawn half kept, half dropped shift the share that is kept: rows weigh as many as they stand for. Whether
    # anything goes with it among equally right rows they do not shift: the test takes them as they are.
    stratum = 2 * _strata(rows.rows, "region", "source") + rows.right
    accepted = np.asarray(rows.score > np.median(rows.score), dtype=np.float64)
    if evidence.tally.values[signal].kind == "binary":
        accepted = np.asarray(rows.score == evidence.tally.values[signal].high, dtype=np.float64)
    beyond: dict[str, Estimate] = {}
    for name, kind, values, numeric in candidates(evidence, signal, rows.rows):
        looked = _bits(values, numeric, stratum, accepted, rows.prompt, rows.weight) if kind != "source" else None
        if looked is not None:
            beyond[name] = looked[0] if looked[2] <= SURE else replace(looked[0], low=0.0)
    return Hacking(
        status="not_judged",
        code="NO_GROUPS",
        reason="how much of the choice a habit takes is judged inside groups; here the bits beyond the truth say what "
        "is picked for among equally right rows",
        features=[replace(c, spurious_bits=beyond.get(c.name)) for c in ranked],
    )


def _strata(rows: pl.DataFrame, *names: str) -> NDArray[np.int64]:
    """Numbers what is held fixed; one stratum where nothing is logged."""
    held = [name for name in names if name in rows.columns]
    if not held:
        return np.zeros(rows.height, dtype=np.int64)
    keys = np.stack([rows[name].fill_null("").to_numpy().astype(str) for name in held], axis=1)
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def _bits(
    values: NDArray[np.float64],
    numeric: bool,
    stratum: NDArray[np.int64],
    accepted: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    weight: NDArray[np.float64] | None = None,
) -> tuple[Estimate, float, float] | None:
    """Returns (bits, effect of the highest level over the lowest, p-value); None where the feature does not vary."""
    known = ~np.isnan(values)
    if not known.any():
        return None
    values, stratum, accepted, prompts = values[known], stratum[known], accepted[known], prompts[known]
    level = number_levels(values, stratum.astype(np.uint64)) if numeric else top_codes(values)
    if np.unique(level).size < 2 or np.unique(accepted).size < 2:
        return None
    mass = None if weight is None else weight[known]
    bits, effect = stratified_bits(level, accepted, stratum, prompts, weight=mass)
    p_value = stratified_test(level, accepted, stratum, prompts)
    return (bits if p_value <= SURE else replace(bits, low=0.0)), effect, p_value
