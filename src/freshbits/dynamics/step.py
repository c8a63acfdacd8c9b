"""One round of a loop on a grid: where the pass rate of a prompt goes, and what variety is left inside each class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import binomial, grid, resample, split
from freshbits.dynamics.selection import tilted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FINE = 65  # means on which the fresh kernels are tabulated
NODES = 6  # numbers of rows between which kernels are interpolated
MOST_MIXED = 48  # rows sampled up to which the number kept is mixed over; beyond, its mean is used
ACCEPTED = 0.85  # TPR assumed where only TPR·samples is known: the spread of the number kept hardly depends on it


@dataclass(frozen=True)
class Law:
    """Names how a loop moves a prompt in one round.

    Attributes:
        ratio: r = TPR/FPR of the filter; 1 is a closed (neutral) loop, infinity a filter that accepts nothing wrong.
        kept: rows kept per prompt and round; where `sampled`, rows kept of a prompt that is always right.
        fresh: share of fresh rows, drawn as the prompt was in round 0: of the rows kept, or where `sampled` of those
            that are to be judged; fresh rows pass without a verdict.
        sampled: whether the number sampled is fixed, so that fewer rows are kept where fewer are right (none: no move).
        tpr: share of right rows that are accepted; matters where `sampled` only, and there little.
    """

    ratio: float
    kept: float
    fresh: float = 0.0
    sampled: bool = False
    tpr: float = ACCEPTED


@dataclass(frozen=True)
class Step:
    """Holds the matrices of one round; the first axis is where the prompt began (length 1 where that is all one).

    Attributes:
        move: (began, from, to) probabilities.
        keep: per class (wrong, right), (began, from, to): `move` times the share of within-class variety that is kept.
        renew: per class, likewise the variety that fresh rows bring back.
    """

    move: Array
    keep: tuple[Array, Array]
    renew: tuple[Array, Array] | None


def step(law: Law, points: int) -> Step:
    """Builds the matrices of one round of a law.

    Variety inside a class of k rows is kept at the rate 1 - 1/k. With fresh rows, of which a class holds the share ω,
    d' = (1 - 1/k) [(1-ω)² d + 1 - (1-ω)²] in units of the variety at the start (Wright's island model).

    >>> out = step(Law(2.0, 8.0), 33)
    >>> out.move.shape, bool(np.allclose(out.move.sum(axis=2), 1))
    ((1, 33, 33), True)
    """
    z = grid(points)
    drift = tilted(z, law.ratio)
    stay, rows, fresh = np.zeros(points), np.full(points, law.kept), np.full(points, law.fresh)
    samples = max(int(np.ceil(law.kept / law.tpr - 1e-9)), 1)
    if law.sampled:
        inverse = 0.0 if np.isinf(law.ratio) else 1.0 / law.ratio
        passing = np.minimum(law.kept / samples * (z + (1.0 - z) * inverse), 1.0)
        total = (1.0 - law.fresh) * passing + law.fresh
        rows = samples * total
        fresh = np.where(total > 0, law.fresh / np.where(total > 0, total, 1.0), 0.0)
    mean = drift[None, :] if law.fresh == 0.0 else (1.0 - fresh) * drift[None, :] + fresh * z[:, None]
    if law.sampled:
        move, stay, rows = _sampled(mean, rows, samples, points)
    else:
        move = _lookup(_table(law.kept, points), mean) if law.fresh else resample(drift, law.kept, points)[None]
    keep, renew = [], []
    for which, size in enumerate((1.0 - z, z)):
        share = 1.0 - 1.0 / np.maximum(rows[:, None] * size[None, :], 1.0)
        left = move * share
        if law.fresh:
            held = mean if which else 1.0 - mean
            began = z if which else 1.0 - z
            with np.errstate(invalid="ignore", divide="ignore"):
                old = np.where(held > 0, 1.0 - fresh * began[:, None] / held, 0.0) ** 2
            renew.append(left * (1.0 - old)[:, :, None])
            left = left * old[:, :, None]
        keep.append(left + np.diag(stay))
    move = move + np.diag(stay)
    return Step(move, (keep[0], keep[1]), (renew[0], renew[1]) if law.fresh else None)


def _table(kept: float, points: int) -> Array:
    return resample(grid(FINE), kept, points)


def _lookup(table: Array, mean: Array) -> Array:
    """Returns rows of a table over means, interpolated; shape of `mean` plus the table's last axis."""
    place = np.arcsin(np.sqrt(np.clip(mean, 0.0, 1.0))) * (2 / np.pi) * (table.shape[-2] - 1)
    left = np.minimum(place.astype(np.intp), table.shape[-2] - 2)
    z = grid(table.shape[-2])
    share = ((mean - z[left]) / (z[left + 1] - z[left]))[..., None]
    found: Array = (1.0 - share) * table[left] + share * table[left + 1]
    return found


def _sampled(mean: Array, rows: Array, samples: int, points: int) -> tuple[Array, Array, Array]:
    """Returns (move without staying, probability to stay, 1/E[1/k | k > 0]), the number k kept being random."""
    if samples > MOST_MIXED:
        stay = np.exp(-rows)
        return _many(mean, np.maximum(rows, 1.0), points) * (1.0 - stay)[:, None], stay, np.maximum(rows, 1.0)
    count = binomial(np.arange(samples + 1), samples, rows / samples)  # (from, k)
    stay = count[:, 0].copy()
    moved = np.maximum(1.0 - stay, 1e-300)
    even = np.where(moved > 1e-12, moved / np.maximum(count[:, 1:] @ (1.0 / np.arange(1, samples + 1)), 1e-300), 1.0)
    tables = _tables(points)[:samples]
    if mean.shape[0] == 1:
        mixed = _lookup(tables.transpose(1, 0, 2).reshape(tables.shape[1], -1), mean[0])
        return np.einsum("ik,iks->is", count[:, 1:], mixed.reshape(points, samples, points))[None], stay, even
    mixed = np.tensordot(count[:, 1:], tables, axes=(1, 0))  # (from, mean, to)
    move = np.stack([_lookup(mixed[i], mean[:, i]) for i in range(points)], axis=1)
    return move, stay, even


def _many(mean: Array, rows: Array, points: int) -> Array:
    """Returns kernels for a number of rows that differs by where a prompt is, interpolated in 1/n."""
    nodes = np.linspace(1.0 / rows.max(), 1.0 / rows.min(), NODES)
    single = mean.shape[0] == 1
    means = mean[0] if single else grid(FINE)
    if nodes[-1] - nodes[0] < 1e-9:
        table = resample(means, float(rows[0]), points)
        return table[None] if single else _lookup(table, mean)
    tables = np.stack([resample(means, float(1.0 / node), points) for node in nodes])
    place = np.clip((1.0 / rows - nodes[0]) / (nodes[1] - nodes[0]), 0.0, NODES - 1.0)
    left = np.minimum(place.astype(np.intp), NODES - 2)
    share = (place - left)[:, None]
    if single:
        each = np.arange(rows.size)
        return np.asarray(((1.0 - share) * tables[left, each] + share * tables[left + 1, each])[None])
    mixed = (1.0 - share[..., None]) * tables[left] + share[..., None] * tables[left + 1]  # (from, mean, to)
    return np.stack([_lookup(mixed[i], mean[:, i]) for i in range(rows.size)], axis=1)


@lru_cache(maxsize=2)
def _tables(points: int) -> Array:
    """Returns (k, means, points): the kernels of 1 … 48 rows, on a grid of means."""
    return np.stack([resample(grid(FINE), float(k), points) for k in range(1, MOST_MIXED + 1)])


def advance(state: Array, variety: tuple[Array, Array], how: Step) -> tuple[Array, tuple[Array, Array]]:
    """Moves the joint distribution (began, now) and the variety inside each class by one round."""
    after = _times(state, how.move)
    new = []
    for which in (0, 1):
        left = _times(variety[which], how.keep[which])
        if how.renew is not None:
            left = left + _times(state, how.renew[which])
        new.append(left)
    return after, (new[0], new[1])


def _times(state: Array, matrix: Array) -> Array:
    if matrix.shape[0] == 1:
        return np.asarray(state @ matrix[0])
    return np.asarray((state[:, None, :] @ matrix)[:, 0, :])


def began(mass: Array, rates: Array, points: int) -> Array:
    """Returns the joint distribution (began, now) in round 0 from a distribution of pass rates."""
    return np.diag(mass @ split(rates, points))
