"""The sharpening ceiling: how often the answer that a model gives most is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information.resampling import MIN_PROMPTS, ratio

if TYPE_CHECKING:
    from freshbits.results import Estimate
    from freshbits.tally.tally import Tally


def sharpening_ceiling(tally: Tally) -> Estimate | None:
    """Estimates the accuracy of the most frequent answer of a group (maj@G), ties by lot.

    Sharpening puts all mass on the answer that a model already prefers, so a loop that learns every prompt by itself
    cannot pass this share; a model that carries over between prompts can. The truth of the most frequent class is
    read from the labelled rows in it: each stands for w / (votes · ties) of its group, w = 1 / inclusion probability.
    None without answer classes that repeat in a group, or with fewer than 10 prompts whose mode is labelled.
    """
    rows = tally.labelled
    if "truth" not in rows.columns or "answer_class" not in rows.columns or rows.height == 0:
        return None
    if "repeat" in rows.columns:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
    votes = rows.group_by("group", "answer_class").len("votes")
    modes = votes.filter(pl.col("votes") == pl.col("votes").max().over("group"))
    modes = modes.with_columns(pl.len().over("group").alias("ties"))
    if modes["votes"].max() == 1:
        return None
    known = rows.filter(pl.col("truth").is_not_null()).join(
        modes, on=["group", "answer_class"], how="inner", nulls_equal=True
    )
    prompts = known["prompt"].to_numpy()
    if np.unique(prompts).size < MIN_PROMPTS:
        return None
    label = known["truth_weight"].fill_null(1.0).to_numpy() if "truth_weight" in known.columns else 1.0
    weight = label / (known["votes"] * known["ties"]).cast(pl.Float64).to_numpy()
    right = (known["truth"] == 1.0).to_numpy().astype(np.float64)
    method = "labelled rows of each group's most frequent answer, groups equally, jackknife over prompts"
    return ratio(weight * right, weight, prompts, unit="share", method=method, rollouts=int(right.size))
