"""The replicator: selection without chance, which says how fast and how far a verifier can carry a loop at best.

The odds of the right answer are multiplied by r = TPR/FPR every round. It is what `selection` becomes when the rows
kept per prompt go to infinity; with few rows it promises too much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, past, shares
from freshbits.dynamics.selection import tilted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def replicator(rate: ArrayLike, ratio: ArrayLike, rounds: ArrayLike) -> NDArray[np.float64]:
    """Computes the pass rate after t rounds without chance: logit p_t = logit p_0 + t ln r.

    Exact in the mean for t = 1 where rows are kept. For t > 1 it has to be far from loss by chance: within 5 % of
    simulated loops where r ≥ 1 and 2 n ln(r) p ≥ 5 (`fixation.control_number`), off by up to a factor elsewhere; use
    `selection.course` there.
    Source: Taylor and Jonker 1978 (replicator); for curated retraining Ferbach et al. 2024, arXiv 2407.09499.

    >>> replicator(0.05, 1.8, [0, 3, 12]).round(4).tolist()
    [0.05, 0.2349, 0.9838]
    """
    r, t = np.asarray(ratio, dtype=np.float64), past(rounds)
    demand(r >= 0, "a ratio of acceptance rates cannot be negative.")
    with np.errstate(over="ignore"):
        return tilted(rate, np.where(t == 0, 1.0, r) ** t)


def rounds_to(target: ArrayLike, rate: ArrayLike, ratio: ArrayLike) -> NDArray[np.float64]:
    """Computes the rounds from a pass rate to a target without chance: (logit p* - logit p_0) / ln r.

    0 where the target is reached already, inf where it never is (r ≤ 1, or a pass rate of 0), 1 for r = inf.
    A lower bound for a loop that keeps few rows. Source as `replicator`.

    >>> rounds_to(0.95, [0.05, 0.05, 0.99], [9.0, 1.2, 1.2]).round(1).tolist()
    [2.7, 32.3, 0.0]
    """
    goal, p = shares(target, "the target"), shares(rate, "the pass rate")
    r = np.asarray(ratio, dtype=np.float64)
    demand(r >= 0, "a ratio of acceptance rates cannot be negative.")
    demand(goal < 1, "a target of 1 is never reached without chance.")
    goal, p, r = np.broadcast_arrays(goal, p, r)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = (np.log(goal) - np.log1p(-goal) - np.log(p) + np.log1p(-p)) / np.log(r)
    needed = np.where(np.isinf(r), 1.0, needed)
    return np.asarray(np.where(p >= goal, 0.0, np.where((r <= 1) | (p == 0), np.inf, needed)))


def ceiling(ratio: ArrayLike, recorruption: ArrayLike) -> NDArray[np.float64]:
    """Computes the pass rate at which selection and re-corruption balance: 1 - μ r / (r - 1), at least 0.

    Re-corruption μ: the share of right answers that turn wrong after each round (forgetting, noise). Where
    μ ≥ 1 - 1/r, or r ≤ 1, the right answer is lost: the error threshold. μ = 0 has no ceiling (1 for r > 1).
    Without chance: within 5 % of simulated loops over 100 rounds where n p* (1 - 1/r) ≥ 10; with fewer rows it is too
    high, and in the end the right answer is lost.
    Source: Eigen 1971 (error threshold).

    >>> ceiling(1.2, [0.05, 0.1, 0.2]).round(3).tolist()
    [0.7, 0.4, 0.0]
    """
    r, mu = np.broadcast_arrays(np.asarray(ratio, dtype=np.float64), shares(recorruption, "recorruption"))
    demand(r >= 0, "a ratio of acceptance rates cannot be negative.")
    with np.errstate(divide="ignore", invalid="ignore"):
        balance = 1 - mu / (1 - 1 / r)
    return np.asarray(np.where(r > 1, np.maximum(balance, 0.0), 0.0))


def error_threshold(ratio: ArrayLike) -> NDArray[np.float64]:
    """Computes the re-corruption from which on the right answer is lost: 1 - 1/r, 0 for r ≤ 1.

    Assumptions and source as `ceiling`.

    >>> error_threshold([1.0, 1.25, 10.0]).round(3).tolist()
    [0.0, 0.2, 0.9]
    """
    r = np.asarray(ratio, dtype=np.float64)
    demand(r >= 0, "a ratio of acceptance rates cannot be negative.")
    return np.asarray(1 - 1 / np.maximum(r, 1.0))
