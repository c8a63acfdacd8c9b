"""What a stated rate is worth in rollouts, by the likelihood of counts: k of n under Beta(κm, κ(1-m))."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NEAR = 1e-3
LEAST, MOST = 0.1, 50.0  # of worth, in rollouts
UNKNOWN = 2.0  # where no prompt has two rollouts, nothing tells
FIRM = 4.0  # prompts by which the worth is drawn to 2, on the scale of its logarithm


def log_likelihood(
    a: ArrayLike, b: ArrayLike, successes: NDArray[np.float64], rollouts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Computes log2 P(these verdicts, in their order) of each prompt, p being Beta(a, b): log2 B(a+k, b+n-k) / B(a, b).

    >>> log_likelihood(1.0, 1.0, np.array([1.0]), np.array([2.0])).round(3).tolist()
    [-2.585]
    """
    from scipy.special import betaln

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    ratio = betaln(first + successes, second + rollouts - successes) - betaln(first, second)
    return np.asarray(ratio / np.log(2))


def worth(rates: NDArray[np.float64], successes: NDArray[np.float64], rollouts: NDArray[np.float64]) -> float | None:
    """Fits how many rollouts stated rates are worth: the κ under which the counts are most likely.

    A weak prior draws it to 2. Rates have to be stated without having seen the prompt's own counts.

    Returns:
        κ between .1 and 50; None where no prompt has more than one rollout, which says nothing about it.

    >>> rng = np.random.default_rng(0); m = rng.uniform(0.1, 0.9, 4000); p = rng.beta(6 * m, 6 * (1 - m))
    >>> abs(worth(m, rng.binomial(8, p).astype(float), np.full(4000, 8.0)) - 6) < 0.7
    True
    """
    from scipy.optimize import minimize_scalar

    several = rollouts > 1
    if not several.any():
        return None
    m, k, n = np.clip(rates[several], NEAR, 1 - NEAR), successes[several], rollouts[several]

    def loss(log_worth: float) -> float:
        value = np.exp(log_worth)
        prior = FIRM * (log_worth - np.log(UNKNOWN)) ** 2 / 2
        return float(prior - np.log(2) * log_likelihood(value * m, value * (1 - m), k, n).sum())

    found = minimize_scalar(loss, bounds=(np.log(LEAST), np.log(MOST)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))
