"""What a verifier's error rates say of training with it: J, likelihood ratio, precision, bits, two thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, shares
from freshbits.information.entropy import binary_entropy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def youden(tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes J = TPR - FPR: its sign says which way group-relative training goes. Source: Youden 1950.

    >>> youden(0.9, 0.5).round(3).item()
    0.4
    """
    return np.asarray(shares(tpr, "TPR") - shares(fpr, "FPR"))


def likelihood_ratio(tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes LR = TPR / FPR, the factor on the odds of the right answer per round of filtering; inf for FPR = 0.

    A verifier that accepts nothing has none and is refused.

    >>> likelihood_ratio([0.9, 0.9], [0.5, 0.0]).tolist()
    [1.8, inf]
    """
    a, b = shares(tpr, "TPR"), shares(fpr, "FPR")
    demand((a > 0) | (b > 0), "a verifier that accepts nothing has no likelihood ratio.")
    with np.errstate(divide="ignore"):
        return np.asarray(a / b)


def precision(rate: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes PPV = p TPR / (p TPR + (1-p) FPR), the share of right rows among accepted ones; NaN if none is accepted.

    >>> precision(0.3, 0.6, 0.5).round(3).item()
    0.34
    """
    p, a, b = shares(rate, "the base rate"), shares(tpr, "TPR"), shares(fpr, "FPR")
    with np.errstate(invalid="ignore"):
        return np.asarray(p * a / (p * a + (1 - p) * b))


def bits(rate: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes I(C;S) = h(p TPR + (1-p) FPR) - p h(TPR) - (1-p) h(FPR), in bits per verdict.

    The binary channel with one TPR and FPR on every rollout of a prompt with base rate p; 0 where J = 0 or p is 0 or 1.

    >>> bits(0.5, [1.0, 0.9, 0.5], [0.0, 0.1, 0.5]).round(3).tolist()
    [1.0, 0.531, 0.0]
    """
    p, a, b = shares(rate, "the base rate"), shares(tpr, "TPR"), shares(fpr, "FPR")
    accepted = np.clip(p * a + (1 - p) * b, 0.0, 1.0)
    found = binary_entropy(accepted) - p * binary_entropy(a) - (1 - p) * binary_entropy(b)
    return np.asarray(np.maximum(found, 0.0))


def relative_time(tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes how many times more rounds an online loop needs than with a perfect verifier: 1 / J.

    For group-relative updates that are not divided by the group's standard deviation, in the mean over groups.
    inf for J = 0; for J < 0 the loop goes the wrong way and the law refuses. Errors that are systematic, the same
    wrong answer always accepted, break it (arXiv 2605.02909). Source: Rad et al. 2026, arXiv 2601.04411.

    >>> relative_time([0.9, 0.6], [0.1, 0.4]).round(2).tolist()
    [1.25, 5.0]
    """
    j = youden(tpr, fpr)
    demand(j >= 0, "with TPR below FPR the loop moves away from right answers.")
    with np.errstate(divide="ignore"):
        return np.asarray(1 / j)


def relative_samples(tpr: ArrayLike, fpr: ArrayLike, rate: ArrayLike | None = None) -> NDArray[np.float64]:
    """Computes how many times more rollouts a fixed signal-to-noise ratio takes than with a perfect verifier: 1 / J².

    With the base rate p given, times s(1-s) / (p(1-p)), s = p TPR + (1-p) FPR: noise is the spread of the verdicts
    themselves, which 1/J² takes to stay as it is. inf for J = 0; refuses J < 0. Systematic errors break it.
    Source: Rad et al. 2026, arXiv 2601.04411.

    >>> relative_samples(0.9, 0.1).round(3).item(), relative_samples(0.9, 0.1, 0.2).round(3).item()
    (1.562, 1.879)
    """
    squared = relative_time(tpr, fpr) ** 2
    if rate is None:
        return squared
    p = shares(rate, "the base rate")
    demand((p > 0) & (p < 1), "a prompt that is always right or always wrong has no signal to compare with.")
    s = p * np.asarray(tpr) + (1 - p) * np.asarray(fpr)
    return np.asarray(squared * s * (1 - s) / (p * (1 - p)))


def offline_gain(rate: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.float64]:
    """Computes the share of the clean gain that training once on accepted rows gives: PPV.

    A reading of one source at a fixed number of rows (arXiv 2607.09709), not a law of these loops.

    >>> offline_gain(0.5, 0.8, 0.8).round(2).item()
    0.5
    """
    return precision(rate, tpr, fpr)


def helps_online(tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.bool_]:
    """Tells whether loops that compare rollouts of one prompt go the right way: J > 0.

    >>> helps_online(0.6, 0.5).item()
    True
    """
    return np.asarray(youden(tpr, fpr) > 0)


def helps_offline(rate: ArrayLike, tpr: ArrayLike, fpr: ArrayLike) -> NDArray[np.bool_]:
    """Tells whether a learner that takes accepted rows as right labels learns the right one: PPV > 1/2.

    Two answers, majority of the accepted rows. It is not J > 0. Source: Feng et al. 2024, arXiv 2406.07515.

    >>> helps_offline(0.3, 0.6, 0.5).item()
    False
    """
    return np.asarray(precision(rate, tpr, fpr) > 0.5)
