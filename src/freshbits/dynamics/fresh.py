"""Fresh rows: a closed loop into which a share of rows from outside comes every round, and what variety that keeps.

The control is the absolute number of fresh rows n m per prompt and round, not their share m: half of the variety is
kept with half a row, nine tenths with 4.5 rows, whatever n is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, distributions, kept_rows, past, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def fresh(
    answers: ArrayLike,
    source: ArrayLike,
    kept: ArrayLike,
    share: ArrayLike,
    rounds: int,
    *,
    counted: bool = False,
) -> NDArray[np.float64]:
    """Computes the expected variety after 0, 1, … rounds with a share m of fresh rows: 1 - F_t.

    With F = E Σ p², C = E Σ p p*, F* = Σ p*²:
    F' = 1/n + (1 - 1/n) [(1-m)² F + 2 m (1-m) C + m² F*],  C' = (1-m) C + m F*.
    That is exact where each of the n rows is fresh with probability m. With `counted` exactly n m rows are fresh:
    F' = [1 + (n m - 1) m F* + (n (1-m) - 1) (1-m) F + 2 n m (1-m) C] / n.

    Args:
        answers: shares p of the answers in round 0, shape (…, answers).
        source: shares p* of the answers among fresh rows, the same shape.
        kept: rows n per prompt and round, fresh ones included; broadcasts with …
        share: m; broadcasts with …
        rounds: the last round.
        counted: whether the number of fresh rows is fixed instead of drawn.

    Returns: shape (rounds + 1, …). Assumes new fresh rows every round, drawn independently of the loop; does not know
    sharing between prompts. Source: Wright's island model (1943, Genetics 28); the question for language models is
    that of Kazdan et al. 2024, arXiv 2410.16713.

    >>> fresh([0.5, 0.5], [0.5, 0.5], 8, 0.25, 40).round(3)[[0, 1, 40]].tolist()
    [0.5, 0.438, 0.377]
    """
    p, q = distributions(answers), distributions(source)
    n, m = kept_rows(kept), shares(share, "the share of fresh rows")
    outside = (q * q).sum(axis=-1)
    alike, crossed, outside, n, m = np.broadcast_arrays((p * p).sum(axis=-1), (p * q).sum(axis=-1), outside, n, m)
    found = [1 - alike]
    for _ in range(int(past(rounds))):
        if counted:
            own, new = (1 - m) * ((1 - m) * n - 1) * alike, m * (m * n - 1) * outside
            alike = (1 + own + new + 2 * n * m * (1 - m) * crossed) / n
        else:
            mixed = (1 - m) ** 2 * alike + 2 * m * (1 - m) * crossed + m**2 * outside
            alike = 1 / n + (1 - 1 / n) * mixed
        crossed = (1 - m) * crossed + m * outside
        found.append(1 - alike)
    return np.stack(found)


def fresh_limit(kept: ArrayLike, share: ArrayLike) -> NDArray[np.float64]:
    """Computes the share of the fresh rows' variety that the loop keeps in the long run.

    H_∞ / H* = 1 - (1/n) / (1 - (1 - 1/n)(1-m)²), the fixed point of `fresh`: about 2 n m / (1 + 2 n m) for small m.
    Does not depend on where the loop starts. 0 for m = 0. Assumptions and source as `fresh`.

    >>> fresh_limit(500, [0.0, 0.01, 0.05]).round(3).tolist()
    [0.0, 0.909, 0.98]
    """
    n, m = kept_rows(kept), shares(share, "the share of fresh rows")
    return np.asarray(1 - 1 / (n - (n - 1) * (1 - m) ** 2), dtype=np.float64)


def retained(fresh_rows: ArrayLike) -> NDArray[np.float64]:
    """Computes the variety kept in the long run from the number of fresh rows alone: 2 n m / (1 + 2 n m).

    Within 5 % of `fresh_limit` for n ≥ 32 rows kept per prompt and round, whatever their share; with fewer rows it
    promises too much (up to 14 % at n = 8). Source: Wright 1943.

    >>> retained([0.5, 4.5, 9.5]).round(3).tolist()
    [0.5, 0.9, 0.95]
    """
    rows = np.asarray(fresh_rows, dtype=np.float64)
    demand(rows >= 0, "the number of fresh rows cannot be negative.")
    return np.asarray(2 * rows / (1 + 2 * rows), dtype=np.float64)


def fresh_rows_for(variety: ArrayLike) -> NDArray[np.float64]:
    """Computes the fresh rows per prompt and round that keep this share of the variety: R / (2 (1 - R)).

    The inverse of `retained`, with its regime.

    >>> fresh_rows_for([0.5, 0.9, 0.99]).round(2).tolist()
    [0.5, 4.5, 49.5]
    """
    kept = shares(variety, "the share of variety to keep")
    demand(kept < 1, "no number of fresh rows keeps all of the variety.")
    return np.asarray(kept / (2 * (1 - kept)), dtype=np.float64)
