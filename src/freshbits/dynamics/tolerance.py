"""What counts as a hit, and the value most likely to be one."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_QUANTILES = np.array([NormalDist().inv_cdf((i + 0.5) / 15) for i in range(15)])
RELATIVE, ABSOLUTE = 0.1, 0.03
LEVEL = 0.9
STRETCH = 1.15  # unstretched intervals covered 84 % (benchmarks/forecast)
FLOOR = 0.003  # no mean over prompts is known better than this


def tolerance(truth: Array | float) -> Array:
    """Returns how far a forecast may be off and still count as right: 10 % or .03, whichever is more.

    >>> tolerance(np.array([0.1, 0.8])).round(3).tolist()
    [0.03, 0.08]
    """
    return np.asarray(np.maximum(RELATIVE * np.abs(truth), ABSOLUTE))


def likely(mean: Array, spread: Array) -> tuple[float, float, float, float]:
    """Returns (value, low, high, chance of a hit) for a mixture of normals with equal weights.

    The value is the one most likely to be within tolerance of what comes; low and high are the 5 % and 95 % points,
    stretched by 15 % as measured.

    >>> value, low, high, hit = likely(np.array([0.5, 0.5]), np.array([0.01, 0.01]))
    >>> round(value, 2), round(high - low, 3), round(hit, 2)
    (0.5, 0.038, 1.0)
    """
    draws = (mean[:, None] + _QUANTILES * np.hypot(spread, FLOOR)[:, None]).ravel()
    draws = np.clip(draws, 0.0, 1.0)
    low, middle, high = np.quantile(draws, [0.5 - LEVEL / 2, 0.5, 0.5 + LEVEL / 2])
    low, high = max(middle - STRETCH * (middle - low), 0.0), min(middle + STRETCH * (high - middle), 1.0)
    tried = np.unique(np.append(np.linspace(low, high, 101), middle))
    chance = (np.abs(tried[:, None] - draws) <= tolerance(draws)).mean(axis=1)
    best = np.flatnonzero(chance >= chance.max() - 1e-9)
    value = tried[best[np.argmin(np.abs(tried[best] - middle))]]
    return float(value), float(low), float(high), float(chance.max())
