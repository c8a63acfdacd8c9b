"""When a course over rounds first meets a level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def crossing(path: NDArray[np.float64], level: float, *, falling: bool = False) -> float:
    """Returns the round at which a path first meets a level, between rounds by straight lines; inf where it never does.

    Args:
        path: one value per round, from round 0.
        level: the value to be met.
        falling: whether it is met from above.

    >>> crossing(np.array([0.2, 0.4, 0.8]), 0.6), crossing(np.array([0.2, 0.4]), 0.6)
    (1.5, inf)
    """
    met = np.flatnonzero(path <= level if falling else path >= level)
    if not met.size:
        return float("inf")
    at = int(met[0])
    return at - 1 + float((level - path[at - 1]) / (path[at] - path[at - 1])) if at else 0.0
