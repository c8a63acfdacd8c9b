"""The prior that all prompts share: the stated rates as observation corrects them, and what they are worth.

Fitted by EM: given each prompt's posterior Beta, a logistic regression of its mean on the logit of the stated rate, and
the worth from the mean squared distance to it. Only prompts that were asked take part; that they were chosen by what
was seen of them does no harm, since the likelihood of what was seen does not depend on the choice. A weak prior of its
own keeps the first steps, with few prompts asked, near what was stated.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEAST, MOST = 0.1, 50.0  # of worth, in rollouts
FIRM_INTERCEPT, FIRM_SLOPE = 0.5, 4.0  # precision of what was stated: as so many prompts' worth of information
FIRM_WORTH = 8.0  # prompts that the worth before an EM step counts as
SLOPES = (0.0, 2.0)


@dataclass(frozen=True, slots=True)
class Prior:
    """Holds the fitted prior: logit of the mean = intercept + slope · logit of the stated rate; worth in rollouts."""

    intercept: float
    slope: float
    worth: float

    def mean(self, stated: NDArray[np.float64]) -> NDArray[np.float64]:
        """Computes the prior mean of prompts from the logits of their stated rates."""
        return sigmoid(self.intercept + self.slope * stated)

    def to_json(self) -> dict[str, Any]:
        """Returns the prior as plain data."""
        return asdict(self)


def refitted(
    prior: Prior, stated: NDArray[np.float64], successes: NDArray[np.float64], failures: NDArray[np.float64]
) -> Prior:
    """Takes one EM step: returns the prior under which what was observed is more likely.

    Args:
        prior: the prior so far.
        stated: logits of the stated rates, one per prompt.
        successes: accepted rollouts of each prompt, weighted.
        failures: rejected ones.

    >>> none = Prior(0.0, 1.0, 1.0)
    >>> found = none
    >>> for _ in range(200):
    ...     found = refitted(found, np.zeros(400), np.repeat([0.0, 8.0], [300, 100]), np.repeat([8.0, 0.0], [300, 100]))
    >>> round(sigmoid(np.array(found.intercept)).item(), 2), found.worth < 0.3
    (0.25, True)
    """
    asked = np.flatnonzero(successes + failures > 0)
    if not len(asked):
        return prior
    told = stated[asked]
    before = prior.mean(told)
    a = prior.worth * before + successes[asked]
    b = prior.worth * (1 - before) + failures[asked]
    both = a + b
    mean = a / both
    spread = a * b / (both * both * (both + 1))
    moved = _regressed(prior, told, mean)
    fitted = moved.mean(told)
    # E[(p - prior mean)²] / (m(1-m)) = 1 / (worth + 1), summed over prompts; the worth so far counts as some of them.
    room = fitted * (1 - fitted)
    apart = (spread + (mean - fitted) ** 2).sum() + FIRM_WORTH * room.mean() / (prior.worth + 1)
    share = apart / (room.sum() + FIRM_WORTH * room.mean())
    return replace(moved, worth=float(np.clip(1 / max(share, 1e-9) - 1, LEAST, MOST)))


def _regressed(prior: Prior, stated: NDArray[np.float64], mean: NDArray[np.float64]) -> Prior:
    """Takes one Newton step of the logistic regression of posterior means on stated logits."""
    fitted = prior.mean(stated)
    weight = fitted * (1 - fitted)
    rest = mean - fitted
    constant = bool(np.ptp(stated) == 0)
    gradient = np.array([rest.sum(), (rest * stated).sum() - FIRM_SLOPE * (prior.slope - 1)])
    h00 = weight.sum() + FIRM_INTERCEPT
    if constant:  # nothing tells the slope from the intercept
        return replace(prior, intercept=float(prior.intercept + gradient[0] / h00))
    h01, h11 = (weight * stated).sum(), (weight * stated * stated).sum() + FIRM_SLOPE
    step = np.linalg.solve(np.array([[h00, h01], [h01, h11]]), gradient)
    step = np.clip(step, -1.0, 1.0)
    slope = float(np.clip(prior.slope + step[1], *SLOPES))
    return replace(prior, intercept=float(prior.intercept + step[0]), slope=slope)


def logit(rates: ArrayLike) -> NDArray[np.float64]:
    """Computes ln(p / (1-p)).

    >>> logit([0.5, 0.75]).round(3).tolist()
    [0.0, 1.099]
    """
    p = np.asarray(rates, dtype=np.float64)
    return np.asarray(np.log(p) - np.log1p(-p))


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes 1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0))))
