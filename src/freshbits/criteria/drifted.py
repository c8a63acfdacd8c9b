"""Drift: how a feature's mean moved over the rounds, beside what selection by the signal predicts for it.

Where rows are kept by their score and the model becomes what was kept, a prompt's mean of φ moves by
Cov(S, φ) / mean(S) in one round (Robertson's and Price's covariance): the mean over accepted rows less that over all.

References: Robertson, Biometrics 22 (1966) 95; Price, Nature 227 (1970) 520.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.candidates import FEATURE
from freshbits.criteria.rounds import blocks_of
from freshbits.results import Drift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.sampled import Scores


def drift(evidence: Evidence, signal: str, name: str, rows: pl.DataFrame, scores: Scores) -> Drift | None:
    """Returns where a counted feature stood in the first and last block of rounds, and the predicted change.

    Args:
        evidence: what the criteria judge by.
        signal: the signal that selects; its lowest value in the log counts as nothing kept.
        name: the feature.
        rows: the narrow rows of the sample that the signal scored.
        scores: their scores, in the same order.
    """
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
    kept = scores.score - (evidence.tally.values[signal].low or 0.0)
    moves = responses(rows[column].cast(pl.Float64).to_numpy(), kept, scores.group, scores.round)
    return Drift(first=means[0], last=means[1], predicted=_between(moves, blocks[0], blocks[-1]))


def responses(
    values: NDArray[np.float64], kept: NDArray[np.float64], group: NDArray[np.uint64], round_: NDArray[np.int64]
) -> dict[int, float]:
    """Computes, per round, the mean over groups of Cov(S, φ) / mean(S): what one round of selection adds to φ.

    Args:
        values: φ of each row; rows with NaN are left out.
        kept: S of each row, at least 0: its chance to be kept, up to a factor.
        group: group of each row; groups with nothing kept are left out, as no row of theirs is trained on.
        round_: round of each row.

    >>> responses(np.array([1.0, 0.0, 4.0]), np.array([1.0, 0.0, 0.0]), np.array([7, 7, 8]), np.array([3, 3, 3]))
    {3: 0.5}
    """
    known = ~np.isnan(values)
    values, kept, round_ = values[known], kept[known], round_[known]
    _, first, place = np.unique(group[known], return_index=True, return_inverse=True)
    size, total = np.bincount(place), np.bincount(place, weights=kept)
    some = total > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        move = np.bincount(place, weights=kept * values) / total - np.bincount(place, weights=values) / size
    of_group = round_[first]
    return {
        int(number): float(move[some & (of_group == number)].mean())
        for number in np.unique(of_group)
        if (some & (of_group == number)).any()
    }


def _between(moves: dict[int, float], first: tuple[int, int], last: tuple[int, int]) -> float | None:
    """Sums moves from the middle of the first block to that of the last: each round adds to all rounds after it."""
    if not moves:
        return None
    rounds = np.array(sorted(moves))
    reached = np.concatenate([[0.0], np.cumsum([moves[number] for number in rounds.tolist()])[:-1]])
    ends = [reached[(rounds >= a) & (rounds <= b)] for a, b in (first, last)]
    if not all(part.size for part in ends):
        return None
    return float(ends[1].mean() - ends[0].mean())
