"""The section of sets that were made to be trained on: who judged, what repeats, how varied it is, the filter."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.criteria.authors import authors
from freshbits.criteria.filtered import filtered
from freshbits.criteria.ungrouped import alone
from freshbits.information.resampling import MIN_PROMPTS, mean
from freshbits.information.variety import mostly, variety
from freshbits.information.weighted import Sample, share
from freshbits.results import Estimate, Sft

if TYPE_CHECKING:
    import polars as pl

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Channel, Json
    from freshbits.tally.texts import Texts

MOST_SHOWN = 5
FEWEST_LABELS = 30


def sft(evidence: Evidence, channels: dict[str, Channel]) -> Sft | None:
    """Judges a set that was made to be trained on; None for rollouts.

    Repeats are counted, not estimated: they are facts about the file. What is said of variety is about the different
    instructions (equal up to case, marks and white space): their first three words, and the templates that numbers and
    quoted text stand in. It knows words, not meanings: two ways to ask the same thing count as two.
    """
    if evidence.made is None:
        return None
    if evidence.texts is None:
        return Sft(
            status="not_judged", code="NO_COMPLETIONS", reason="the set holds no texts to compare", made=evidence.made
        )
    held = evidence.texts
    instructions = held.rows.filter("first")
    found = {signal: filtered(evidence, signal, channel) for signal, channel in channels.items()}
    return Sft(
        status="judged",
        made=evidence.made,
        rows=held.rows.height,
        instructions=instructions.height,
        compared="pairs" if evidence.made == "pairs" else "set" if alone(evidence) else "prompts",
        judges=authors(evidence),
        right=_right(evidence),
        duplicates=_duplicates(held, instructions),
        variety=_variety(held, instructions),
        code_length=_code_length(evidence),
        filter={signal: part for signal, part in found.items() if part is not None},
    )


def _duplicates(held: Texts, instructions: pl.DataFrame) -> Json:
    """Counts the share of rows whose text stood earlier in the file: exact, normalised, near."""
    found: Json = {}
    for name, rows, exact, plain in (
        ("instructions", instructions, "exact", "plain"),
        ("responses", held.rows, "said.exact", "said.plain"),
        ("pairs", held.rows, "pair.exact", "pair.plain"),
    ):
        size = max(rows.height, 1)
        near = held.near.get(name)
        found[name] = {
            "rows": rows.height,
            "exact": 1.0 - rows[exact].n_unique() / size,
            "normalised": 1.0 - rows[plain].n_unique() / size,
            "near": None if near is None else float(near.sum()) / size,
        }
    return found


def _variety(held: Texts, instructions: pl.DataFrame) -> Json:
    different = instructions.unique("plain", maintain_order=True)
    number = max(different.height, 1)
    found: Json = {
        "instructions": different.height,
        "templates": {
            "masks": different["mask"].n_unique(),
            "share": 1.0 - different["mask"].n_unique() / number,
        },
        "openings": _spread(different, "opening", "openings"),
    }
    for name, column in (("sources", "source"), ("regions", "region")):
        if column in held.rows.columns and held.rows[column].null_count() < held.rows.height:
            found[name] = _spread(held.rows, column, name)
    return found


def _spread(rows: pl.DataFrame, column: str, unit: str) -> Json:
    """Describes how rows spread over labels: the commonest with their shares, effective number, what is unseen."""
    known = rows.drop_nulls(column)
    counts = known[column].value_counts(sort=False).sort(["count", column], descending=[True, False])
    label = known[column].rank("dense").to_numpy().astype(np.int64) - 1
    told: dict[str, Any] = {"distinct": counts.height, "effective": None, "good_turing": None, "chao1": None}
    prompts = known["prompt"].to_numpy()
    if np.unique(prompts).size >= MIN_PROMPTS:
        made = variety(label, prompts, unit=unit)
        told |= {
            "effective": asdict(made.effective) if made.effective is not None and mostly(made) else None,
            "good_turing": asdict(made.good_turing),
            "chao1": asdict(made.chao1),
        }
    told["commonest"] = [
        {"name": name, "share": count / known.height} for name, count in counts.head(MOST_SHOWN).iter_rows()
    ]
    return told


def _right(evidence: Evidence) -> Json | None:
    """Estimates the share of the set that is right, from labelled rows as they were drawn."""
    rows = evidence.tally.labelled
    if "truth" not in rows.columns:
        return None
    rows = rows.drop_nulls("truth")
    if rows.height < FEWEST_LABELS:
        return None
    weight = rows["truth_weight"].fill_null(1.0).to_numpy() if "truth_weight" in rows.columns else np.ones(rows.height)
    stratum = np.unique(weight, return_inverse=True)[1].astype(np.int64)
    right = rows["truth"].to_numpy() == 1.0
    found = share(right, np.ones(rows.height, dtype=bool), Sample.of(weight, stratum, rows["prompt"].to_numpy()))
    if found is None:
        return None
    low, high = found.interval()
    method = "labels weighted by design, Beta posterior with prompts as the unit"
    return asdict(Estimate(found.value, low, high, 0.95, "share", method, found.prompts, found.rows))


def _code_length(evidence: Evidence) -> Json | None:
    """Estimates the mean code length of a response under its own writer, where log-probabilities are logged."""
    rows = evidence.tally.sample
    if "logprob" not in rows.columns or rows["logprob"].null_count() == rows.height:
        return None
    rows = rows.drop_nulls("logprob")
    bits = -rows["logprob"].to_numpy() / np.log(2)
    found: Json = {}
    for name, values, unit in (
        ("response", bits, "bits/response"),
        ("token", bits / rows["tokens"].to_numpy() if "tokens" in rows.columns else None, "bits/token"),
    ):
        if values is not None and np.isfinite(values).all():
            made = mean(
                values, rows["prompt"].to_numpy(), unit=unit, method="mean -log2 P, jackknife over prompts",
                rollouts=rows.height, bounds=(0.0, float("inf")),
            )  # fmt: skip
            found[name] = asdict(made) if made is not None else None
    return found or None
