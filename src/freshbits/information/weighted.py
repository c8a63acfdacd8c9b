"""Means over a log from a labelled sample of it: weighted by inclusion probability, with the design's variance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def weighted_mean(
    values: NDArray[np.float64],
    probability: NDArray[np.float64],
    stratum: NDArray[np.int64],
    prompts: NDArray[np.uint64],
    *,
    unit: str = "share",
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate | None:
    """Estimates the mean of a column over all rows of a log from rows drawn with known probabilities π_i.

    ȳ = Σ w_i y_i / Σ w_i with w_i = 1/π_i (Hájek). Linearised, z_i = w_i (y_i - ȳ) / Σ w, summed over the drawn rows
    of a prompt in a stratum to z_hc; over the n_h prompts drawn in stratum h with sampled share f_h,
    var = Σ_h (1 - f_h) n_h/(n_h - 1) Σ_c (z_hc - z̄_h)²; the half width is t · √var with Σ (n_h - 1) degrees of
    freedom. For rates of part of a log (of the accepted rows, say) give the rows of that part.

    The interval is about the rows of this very log, of which f_h are known: it does not include how other prompts
    would differ. It is somewhat too wide where the labels are many against the prompts, because the draw spreads
    them over prompts more evenly than chance. A share that is 0 or 1 on all rows has the exact bound of the rule
    of three instead, prompts as trials.

    Args:
        values: the column on the drawn rows, NaN for rows that are still without a label (left out).
        probability: inclusion probability of each row.
        stratum: stratum that each row was drawn from.
        prompts: prompt key of each row.
        unit: what it is measured in.
        bounds: range that the interval is clipped to.

    Returns:
        None where no row is labelled.

    Raises:
        ValueError: if a probability is not in (0, 1].

    References: Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), 5.5-5.7; Wolter, Introduction to
    Variance Estimation (2007), 6.4.

    >>> drawn = weighted_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.1, 0.1]),
    ...                       np.array([0, 0, 1, 1]), np.arange(4, dtype=np.uint64))
    >>> round(drawn.value, 4)  # 2 + 2 accepted rows stand for 4, the rejected ones for 20
    0.1667
    """
    if ((probability <= 0) | (probability > 1)).any():
        raise ValueError("inclusion probabilities must be above 0 and at most 1")
    known = ~np.isnan(values)
    if not known.any():
        return None
    y, weight, keys = values[known], 1.0 / probability[known], prompts[known]
    _, place = np.unique(stratum[known], return_inverse=True)
    total = float(weight.sum())
    mean = float(weight @ y) / total
    number, rows = int(np.unique(keys).size), int(y.size)
    method = "weighted by inclusion probability, linearised variance by stratum and prompt"
    low, high = _ends(mean, weight * (y - mean) / total, weight, place, keys)
    if bounds == (0.0, 1.0) and mean in bounds and bool((weight > 1).any()):
        edge = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / number)
        low, high = (0.0, edge) if mean == 0.0 else (1.0 - edge, 1.0)
    low, high = float(np.clip(low, *bounds)), float(np.clip(high, *bounds))
    return Estimate(mean, low, high, LEVEL, unit, method, number, rows)


def _ends(
    mean: float,
    parts: NDArray[np.float64],
    weight: NDArray[np.float64],
    place: NDArray[np.intp],
    keys: NDArray[np.uint64],
) -> tuple[float, float]:
    """Returns the ends of the interval around the mean from the linearised parts of all rows."""
    from scipy.stats import t

    variance, freedom = 0.0, 0
    for number in range(int(place.max()) + 1):
        here = place == number
        clusters, position = np.unique(keys[here], return_inverse=True)
        sums = np.bincount(position, weights=parts[here])
        sampled = float(here.sum() / weight[here].sum())
        if clusters.size > 1:
            spread = clusters.size / (clusters.size - 1) * float(((sums - sums.mean()) ** 2).sum())
        else:  # nothing to compare with: its distance from the mean of the whole log stands in
            spread = float((sums**2).sum())
        variance += max(1.0 - sampled, 0.0) * spread
        freedom += clusters.size - 1
    half = float(t.ppf(0.5 + LEVEL / 2, max(freedom, 1)) * np.sqrt(variance))
    return mean - half, mean + half
