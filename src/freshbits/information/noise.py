"""A judge's own noise: how many bits of its verdict change when it is asked again about the same output.

r_y = P(S=1|Y=y) is the chance that the judge accepts one given output. Of the contrast E h(s_q), the part E h(r_y)
belongs to no output: I(Y;S|Q) = E h(s_q) - E h(r_y). From several verdicts per output its distribution is fitted as
that of pass rates is (`mixing`): from four verdicts a value, from two or three bounds, since
2 P(two verdicts differ) ≤ E h(r_y).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.bounds import all_dead
from freshbits.information.entropy import UNIT
from freshbits.information.mixing import contrast_bits
from freshbits.information.resampling import LEVEL, MIN_PROMPTS, ratio
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 8  # verdicts per output from which on nothing is added to the interval
SLACK = 0.01  # bits added below that: four verdicts and few errors read .02 low
ASKED_TWICE = "share of outputs judged twice"


def contradiction(
    asked: NDArray[np.int64], differing: NDArray[np.int64], prompts: NDArray[np.uint64]
) -> Estimate | None:
    """Estimates P(two verdicts on one output differ), with a 95 % interval over prompts.

    Args:
        asked: verdicts on each output, two or more.
        differing: pairs of them that differ, of asked (asked - 1) / 2.
        prompts: prompt key of each output.

    Returns:
        None without outputs.

    >>> rng = np.random.default_rng(0); k = rng.binomial(3, np.where(rng.random(900) < 0.5, 0.1, 0.9))
    >>> found = contradiction(np.full(900, 3), k * (3 - k), np.arange(900, dtype=np.uint64) // 4)
    >>> found.low < 0.18 < found.high  # 2 · .1 · .9
    True
    """
    share = differing / (asked * (asked - 1) / 2)
    return ratio(
        share,
        np.ones(asked.size),
        prompts,
        unit=ASKED_TWICE,
        method="pairs of verdicts on one output, jackknife over prompts",
        rollouts=int(asked.size),
    )


def verdict_noise(
    asked: NDArray[np.int64], accepted: NDArray[np.int64], prompts: NDArray[np.uint64]
) -> Estimate | None:
    """Estimates the judge's own noise E h(r_y) of a two-valued verdict, in bits per rollout, 95 % over prompts.

    Args:
        asked: verdicts on each output, two or more.
        accepted: how many of them accept.
        prompts: prompt key of each output.

    Returns:
        None below ten prompts. With two or three verdicts per output `value` is None and low, high are bounds, unless
        no two verdicts differ.

    It takes the verdicts on one output to be independent draws: a judge that is asked at temperature 0 and repeats
    itself shows no noise, and one whose noise is in the wording of the question shows only what wordings were tried.

    >>> rng = np.random.default_rng(0); k = rng.binomial(5, np.where(rng.random(900) < 0.5, 0.1, 0.9))
    >>> found = verdict_noise(np.full(900, 5), k, np.arange(900, dtype=np.uint64) // 4)
    >>> found.low < 0.469 < found.high  # h(.1)
    True
    """
    if asked.size == 0 or np.unique(prompts).size < MIN_PROMPTS:
        return None
    if bool(((accepted == 0) | (accepted == asked)).all()):
        return all_dead(asked, prompts)
    found = contrast_bits(asked, accepted, prompts)
    if found.value is None or float(np.median(asked)) >= MANY or found.low is None or found.high is None:
        return found
    # Noise lies in two narrow heaps, near 0 and near 1, which few verdicts tell apart worse than pass rates.
    return replace(found, low=max(found.low - SLACK, 0.0), high=min(found.high + SLACK, 1.0))


def least_noise(differ: Estimate, levels: int) -> Estimate:
    """Returns bounds on the noise of a verdict of several levels: 2 P(two verdicts differ) ≤ E H(S|Y) ≤ log2 L.

    Twice the Gini impurity never exceeds the entropy in bits.

    >>> found = least_noise(Estimate(0.2, 0.1, 0.3, 0.95, "share", "", 50, 200), 3)
    >>> found.value is None, found.low, round(found.high, 3)
    (True, 0.2, 1.585)
    """
    low = 2.0 * (differ.low or 0.0)
    method = "bounds: at least twice the share of verdicts that differ, at most log2(levels)"
    return Estimate(None, low, float(np.log2(max(levels, 2))), LEVEL, UNIT, method, differ.prompts, differ.rollouts)


def score_noise(scores: NDArray[np.float64], group: NDArray[np.uint64], prompts: NDArray[np.uint64]) -> Estimate | None:
    """Estimates the share of a score's variance inside groups that is the judge's own noise, 95 % over prompts.

    Mean unbiased variance of the scores of one output, over the mean unbiased variance of first scores inside groups:
    what of the score's differences would not come back.

    Args:
        scores: scores of each output, shape (outputs, times); NaN where it was not scored that often.
        group: group of each output.
        prompts: prompt key of each output.

    Returns:
        None below ten prompts with an output that was scored twice.

    Where prompts differ much in how far their outputs lie apart, intervals cover 91 to 96 % (`benchmarks/calibration`,
    study "score_noise").

    >>> rng = np.random.default_rng(0); q = np.arange(800, dtype=np.uint64) // 8
    >>> scores = rng.normal(0, 2, (800, 1)) + rng.normal(0, 1, (800, 2))
    >>> found = score_noise(scores, q, q)
    >>> found.low < 0.2 < found.high  # 1 / (4 + 1)
    True
    """
    several = (~np.isnan(scores)).sum(axis=1) > 1
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    kept = several & (size[place] > 1)
    if not kept.any() or np.unique(prompts[kept]).size < MIN_PROMPTS:
        return None
    first = scores[:, 0]
    mean = np.bincount(place, weights=first) / size
    spread = ((first - mean[place]) ** 2 * (size / np.maximum(size - 1, 1))[place])[kept]
    return ratio(
        np.nanvar(scores[kept], axis=1, ddof=1),
        spread,
        prompts[kept],
        unit="share of within-group variance",
        method="variance of scores of one output / variance of first scores inside groups, jackknife over prompts",
        rollouts=int(kept.sum()),
        bounds=(0.0, np.inf),
    )
