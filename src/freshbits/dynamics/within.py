"""Variety inside the accepted class: what a perfect verifier does not protect.

Selection is neutral between answers that the verifier accepts alike. Among M right answers the loop therefore drifts
as if it were closed, though its accuracy goes to one. Whether that is a loss depends on what the variety is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.drift import replace
from freshbits.dynamics.regime import past, shares, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def within_kept(variety: ArrayLike, kept: ArrayLike, rounds: ArrayLike) -> NDArray[np.float64]:
    """Computes the expected variety among right answers after t rounds when n right rows are kept: H_0 (1 - 1/n)^t.

    H = 1 - Σ_a (p_a / p_right)² over the right answers. Exact for a perfect verifier (FPR = 0) that accepts all right
    answers alike, with exactly n accepted rows kept per prompt and round. Source: neutrality within a class of equal
    fitness (Ewens 2004, Mathematical Population Genetics).

    >>> within_kept(0.9375, 200, [1, 100]).round(3).tolist()
    [0.933, 0.568]
    """
    return replace(variety, kept, rounds)


def within_sampled(variety: ArrayLike, rate: ArrayLike, samples: int, tpr: float, rounds: int) -> NDArray[np.float64]:
    """Computes the expected variety among right answers when N rollouts are sampled and the accepted are kept.

    With k ~ Binomial(N, TPR p) right rows accepted, one round keeps E[1 - 1/k | k ≥ 1] of it, and k = 0 leaves the
    prompt as it is. After the first round with k ≥ 1 all mass is on right answers (p = 1). The sum runs over that
    round. Exact for FPR = 0. Shape (rounds + 1, …), … the broadcast of variety and rate. Source as `within_kept`.

    >>> within_sampled(0.5, 0.25, 8, 1.0, 2).round(3).tolist()
    [0.5, 0.241, 0.191]
    """
    n, last = whole(samples, "the rollouts per prompt and round", 1), int(past(rounds))
    start, p = np.broadcast_arrays(shares(variety, "variety"), shares(rate, "the pass rate"))
    none, keep = _one_round(n, p * shares(tpr, "TPR"))
    none_after, keep_after = _one_round(n, np.asarray(float(tpr)))
    waiting, moved = np.ones_like(start), np.zeros_like(start)
    found = [start.astype(np.float64)]
    for _ in range(last):
        moved = moved * (none_after + keep_after) + waiting * keep
        waiting = waiting * none
        found.append(start * (waiting + moved))
    return np.stack(found)


def _one_round(samples: int, accepted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns P(k = 0) and Σ_{k ≥ 1} P(k) (1 - 1/k) for k ~ Binomial(samples, accepted)."""
    from scipy.stats import binom

    k = np.arange(1, samples + 1)
    mass = binom.pmf(k, samples, accepted[..., None])
    return (1 - accepted) ** samples, np.asarray(mass @ (1 - 1 / k), dtype=np.float64)
