"""How good stated pass rates are on prompts they were not learned from: log loss, Brier score, reliability.

Prompts count equally; a prompt's own score is the mean over its rollouts. Both scores are proper: nothing but the true
rates does better on average (Gneiting and Raftery, JASA 2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.allocated import Bin

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 1e-3
BINS = 10
NORMAL = 1.959964


def log_loss(
    rates: NDArray[np.float64], successes: NDArray[np.float64], rollouts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Computes -(k log2 m + (n-k) log2(1-m)) / n of each prompt, in bits per rollout; m is kept .001 off 0 and 1.

    >>> log_loss(np.array([0.5, 0.25]), np.array([3.0, 0.0]), np.array([4.0, 4.0])).round(3).tolist()
    [1.0, 0.415]
    """
    m = np.clip(rates, NEAR, 1 - NEAR)
    return np.asarray(-(successes * np.log2(m) + (rollouts - successes) * np.log2(1 - m)) / rollouts)


def brier(
    rates: NDArray[np.float64], successes: NDArray[np.float64], rollouts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Computes the mean squared distance of a prompt's verdicts from its stated rate.

    >>> brier(np.array([0.5]), np.array([1.0]), np.array([4.0])).tolist()
    [0.25]
    """
    share = successes / rollouts
    return np.asarray(share * (1 - rates) ** 2 + (1 - share) * rates**2)


def difference(
    one: NDArray[np.float64], other: NDArray[np.float64], folds: int | None = None
) -> tuple[float, float, float]:
    """Returns by how much `one` is above `other` on average, with a 95 % interval over prompts.

    Losses of `folds` cross-fitted parts are not independent, since the parts were learned from each other's prompts:
    the variance is then taken 1 + f/(f-1) times as large (Nadeau and Bengio, Machine Learning 2003).

    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    (0.0, 0.0, 0.0)
    """
    apart = one - other
    mean = float(apart.mean())
    error = float(apart.std(ddof=1) / np.sqrt(apart.size)) if apart.size > 1 else float("inf")
    if folds is not None:
        error *= float(np.sqrt(1 + folds / (folds - 1)))
    return mean, mean - NORMAL * error, mean + NORMAL * error


def reliability(
    rates: NDArray[np.float64], successes: NDArray[np.float64], rollouts: NDArray[np.float64], bins: int = BINS
) -> list[Bin]:
    """Holds stated rates against what came: prompts in order of their stated rate, in bins of equal size.

    >>> rates = np.repeat([0.2, 0.8], 50); passed = np.tile([0.0, 1.0, 0.0, 0.0, 0.0], 20)
    >>> passed[50:] = 1 - passed[50:]
    >>> found = reliability(rates, passed, np.ones(100), 2)
    >>> [(round(each.stated, 2), round(each.observed, 2), each.prompts) for each in found]
    [(0.2, 0.2, 50), (0.8, 0.8, 50)]
    """
    lots = np.random.default_rng(rates.size).permutation(rates.size)  # equal rates: else bins follow the log's order
    order = lots[np.argsort(rates[lots], kind="stable")]
    found = []
    for part in np.array_split(order, min(bins, max(rates.size // 20, 1))):
        share = successes[part] / rollouts[part]
        error = NORMAL * float(share.std(ddof=1) / np.sqrt(part.size)) if part.size > 1 else 1.0
        observed = float(share.mean())
        found.append(
            Bin(
                stated=float(rates[part].mean()),
                observed=observed,
                low=max(observed - error, 0.0),
                high=min(observed + error, 1.0),
                prompts=int(part.size),
            )
        )
    return found


def calibration_error(bins: list[Bin]) -> float:
    """Returns the mean distance of observed from stated rates, weighted by prompts."""
    return sum(each.prompts * abs(each.observed - each.stated) for each in bins) / sum(each.prompts for each in bins)
