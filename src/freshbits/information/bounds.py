"""What two or three rollouts per prompt, or one, can say about contrast bits: bounds, no value.

With n rollouts per group only the first n moments of the pass rate are identified. The bounds are the smallest and
the largest E h(s) among all distributions with those moments (a linear programme), widened by sampling error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.resampling import LEVEL, jackknife_interval
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def one_per_group(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    """Bounds the contrast bits E h(s) where every group has one rollout: between 0 and h(mean).

    >>> right = np.random.default_rng(0).permutation(np.repeat([0, 1], [900, 100]))
    >>> bounds = one_per_group(np.ones(1000, int), right, np.arange(1000, dtype=np.uint64))
    >>> bounds.value, bounds.low, round(bounds.high, 1)
    (None, 0.0, 0.5)
    """
    number = int(np.unique(prompts).size)
    high = _upper_of_mean(n, k, prompts)
    method = "one rollout per group: between 0 and h(mean)"
    return Estimate(None, 0.0, high, LEVEL, UNIT, method, number, int(n.sum()))


def from_moments(
    grid: NDArray[np.float64], mass: NDArray[np.float64], order: int, prompts: int, rollouts: int
) -> Estimate:
    """Bounds E h(s) by the first `order` moments of fitted mixtures (all prompts, then each fold left out).

    >>> grid = np.linspace(0, 1, 101); flat = np.full((3, 101), 1 / 101)
    >>> bounds = from_moments(grid, flat, 2, 50, 150)
    >>> bounds.low < 0.7213 < bounds.high  # E h(s) of the uniform distribution
    True
    """
    bits = binary_entropy(grid)
    powers = grid ** np.arange(order + 1)[:, None]
    ends = np.array([_extremes(powers, powers @ each, bits) for each in mass])
    _, low, _ = jackknife_interval(ends[:, 0])
    _, _, high = jackknife_interval(ends[:, 1])
    method = f"bounds over all mixtures with the same {order} moments, widened by sampling error"
    low, high = float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
    return Estimate(None, low, high, LEVEL, UNIT, method, prompts, rollouts)


def all_dead(n: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    """Bounds the contrast bits where no group shows any: "none seen" is not "none".

    With m prompts, a share x of mixed groups escapes notice in 2.5 % of logs if (1-x)^m = .025. The bound is the
    largest x' h(s) with x' (1 - s^n - (1-s)^n) = x: rates so extreme that they are rarely caught mixed.

    >>> bits = all_dead(np.full(100, 8), np.arange(100, dtype=np.uint64))
    >>> bits.value, round(bits.high, 2)
    (0.0, 0.04)
    """
    number, size = int(np.unique(prompts).size), float(np.median(n))
    unseen = 1.0 - 0.025 ** (1.0 / number)
    s = np.geomspace(1e-6, 0.5, 2000)
    share = np.minimum(unseen / (1 - s**size - (1 - s) ** size), 1.0)
    high = float(np.max(share * binary_entropy(s)))
    return Estimate(0.0, 0.0, high, LEVEL, UNIT, "no group shows contrast: exact bound", number, int(n.sum()))


def _extremes(
    powers: NDArray[np.float64], moments: NDArray[np.float64], bits: NDArray[np.float64]
) -> tuple[float, float]:
    """Returns min and max of Σ g_j bits_j over distributions g on the grid with the given moments."""
    from scipy.optimize import linprog

    low = linprog(bits, A_eq=powers, b_eq=moments, bounds=(0, None), method="highs")
    high = linprog(-bits, A_eq=powers, b_eq=moments, bounds=(0, None), method="highs")
    if not (low.success and high.success):  # numerically infeasible moments: nothing is excluded
        return 0.0, 1.0
    return float(low.fun), float(-high.fun)


def _upper_of_mean(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> float:
    """Returns the upper end of h over the interval of the mean verdict."""
    from freshbits.information.resampling import ratio

    mean = ratio(k.astype(np.float64), n.astype(np.float64), prompts, unit="share", method="", rollouts=int(n.sum()))
    if mean is None or mean.low is None or mean.high is None:
        return 1.0
    if mean.low <= 0.5 <= mean.high:
        return 1.0
    return float(np.max(binary_entropy([mean.low, mean.high])))
