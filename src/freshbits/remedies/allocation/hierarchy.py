"""The prior that all prompts share: the stated rates as observation corrects them, and how far prompts lie from them.

logit p ~ N(intercept + slope · logit of the stated rate, variance), fitted by EM: given each prompt's posterior, a
regression of its mean logit on the stated one, and the mean squared distance to it. Only prompts that were asked take
part; that they were chosen by what was seen of others does no harm, since the likelihood of what was seen does not
depend on the choice. A weak prior of its own keeps the first steps, with few prompts asked, near what was stated.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.remedies.allocation.posterior import logit, posterior, sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Prior", "logit", "refitted", "sigmoid", "variance_of"]

LEAST, MOST = 0.05, 36.0  # of the variance
FIRM_INTERCEPT, FIRM_SLOPE = 2.0, 16.0  # precision of what was stated, in units of the variance
FIRM_VARIANCE = 8.0  # prompts that the variance before an EM step counts as
SLOPES = (0.0, 4.0)  # a stated rate may say less than it claims, or more, as a regression does that has seen little


@dataclass(frozen=True, slots=True)
class Prior:
    """Holds the fitted prior of logits: mean = intercept + slope · logit of the stated rate, and variance."""

    intercept: float
    slope: float
    variance: float

    def at(self, stated: NDArray[np.float64]) -> NDArray[np.float64]:
        """Computes the mean logit of prompts from the logits of their stated rates."""
        return self.intercept + self.slope * stated

    @property
    def worth(self) -> float:
        """How many rollouts it is worth: a + b of the Beta with as much variance of p, around an even rate.

        >>> round(Prior(0.0, 1.0, variance_of(3.0)).worth, 2)
        3.0
        """
        return float(_even(self.variance).worth[0])

    def to_json(self) -> dict[str, Any]:
        """Returns the prior as plain data."""
        return asdict(self)


def variance_of(worth: float) -> float:
    """Computes the variance of logits around an even rate that makes it worth so many rollouts; by halving.

    >>> variance_of(1e-6), variance_of(1e6)
    (36.0, 0.05)
    """
    low, high = LEAST, MOST
    if _even(high).worth[0] >= worth:
        return high
    if _even(low).worth[0] <= worth:
        return low
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _even(middle).worth[0] > worth else (low, middle)
    return (low + high) / 2


def refitted(
    prior: Prior, stated: NDArray[np.float64], successes: NDArray[np.float64], failures: NDArray[np.float64]
) -> Prior:
    """Takes one EM step: returns the prior under which what was observed is more likely.

    Args:
        prior: the prior so far.
        stated: logits of the rates stated before each prompt was asked.
        successes: accepted rollouts of each prompt, weighted.
        failures: rejected ones.

    >>> found = none = Prior(0.0, 1.0, 3.0)
    >>> for _ in range(200):
    ...     found = refitted(found, np.zeros(400), np.repeat([0.0, 8.0], [200, 200]), np.repeat([8.0, 0.0], [200, 200]))
    >>> abs(found.intercept) < 0.01, found.variance > 30
    (True, True)
    """
    asked = np.flatnonzero(successes + failures > 0)
    if not asked.size:
        return prior
    told = stated[asked]
    now = posterior(prior.at(told), prior.variance, successes[asked], failures[asked])
    slope = prior.slope
    if np.ptp(stated) > 0:  # else nothing tells the slope from the intercept
        table = np.array([[asked.size + FIRM_INTERCEPT, told.sum()], [told.sum(), (told**2).sum() + FIRM_SLOPE]])
        right = np.array([now.logit.sum(), (told * now.logit).sum() + FIRM_SLOPE])
        slope = float(np.clip(np.linalg.solve(table, right)[1], *SLOPES))
    intercept = float((now.logit - slope * told).sum() / (asked.size + FIRM_INTERCEPT))
    apart = (now.variance + (now.logit - intercept - slope * told) ** 2).sum()
    variance = (apart + FIRM_VARIANCE * prior.variance) / (asked.size + FIRM_VARIANCE)
    return replace(prior, intercept=intercept, slope=slope, variance=float(np.clip(variance, LEAST, MOST)))


def _even(variance: float) -> Any:
    zero = np.zeros(1)
    return posterior(zero, variance, zero, zero)
