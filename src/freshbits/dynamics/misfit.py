"""Tests whether one law for all prompts can have made the counts, whatever its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import binomial, grid
from freshbits.dynamics.step import Law, advance, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.dynamics.likelihood import Counts

    Array = NDArray[np.float64]

LEAST = 5.0  # expected prompts in a cell; rarer cells are joined
MOST_SIZES = 40  # combinations of group sizes looked at
FITTED = 5  # degrees of freedom that the fit takes: r, n, m, and about two moments of the start
PARTS = 4


def misfit(law: Law, counts: Counts) -> float | None:
    """Returns the p-value of a χ² test that the fitted law made the counts; None where too few cells are filled.

    Prompts are sorted by how many of their rollouts were right (none, up to half, more, all) in the first and in the
    last two rounds, and the 64 cells compared with what the law expects. Prompts of different speeds give themselves
    away: some are already fixed while others have hardly moved, which no common n does.

    Args:
        law: the best law of a fit.
        counts: what it was fitted to.
    """
    last = counts.code.shape[1] - 1
    if last < 1:
        return None
    rounds = (0, last) if last == 1 else (0, last - 1, last)
    sizes = np.stack([counts.sizes[t][counts.code[:, t]] for t in rounds], axis=1)
    parts = np.stack([_part(counts.hits[t], counts.sizes[t])[counts.code[:, t]] for t in rounds], axis=1)
    asked = (sizes > 0).all(axis=1)
    if not asked.any():  # rounds that ask other prompts: none stands in all of these
        return None
    kinds, place, number = np.unique(sizes[asked], axis=0, return_inverse=True, return_counts=True)
    common = np.argsort(-number)[:MOST_SIZES]
    kept = np.isin(place, common)
    cells = PARTS ** len(rounds)
    code = parts[asked][kept] @ (PARTS ** np.arange(len(rounds))[::-1])
    seen = np.bincount(code, minlength=cells).astype(np.float64)
    expected = sum(number[i] * _expected(law, counts, rounds, kinds[i]) for i in common)
    return _p_value(seen, np.asarray(expected).ravel())


def _part(hits: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns 0 none right, 1 up to half, 2 more, 3 all."""
    found = np.where(2 * hits <= size, 1, 2)
    return np.where(hits == 0, 0, np.where(hits == size, 3, found)).astype(np.int64)


def _expected(law: Law, counts: Counts, rounds: tuple[int, ...], sizes: NDArray[np.int64]) -> Array:
    points = counts.start.size
    z = grid(points)
    chances = []
    for size in sizes:
        hits = np.arange(int(size) + 1)
        each = binomial(hits, int(size), z)
        member = np.zeros((hits.size, PARTS))
        member[hits, _part(hits, np.full(hits.size, size))] = 1.0
        chances.append(each @ member)  # (points, parts)
    how = step(law, points)
    state, variety = np.diag(counts.start), (np.diag(counts.start), np.diag(counts.start))
    before = state
    for t, gap in enumerate(counts.steps):
        if t == len(counts.steps) - 1:
            before = state
        for _ in range(int(gap)):
            state, variety = advance(state, variety, how)
    ahead = np.broadcast_to(chances[-1], (how.move.shape[0], *chances[-1].shape))
    for _ in range(int(counts.steps[-1])):
        ahead = how.move @ ahead
    if len(rounds) == 2:
        return np.asarray(
            np.einsum("ja,ji,jib->ab", chances[0], before, np.broadcast_to(ahead, (points, *ahead.shape[1:])))
        )
    middle = (before[:, :, None] * chances[1][None]).transpose(0, 2, 1) @ ahead  # (began, part, part)
    return np.tensordot(chances[0].T, middle, axes=(1, 0))


def _p_value(seen: Array, expected: Array) -> float | None:
    from scipy.stats import chi2

    rare = expected < LEAST
    both = [(seen[~rare], expected[~rare])]
    if expected[rare].sum() >= LEAST:
        both.append((seen[rare].sum(keepdims=True), expected[rare].sum(keepdims=True)))
    found, wanted = (np.concatenate(part) for part in zip(*both, strict=True))
    freedom = found.size - 1 - FITTED
    if freedom < 3:
        return None
    return float(chi2.sf(float(((found - wanted) ** 2 / wanted).sum()), freedom))
