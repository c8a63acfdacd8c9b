"""Scores inside a group: centred, binned at pooled quantiles, and how often two rollouts differ at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

BINS = 4


def centred_bins(score: NDArray[np.float64], group: NDArray[np.uint64], bins: int = BINS) -> NDArray[np.int64]:
    """Bins scores at pooled quantiles after subtracting the mean of their group.

    Equal scores of one group always share a bin, so a dead group stays dead.

    >>> centred_bins(np.array([1.0, 2.0, 7.0, 8.0]), np.array([0, 0, 1, 1], dtype=np.uint64), 2).tolist()
    [0, 1, 0, 1]
    """
    if score.size == 0:
        return np.zeros(0, dtype=np.int64)
    _, position = np.unique(group, return_inverse=True)
    mean = np.bincount(position, weights=score) / np.bincount(position)
    centred = np.round(score - mean[position], 12)
    varied = centred[np.abs(centred) > 0]
    if varied.size == 0:
        return np.zeros(score.size, dtype=np.int64)
    cuts = np.unique(np.quantile(varied, np.arange(1, bins) / bins))
    return np.searchsorted(cuts, centred, side="left").astype(np.int64)


def count_levels(group: NDArray[np.uint64], level: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Counts each level in each group: (group keys in order, counts of shape (groups, levels)).

    >>> count_levels(np.array([5, 5, 6], dtype=np.uint64), np.array([0, 1, 1]))[1].tolist()
    [[1, 1], [0, 1]]
    """
    keys, position = np.unique(group, return_inverse=True)
    levels = int(level.max()) + 1 if level.size else 1
    counts = np.bincount(position * levels + level, minlength=keys.size * levels)
    return keys, counts.reshape(keys.size, levels).astype(np.int64)


def discordant_binary(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate | None:
    """Estimates the share of pairs of one group whose verdicts differ: mean of 2 k (n-k) / (n (n-1)), unbiased.

    >>> discordant_binary(np.full(20, 2), np.full(20, 1), np.arange(20, dtype=np.uint64)).value
    1.0
    """
    several = n >= 2
    size, hits = n[several].astype(np.float64), k[several]
    pairs = np.divide(2.0 * hits * (size - hits), size * (size - 1))
    return mean(
        pairs,
        prompts[several],
        unit="share of pairs",
        method="pairs inside a group, jackknife over prompts",
        rollouts=int(size.sum()),
    )


def discordant_scores(
    score: NDArray[np.float64], group: NDArray[np.uint64], prompts: NDArray[np.uint64], noise: float = 0.0
) -> Estimate | None:
    """Estimates the share of pairs of one group whose scores differ by more than `noise`.

    Args:
        score: the score of each row.
        group: the group of each row.
        prompts: the prompt key of each row.
        noise: the judge's own repeat noise (0 where it was asked once).

    >>> g = np.repeat(np.arange(20), 2).astype(np.uint64)
    >>> discordant_scores(np.tile([1.0, 3.0], 20), g, g, noise=2.5).value
    0.0
    """
    if score.size == 0:
        return None
    order = np.lexsort((score, group))
    score, group, prompts = score[order], group[order], prompts[order]
    keys, start, size = np.unique(group, return_index=True, return_counts=True)
    several = size >= 2
    share = np.zeros(keys.size)
    for i in np.flatnonzero(several):
        values = score[start[i] : start[i] + size[i]]
        close = np.searchsorted(values, values + noise, side="right") - np.arange(1, size[i] + 1)
        share[i] = 1 - close.sum() / (size[i] * (size[i] - 1) / 2)
    return mean(
        share[several],
        prompts[start[several]],
        unit="share of pairs",
        method="pairs inside a group, jackknife over prompts",
        rollouts=int(size[several].sum()),
    )
