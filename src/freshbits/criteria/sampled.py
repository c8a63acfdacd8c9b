"""The sampled rows of one signal as arrays, and the surprise bits computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.noise import own_noise, without_noise
from freshbits.information.entropy import entropy
from freshbits.information.resampling import mean
from freshbits.information.usable import surprise_bits
from freshbits.outputs.belief import belief, belief_columns
from freshbits.rollouts.schema import SIGNAL
from freshbits.tally.values import MOST_LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate
    from freshbits.tally.tally import GroupCounts, Tally


@dataclass(frozen=True)
class Scores:
    """Holds the scored rows of the sample for one signal, sorted by group; `index` is their place in the sample."""

    score: NDArray[np.float64]
    group: NDArray[np.uint64]
    prompt: NDArray[np.uint64]
    round: NDArray[np.int64]
    index: NDArray[np.int64]

    def where(self, mask: NDArray[np.bool_]) -> Scores:
        """Returns the rows that a mask keeps."""
        return Scores(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


def scored_sample(tally: Tally, signal: str) -> Scores:
    """Returns the scored rows of the sample, one per rollout (the first presentation where a judge was re-asked)."""
    rows = tally.sample.with_row_index("index")
    if "repeat" in rows.columns:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
    rows = rows.filter(pl.col(SIGNAL + signal).is_not_null()).sort("group", "index")
    return Scores(
        rows[SIGNAL + signal].to_numpy(),
        rows["group"].to_numpy(),
        rows["prompt"].to_numpy(),
        rows["round"].to_numpy(),
        rows["index"].cast(pl.Int64).to_numpy(),
    )


def mean_verdict(kind: str, groups: GroupCounts, scores: Scores) -> Estimate | None:
    """Returns the mean verdict (share accepted) or the mean score, groups counting equally."""
    if kind == "binary":
        return mean(
            groups.k / groups.n,
            groups.prompt,
            unit="share accepted",
            method="mean over groups, jackknife over prompts",
            rollouts=int(groups.n.sum()),
        )
    if scores.score.size == 0:
        return None
    return mean(
        scores.score,
        scores.prompt,
        unit="score",
        method="mean over sampled rollouts, jackknife over prompts",
        rollouts=scores.score.size,
        bounds=(-np.inf, np.inf),
    )


def surprise(tally: Tally, signal: str, scores: Scores) -> tuple[Estimate | None, list[str]]:
    """Estimates the surprise bits H_V(S|B) on the sample, and names the columns of B; None where B is empty.

    Scores are cut at their quartiles. Where a judge was asked again, its own noise is taken off (`noise.own_noise`);
    two or three verdicts give its least, so that what is left stays an upper bound. Scores differ more finely than
    their quartiles: nothing is subtracted.
    """
    columns = belief_columns(tally.sample)
    if not columns or scores.score.size == 0:
        return None, columns
    state = belief(tally.sample).select(columns).to_numpy()[scores.index].astype(np.float64)
    state = state[:, ~np.isnan(state).all(axis=0)]
    verdict = verdict_levels(scores.score)
    bits = surprise_bits(verdict, state, scores.group, scores.prompt)
    return without_noise(bits, own_noise(tally, signal)), columns


def plain_bits(scores: Scores) -> float:
    """Returns H(S) of the levels that surprise bits are counted in, with groups counting equally; 0 without rows."""
    if scores.score.size == 0:
        return 0.0
    _, place, size = np.unique(scores.group, return_inverse=True, return_counts=True)
    return float(entropy(np.bincount(verdict_levels(scores.score), weights=1.0 / size[place])))


def verdict_levels(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns levels 0, 1, …: the values themselves while few, else quartiles.

    >>> verdict_levels(np.array([-1.0, 1.0, -1.0])).tolist()
    [0, 1, 0]
    """
    values, level = np.unique(score, return_inverse=True)
    if values.size <= MOST_LEVELS:
        return level.astype(np.int64)
    cuts = np.unique(np.quantile(score, [0.25, 0.5, 0.75]))
    _, dense = np.unique(np.searchsorted(cuts, score, side="left"), return_inverse=True)
    return dense.astype(np.int64)
