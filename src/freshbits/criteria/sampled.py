"""The sampled rows of one signal as arrays, and the surprise bits computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information.entropy import entropy
from freshbits.information.resampling import proportion
from freshbits.information.usable import surprise_bits
from freshbits.outputs.belief import belief, belief_columns
from freshbits.results import Estimate
from freshbits.rollouts.schema import SIGNAL
from freshbits.tally.values import MOST_LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.tally.tally import Tally


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


def surprise(tally: Tally, signal: str, scores: Scores) -> tuple[Estimate | None, list[str]]:
    """Estimates the surprise bits H_V(S|B) on the sample, and names the columns of B; None where B is empty.

    Scores are cut at their quartiles. Where a verdict contradicts itself on a share d of the rollouts that were judged
    twice, the judge's own noise is at least 2 d bits (h(x) >= 4 x (1-x)); that is subtracted, with the lower end of d,
    so that what is left stays an upper bound. Scores differ more finely than their quartiles: nothing is subtracted.
    """
    columns = belief_columns(tally.sample)
    if not columns or scores.score.size == 0:
        return None, columns
    state = belief(tally.sample).select(columns).to_numpy()[scores.index].astype(np.float64)
    state = state[:, ~np.isnan(state).all(axis=0)]
    verdict = verdict_levels(scores.score)
    bits = surprise_bits(verdict, state, scores.group, scores.prompt)
    noise = own_noise(tally, signal)
    if noise == 0.0 or bits.value is None or bits.low is None or bits.high is None:
        return bits, columns
    return Estimate(
        max(bits.value - noise, 0.0),
        max(bits.low - noise, 0.0),
        max(bits.high - noise, 0.0),
        bits.level,
        bits.unit,
        bits.method + f", less {noise:.3f} bits of the judge's own noise",
        bits.prompts,
        bits.rollouts,
    ), columns


def plain_bits(scores: Scores) -> float:
    """Returns H(S) of the levels that surprise bits are counted in, with groups counting equally; 0 without rows."""
    if scores.score.size == 0:
        return 0.0
    _, place, size = np.unique(scores.group, return_inverse=True, return_counts=True)
    return float(entropy(np.bincount(verdict_levels(scores.score), weights=1.0 / size[place])))


def own_noise(tally: Tally, signal: str) -> float:
    """Returns the least the judge's own noise can be, in bits; 0 where it was asked once or gives scores."""
    asked, differ = tally.repeats.get(signal, (0, 0))
    share = proportion(differ, asked, unit="share", method="exact binomial")
    if share is None or share.low is None or tally.values[signal].kind == "score":
        return 0.0
    return 2.0 * share.low


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
