"""What accepted rollouts alone say about truth: the part of I(C;S|Q) that filtering and retraining can use.

I(C;S|Q) = E[s D(p̃ ‖ p)] + E[(1-s) D(p̃' ‖ p)], p̃ and p̃' the share of right rollouts among accepted and rejected ones.
A filter trains on the first part; group-relative updates use both. With one channel on every rollout the first part is

    E[-s log2 s] - p̄ TPR log2(1/TPR) - (1-p̄) FPR log2(1/FPR),

which needs the spread of pass rates s (all rollouts) and two rates (labelled ones). For a perfect verifier it is
E[-p log2 p], its surprise over prompts. Source: the decomposition of mutual information by outcome, DeWeese & Meister
1999, Network 10, 325.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.channel import one_channel
from freshbits.information.entropy import UNIT
from freshbits.information.mixing import fit_weighted
from freshbits.information.resampling import estimate, folds_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from freshbits.results import Estimate

METHOD = "one channel: E[-s log2 s] less what errors cost, jackknife over prompts"
REFUTED = "; the log contradicts it, so only that they are no more than E[-s log2 s] is known"

Groups = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.uint64]"]


def surprise(share: ArrayLike) -> NDArray[np.float64]:
    """Computes -s log2 s, in bits; 0 at 0 and 1.

    >>> surprise([0.0, 0.25, 0.5, 1.0]).tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    s = np.asarray(share, dtype=np.float64)
    return np.asarray(-s * np.log2(np.where(s > 0, s, 1.0))) + 0.0


def accepted_bits(
    groups: Groups,
    verdict: NDArray[np.bool_],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates the bits about truth in accepted rollouts, per rollout sampled, with a 95 % interval over prompts.

    Exact with one TPR and FPR on every rollout; p̄ = (s̄ - FPR)/J, clipped to [0, 1]. Where prompts have channels of
    their own it is a lower bound, as -s log2 s is concave; `joint` then gives the bits themselves. Only bounds (`value`
    is None) where the formula goes below zero.

    Args:
        groups: scored rollouts, accepted rollouts and prompt key of every group of the log.
        verdict: whether the signal accepted each labelled row.
        right: whether the labelled row is right.
        weight: 1 / inclusion probability of the label.
        prompts: prompt key of each labelled row.

    Returns:
        None where |J| < .1, where no right or no wrong row is labelled, or groups have fewer than four rollouts.

    >>> q = np.arange(200, dtype=np.uint64); n = np.full(200, 8); k = np.repeat([0, 8, 4, 4], 50)
    >>> right = np.tile([True, False], 100)
    >>> found = accepted_bits((n, k, q), right, right, np.ones(200), q)
    >>> 0.2 < found.value < 0.3  # half of the prompts at s = 1/2, which is .5 bit; nought at 0 and 1
    True
    """
    n, k, keys = groups
    if np.median(n) < 4:
        return None
    one = one_channel(groups, verdict, right, weight, prompts)
    if one is None:
        return None
    grid, mass, _ = fit_weighted(n, k, np.ones(n.size), one.fold, one.folds)
    most = mass @ surprise(grid)
    noise = one.base * surprise(one.tpr) + (1 - one.base) * surprise(one.fpr)
    number, rollouts = int(np.unique(keys).size), int(n.sum())
    found = estimate(most - noise, unit=UNIT, method=METHOD, prompts=number, rollouts=rollouts, bounds=(0.0, 1.0))
    if most[0] <= noise[0]:  # no one channel explains so many errors at these pass rates
        return replace(found, value=None, low=0.0, high=float(most[0]), method=METHOD + REFUTED)
    return found


def most_accepted_bits(groups: Groups) -> Estimate:
    """Bounds the bits about truth in accepted rollouts where truth is not known: between 0 and E[-s log2 s].

    >>> q = np.arange(100, dtype=np.uint64)
    >>> found = most_accepted_bits((np.full(100, 8), np.full(100, 4), q))
    >>> found.value, found.low, 0.49 < found.high < 0.55
    (None, 0.0, True)
    """
    n, k, keys = groups
    fold = folds_of(keys)
    grid, mass, _ = fit_weighted(n, k, np.ones(n.size), fold, int(fold.max()) + 1)
    method = "no truth: at most E[-s log2 s]"
    number = int(np.unique(keys).size)
    found = estimate(mass @ surprise(grid), unit=UNIT, method=method, prompts=number, rollouts=int(n.sum()))
    return replace(found, value=None, low=0.0, high=found.value if found.high is None else found.high)
