"""Scores at equal features: what each source would score if all wrote alike, with one slope per feature for all.

y_i = a_unit + g_source + Σ_k β_k φ_ik + e. β comes from inside units and sources together: from a source's texts that
are longer than its others while the units' other texts are not. Then

    controlled_s = mean_s(y) - Σ_k β_k (mean_s(φ_k) - mean over sources of mean_s(φ_k)).

One slope for all sources: slopes of their own would take from each source just what it is paid (measured: worse than
nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import folds_of
from freshbits.information.split import leave_out_moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 40
RIDGE = 1e-9  # of a column's own variance: keeps columns that repeat each other solvable


@dataclass(frozen=True)
class Adjusted:
    """Holds mean scores as they are and at equal features; the first entry of each is of all rows.

    Attributes:
        raw: mean score of each source, prompts counting equally, shape (1 + folds, sources).
        controlled: the same at equal features.
        slope: β of each feature, shape (1 + folds, features).
    """

    raw: NDArray[np.float64]
    controlled: NDArray[np.float64]
    slope: NDArray[np.float64]


def adjusted_means(
    score: NDArray[np.float64],
    source: NDArray[np.int64],
    features: NDArray[np.float64],
    unit: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
) -> Adjusted | None:
    """Estimates each source's mean score, raw and at equal features.

    Args:
        score: score of each row.
        source: number of each row's source, 0 to S-1.
        features: shape (rows, features); what is held equal.
        unit: rows that are compared with each other: one prompt in one round.
        prompt: prompt key of each row; prompts are the unit of the delete-a-fold jackknife.

    Returns:
        None where no feature varies inside units once the source is known.

    It does not know whether a feature is a fault or a merit: a longer answer may be the better one, and then control
    takes its merit away. Slopes are shared by all sources and prompts.

    References: Dubois, Galambosi, Liang & Hashimoto, Length-controlled AlpacaEval, 2404.04475; Frisch & Waugh (1933).

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(200), 2).astype(np.uint64)
    >>> source = np.tile([0, 1], 200); long = rng.normal(size=400) + 2.0 * source
    >>> found = adjusted_means(5 + long, source, long[:, None], q, q)
    >>> np.round(found.raw[0, 1] - found.raw[0, 0], 1), np.round(found.controlled[0, 1] - found.controlled[0, 0], 6)
    (np.float64(2.1), np.float64(0.0))
    """
    sources = int(source.max()) + 1
    fold = folds_of(prompt, FOLDS)
    dummies = (source[:, None] == np.arange(1, sources)).astype(np.float64)
    weight = np.ones(score.size)
    moments = leave_out_moments(np.column_stack([features, dummies, score]), unit, weight, fold)
    count = features.shape[1]
    inner, outer = moments[:, :-1, :-1], moments[:, :-1, -1]
    scale = np.maximum(np.diagonal(inner, axis1=1, axis2=2), 1e-300)
    inner = inner + RIDGE * scale[:, :, None] * np.eye(scale.shape[1])
    of_source = np.linalg.solve(inner[:, count:, count:], inner[:, count:, :count])
    left = np.diagonal(inner[:, :count, :count] - inner[:, :count, count:] @ of_source, axis1=1, axis2=2)
    if not (left > 1e-6 * scale[:, :count]).any():
        return None
    slope = np.linalg.solve(inner, outer[:, :, None])[:, :count, 0]
    means = _means(np.column_stack([score, features]), source, prompt, fold, sources)
    raw, of_features = means[:, :, 0], means[:, :, 1:]
    gap = of_features - of_features.mean(axis=1, keepdims=True)
    controlled = np.asarray(raw - np.einsum("fsk,fk->fs", gap, slope), dtype=np.float64)
    return Adjusted(raw, controlled, np.asarray(slope, dtype=np.float64))


def _means(
    columns: NDArray[np.float64],
    source: NDArray[np.int64],
    prompt: NDArray[np.uint64],
    fold: NDArray[np.intp],
    sources: int,
) -> NDArray[np.float64]:
    """Returns means per source over its prompts' means: shape (1 + folds, sources, columns)."""
    folds = int(fold.max()) + 1
    _, place = np.unique(prompt, return_inverse=True)
    pair = source * (int(place.max()) + 1) + place
    _, first, of_row = np.unique(pair, return_index=True, return_inverse=True)
    size = np.bincount(of_row)
    means = np.stack([np.bincount(of_row, weights=column) / size for column in columns.T], axis=1)
    where = fold[first] * sources + source[first]
    sums = np.stack([np.bincount(where, weights=column, minlength=folds * sources) for column in means.T], axis=1)
    number = np.bincount(where, minlength=folds * sources).reshape(folds, sources)
    sums = sums.reshape(folds, sources, -1)
    kept = np.concatenate([sums.sum(axis=0)[None], sums.sum(axis=0) - sums])
    left = np.concatenate([number.sum(axis=0)[None], number.sum(axis=0) - number])
    return np.asarray(kept / np.maximum(left, 1)[:, :, None], dtype=np.float64)
