"""Bits that travel: what features say about the verdict in a region when they were learned in the others.

A feature is portable where it leans the same way in every region as in all the others together. An index of the
portable features, weighted as the other regions weigh them, is scored in the region that was left out: its bits
I(index;S|Q) are portable. The same with all features and the region's own weights gives the bits that features hold
there at all; the rest is local, and will not help elsewhere.

It sees features that add up. Features it is not given (what the text means) count as neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT
from freshbits.information.intercept import Cells, leave_out_bits, leave_out_effects
from freshbits.information.resampling import estimate, folds_of
from freshbits.information.scores import centred_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

FOLDS = 10
MIN_PROMPTS = 30  # prompts of a region; regions with fewer are left out
RIDGE = 1.0
BINS = 4


@dataclass(frozen=True)
class Portable:
    """Holds the two parts of what features say, and which features are portable."""

    portable: Estimate
    local: Estimate
    features: list[int]


def portable_bits(
    features: NDArray[np.float64],
    accepted: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompts: NDArray[np.uint64],
    region: NDArray[np.int64],
) -> Portable | None:
    """Estimates portable and local bits per rollout, averaged over the regions' groups.

    Inside groups: least squares of the verdict on the features with a small ridge, weights from other prompts
    (10 folds), for the portable index from other regions too. An index is cut at its quartiles inside groups.

    Args:
        features: numbers per scored row, shape (rows, features), no NaN; only their order of size inside a group and
            their distances matter.
        accepted: 1 where the verdict accepts the row, else 0.
        group: group of each row.
        prompts: its prompt key.
        region: number of its region.

    Returns:
        None where fewer than two regions have 30 prompts.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(200), 8).astype(np.uint64)
    >>> x = rng.integers(0, 2, q.size); region = (q % np.uint64(2)).astype(np.int64)
    >>> accepted = (rng.random(q.size) < 0.3 + 0.4 * np.where(region == 0, x, 1 - x)) * 1.0  # the lean turns around
    >>> found = portable_bits(x[:, None] * 1.0, accepted, q, q, region)
    >>> found.portable.value < 0.01 < 0.08 < found.local.value
    True
    """
    kept = [number for number in np.unique(region) if np.unique(prompts[region == number]).size >= MIN_PROMPTS]
    if len(kept) < 2 or features.shape[1] == 0:
        return None
    here = np.isin(region, kept)
    features, accepted, group = features[here], accepted[here], group[here]
    prompts, region = prompts[here], region[here]
    x = _centred(features, group)
    y = _centred(accepted[:, None], group)[:, 0]
    scale = np.sqrt((x**2).mean(axis=0))
    x = np.divide(x, scale, out=np.zeros_like(x), where=scale > 1e-12)
    fold = folds_of(prompts, FOLDS)
    same = _same_lean(x, y, region, kept)
    own, travelled = np.zeros(y.size), np.zeros(y.size)
    for number in kept:
        inside = region == number
        for left in range(int(fold.max()) + 1):
            test = inside & (fold == left)
            own[test] = x[test] @ _weights(x, y, inside & (fold != left))
            if same.any():
                elsewhere = ~inside & (fold != left)
                travelled[test] = x[np.ix_(test, same)] @ _weights(x[:, same], y, elsewhere)
    all_bits = _bits(own, accepted, group, prompts)
    portable: NDArray[np.float64] = np.minimum(_bits(travelled, accepted, group, prompts), all_bits)
    facts = (int(np.unique(prompts).size), int(y.size))
    return Portable(
        _estimate(portable, "index of features with one lean, weights from the other regions", facts),
        _estimate(all_bits - portable, "index with the region's own weights, less the portable bits", facts),
        np.flatnonzero(same).tolist(),
    )


def _same_lean(
    x: NDArray[np.float64], y: NDArray[np.float64], region: NDArray[np.int64], kept: list[int]
) -> NDArray[np.bool_]:
    """Tells which features lean the same way in every region as in all others together."""
    inside = np.stack([(x * y[:, None])[region == number].sum(axis=0) for number in kept])
    others = inside.sum(axis=0) - inside
    same: NDArray[np.bool_] = (np.sign(inside) * np.sign(others) > 0).all(axis=0)
    return same


def _weights(x: NDArray[np.float64], y: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    square = x[rows].T @ x[rows] + RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(square, x[rows].T @ y[rows]), dtype=np.float64)


def _bits(
    index: NDArray[np.float64],
    accepted: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompts: NDArray[np.uint64],
) -> NDArray[np.float64]:
    """Returns I(index;S|Q) for all prompts and with each fold left out."""
    cells = Cells.count(group, centred_bins(index, group, BINS), accepted, prompts).informative()
    fold = folds_of(cells.prompts, FOLDS)
    folds = int(fold.max()) + 1
    if cells.n.shape[1] < 2 or cells.k.sum() in (0.0, cells.n.sum()):
        return np.zeros(1 + folds)
    return leave_out_bits(cells, leave_out_effects(cells, fold, folds), fold, folds)


def _centred(values: NDArray[np.float64], group: NDArray[np.uint64]) -> NDArray[np.float64]:
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(place, weights=column) / size for column in values.T], axis=1)
    centred: NDArray[np.float64] = values - means[place]
    return centred


def _estimate(replicates: NDArray[np.float64], method: str, facts: tuple[int, int]) -> Estimate:
    return estimate(
        replicates,
        unit=UNIT,
        method=method + ", jackknife over prompts",
        prompts=facts[0],
        rollouts=facts[1],
        bounds=(0.0, 1.0),
    )
