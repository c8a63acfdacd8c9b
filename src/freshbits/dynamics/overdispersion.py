"""How much more the counts scatter than a law says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import grid
from freshbits.dynamics.step import Law, advance, step

if TYPE_CHECKING:
    from freshbits.dynamics.likelihood import Counts


def overdispersion(law: Law, counts: Counts) -> float:
    """Returns Pearson's χ² per prompt and round of x_{t+1} given (x_0, x_t) under the law, at least 1.

    Prompts that differ in r or n, or that learn from each other, scatter more than one law allows. Counts are taken
    as shares of the largest count of their round's distinct codes, so unequal n is native.
    """
    points = counts.start.size
    z = grid(points)
    how = step(law, points)
    state = np.diag(counts.start)
    variety = (state.copy(), state.copy())
    total, number = 0.0, 0
    for t, gap in enumerate(counts.steps):
        hits, size = counts.hits[t + 1], counts.sizes[t + 1]
        mean, square = z.copy(), z**2
        one, two = np.broadcast_to(mean, (1, points)).T, np.broadcast_to(square, (1, points)).T
        one, two = one[None], two[None]
        for _ in range(int(gap)):
            one, two = how.move @ one, how.move @ two
        here = counts.code[:, t] if t else np.zeros(counts.code.shape[0], dtype=np.int64)
        now = counts.chance[t] if t else np.ones((1, points))
        seen = state[:, None, :] * now[None]
        first = counts.chance[0]
        before = np.tensordot(first, seen.sum(axis=2), axes=(1, 0))
        p1 = np.tensordot(first, (seen @ one)[:, :, 0], axes=(1, 0)) / before
        p2 = np.tensordot(first, (seen @ two)[:, :, 0], axes=(1, 0)) / before
        n = size[counts.code[:, t + 1]]
        x = hits[counts.code[:, t + 1]]
        m1, m2 = p1[counts.code[:, 0], here], p2[counts.code[:, 0], here]
        expected = n * m1
        spread = n * (m1 - m2) + n**2 * np.maximum(m2 - m1**2, 0.0)
        some = (n > 0) & (spread > 0.05)
        total += float(((x - expected)[some] ** 2 / spread[some]).sum())
        number += int(some.sum())
        for _ in range(int(gap)):
            state, variety = advance(state, variety, how)
    return max(1.0, total / number) if number else 1.0
