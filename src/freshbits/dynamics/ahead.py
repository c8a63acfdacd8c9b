"""Where the prompts of a log go from its last round, under the laws that its counts allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import grid
from freshbits.dynamics.likelihood import left_shape, scale_of
from freshbits.dynamics.step import Law, advance, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.dynamics.fit import Fitted
    from freshbits.dynamics.likelihood import Counts

    Array = NDArray[np.float64]

LAWS = 24  # laws that a path is averaged over
LEVEL = 0.9
NORMAL = 1.6449


@dataclass(frozen=True)
class Paths:
    """Holds what may come: means and spreads per law and round ahead (the first column is the last logged round).

    Attributes:
        accuracy: (laws, rounds) expected mean pass rate of the log's prompts.
        accuracy_sd: (laws, rounds) how much chance alone moves it.
        diversity, diversity_sd: likewise for the chance that two rollouts differ; None where answers are unknown.
        dead: (laws, rounds) expected share of prompts whose right answer is gone.
    """

    accuracy: Array
    accuracy_sd: Array
    diversity: Array | None
    diversity_sd: Array | None
    dead: Array


def ahead(fitted: Fitted, rounds: int) -> Paths:
    """Follows the prompts of the log for so many rounds of the fit under laws drawn by their weight.

    Every prompt starts where its counts in the first and the last two rounds leave it. Spread between laws is what
    the log leaves open; `…_sd` is chance over prompts within a law.
    """
    found = [_path(law, fitted.counts, rounds) for law in fitted.drawn(LAWS)]
    columns = [np.stack([path[i] for path in found]) for i in range(5)]
    some = fitted.counts.variety is not None
    return Paths(columns[0], columns[1], columns[2] if some else None, columns[3] if some else None, columns[4])


def _path(law: Law, counts: Counts, rounds: int) -> tuple[Array, Array, Array, Array, Array]:
    points = counts.start.size
    z = grid(points)
    how = step(law, points)
    prior, variety, patterns, share = _filtered(law, counts)
    state = np.tensordot(share, patterns, axes=(0, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = [np.where(prior > 0, part / np.maximum(prior, 1e-300), 0.0) * state for part in variety]
    inside = (kept[0], kept[1])
    scale, wrong, right = 1.0, 0.0, 0.0
    if counts.variety is not None:
        wrong, right = counts.variety.start
        scale = scale_of(left_shape(law, counts), counts.variety)
    prompts = counts.code.shape[0]
    one = np.broadcast_to(z, (how.move.shape[0], points))[..., None]
    out = np.zeros((5, rounds + 1))
    for t in range(rounds + 1):
        now = state.sum(axis=0)
        each = _expected(patterns, one[..., 0])
        mean = float(now @ z)
        out[0, t] = mean
        out[1, t] = np.sqrt(max(float(now @ z**2) - float(share @ each**2), 1e-6) / prompts)
        unlike = float(now @ (2 * z * (1 - z)))
        unlike += scale * wrong * float(inside[0].sum(axis=0) @ (1 - z) ** 2)
        unlike += scale * right * float(inside[1].sum(axis=0) @ z**2)
        out[2, t] = unlike
        out[3, t] = np.sqrt(max(unlike, 1e-4) * max(0.8 - unlike, 0.1) / 3 / prompts)
        out[4, t] = now[0]
        if t < rounds:
            state, inside = advance(state, inside, how)
            one = how.move @ one
    return out[0], out[1], out[2], out[3], out[4]


def _expected(patterns: Array, ahead: Array) -> Array:
    """Returns the expected pass rate of every pattern, given its expectation from every (began, now)."""
    if ahead.shape[0] == 1:
        return np.asarray(patterns.sum(axis=1) @ ahead[0])
    return np.asarray(patterns.reshape(patterns.shape[0], -1) @ ahead.ravel())


def _filtered(law: Law, counts: Counts) -> tuple[Array, tuple[Array, Array], Array, Array]:
    """Returns the state and variety in the last round, and, per pattern of counts, (began, now) given the counts."""
    points = counts.start.size
    how = step(law, points)
    state = np.diag(counts.start)
    variety = (state.copy(), state.copy())
    before, chance = state, np.ones((1, points))
    for t, gap in enumerate(counts.steps):
        before, chance = state, counts.chance[t] if t else np.ones((1, points))
        for _ in range(int(gap)):
            state, variety = advance(state, variety, how)
    last = counts.code.shape[1] - 1
    if last == 0:
        columns = [counts.code[:, 0]]
        codes, count = np.unique(columns[0], return_counts=True)
        found = counts.chance[0][codes][:, :, None] * state[None]
    else:
        middle = counts.code[:, last - 1] if last > 1 else np.zeros(counts.code.shape[0], dtype=np.int64)
        pair, place = np.unique(middle, return_inverse=True)
        moved = before[None] * chance[pair][:, None, :]  # (middle, began, from)
        for _ in range(int(counts.steps[-1])):
            if how.move.shape[0] == 1:
                moved = moved @ how.move[0]
            else:
                moved = np.einsum("mji,jik->mjk", moved, how.move, optimize=True)
        key = np.stack([counts.code[:, 0], place, counts.code[:, last]], axis=1)
        codes, count = np.unique(key, axis=0, return_counts=True)
        found = (
            moved[codes[:, 1]]
            * counts.chance[0][codes[:, 0]][:, :, None]
            * counts.chance[last][codes[:, 2]][:, None, :]
        )
    total = found.sum(axis=(1, 2))
    found /= np.maximum(total, 1e-300)[:, None, None]
    return state, variety, found, count / count.sum()
