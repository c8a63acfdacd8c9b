"""The filter of a set: how many bits it spends, what it costs in variety, what it buys in rows that are right."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.candidates import candidates
from freshbits.criteria.channel import FEWEST, verdict_strata
from freshbits.criteria.labelled import labelled
from freshbits.criteria.sampled import scored_sample
from freshbits.information.entropy import binary_entropy
from freshbits.information.gain import gain
from freshbits.information.read_off import read_off
from freshbits.information.resampling import MIN_PROMPTS, estimate, folds_of
from freshbits.information.variety import left_of_variety
from freshbits.information.weighted import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Channel, Estimate, Json

UNIT = "bits/row"
MOST_ROWS = 8_000  # rows from which what surface form tells is fitted
LEAST_ROWS = 400
ASSUMED = (
    "the rows kept train as rows of the same size would, each right row alike",
    "one writer, or writers that are right equally often where it matters",
    "wrong rows cancel: they are not wrong in the same way (a filter that is fooled the same way each time breaks it)",
)


def filtered(evidence: Evidence, signal: str, channel: Channel) -> Json | None:
    """Judges a verdict as the filter of a set; None where it is none (a score, a choice inside pairs).

    `bits` = h(share kept), what one verdict can carry at most; `surface_bits` the part of them that surface form,
    region and source tell by themselves. `coverage` compares the kept instructions with all, and with a random part of
    the same size. With truth: precision before and after, and the expected gain of training on what is kept, relative
    to as many clean rows: the precision itself (a reading; `assumed` names what it takes).
    """
    if evidence.tally.values[signal].kind != "binary" or evidence.texts is None or evidence.made == "pairs":
        return None
    groups = evidence.tally.of(signal)
    if np.unique(groups.prompt).size < MIN_PROMPTS:
        return None
    found: Json = {
        "kept": int(groups.k.sum()),
        "of": int(groups.n.sum()),
        "bits": asdict(_bits(groups.n, groups.k, groups.prompt)),
        "surface_bits": _surface(evidence, signal),
        "coverage": _coverage(evidence, signal),
        "precision": None,
        "expected_gain": None,
    }
    if channel.ppv is None or channel.base_rate is None:
        return found
    found["precision"] = {
        "before": asdict(channel.base_rate),
        "after": asdict(channel.ppv),
        "gain": bought(evidence, signal),
    }
    found["expected_gain"] = {
        "relative": asdict(channel.ppv),
        "unfiltered": asdict(channel.base_rate),
        "assumed": list(ASSUMED),
    }
    return found


def _bits(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    fold = folds_of(prompts)
    count = int(fold.max()) + 1
    rows, kept = (np.bincount(fold, weights=column, minlength=count) for column in (n, k))
    share = np.concatenate([[kept.sum() / rows.sum()], (kept.sum() - kept) / (rows.sum() - rows)])
    return estimate(
        binary_entropy(share), unit=UNIT, method="entropy of the share kept, jackknife over prompts",
        prompts=int(np.unique(prompts).size), rollouts=int(n.sum()), bounds=(0.0, 1.0),
    )  # fmt: skip


def _surface(evidence: Evidence, signal: str) -> Json | None:
    """Estimates the bits of the verdict that surface form, region and source tell; None from too few rows."""
    scores = scored_sample(evidence.tally, signal)
    if scores.score.size < LEAST_ROWS:
        return None
    scores = scores.where(np.arange(scores.score.size) < MOST_ROWS)
    rows = evidence.tally.sample[scores.index]
    columns = [values for _, kind, values, _ in candidates(evidence, signal, rows) if kind in ("surface", "source")]
    if "region" in rows.columns:
        columns.append(rows["region"].rank("dense").fill_null(0).to_numpy().astype(np.float64))
    if not columns:
        return None
    verdict = (scores.score == evidence.tally.values[signal].high).astype(np.int64)
    return asdict(read_off(verdict, np.stack(columns, axis=1), scores.prompt, unit=UNIT))


def _coverage(evidence: Evidence, signal: str) -> Json:
    """Compares what is kept with all: openings of the different instructions, sources, regions, repeated pairs."""
    assert evidence.texts is not None
    rows = evidence.texts.rows.filter(pl.col(f"signal.{signal}").is_not_null())
    kept = pl.col(f"signal.{signal}") == evidence.tally.values[signal].high
    rows = rows.with_columns(kept.alias("kept"))
    asked = rows.group_by("plain", maintain_order=True).agg(
        pl.col("kept").any(), pl.col("opening").first(), pl.col("prompt").first()
    )
    found: Json = {"instructions": {"all": asked.height, "kept": int(asked["kept"].sum())}}
    for name, frame, column in (
        ("openings", asked, "opening"), ("sources", rows, "source"), ("regions", rows, "region"),
    ):  # fmt: skip
        if column not in frame.columns or frame[column].null_count() == frame.height:
            continue
        label = frame[column].fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
        ratio, shown, expected = left_of_variety(label, frame["kept"].to_numpy(), frame["prompt"].to_numpy())
        found[name] = {
            "all": int(label.max()) + 1,
            "kept": shown,
            "at_random": expected,
            "effective_left": asdict(ratio) if ratio is not None else None,
        }
    parts = {"all": rows, "kept": rows.filter("kept")}
    found["repeated_pairs"] = {
        name: 1.0 - part["pair.plain"].n_unique() / max(part.height, 1) for name, part in parts.items()
    }
    return found


def bought(evidence: Evidence, signal: str) -> Json | None:
    """Estimates precision after less before, from the same labelled rows; None from fewer than 30."""
    rows = labelled(evidence.tally, signal)
    if rows is None or rows.score.size < FEWEST:
        return None
    verdict = rows.score == evidence.tally.values[signal].high
    groups = evidence.tally.of(signal)
    log = verdict_strata(rows.stratum, verdict, groups.n, groups.k, groups.prompt)
    found = gain(verdict, rows.right, Sample.of(rows.weight, rows.stratum, rows.prompt, log))
    return asdict(found) if found is not None else None
