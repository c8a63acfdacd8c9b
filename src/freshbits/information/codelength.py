"""Code lengths under the model's own state: what one rollout says, from its verdict to its full text, in bits.

One currency for the rungs of a ladder: the expected number of bits that name the verdict, the answer class or the
whole text to someone who knows the model. A class is a function of the text, so H(class|Q) <= H(text|Q), and the rest
is spent on how the answer is worded. Averages are over groups, each counting alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT
from freshbits.information.resampling import LEVEL, estimate, folds_of, leave_out
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST, MANY = 8, 16  # rollouts per group: below 8 a lower bound, from 16 nearly unbiased
SLACK_FEW, SLACK_MANY = 0.15, 0.06  # largest bias measured, bits


def class_bits(
    group: NDArray[np.uint64], answer_class: NDArray[np.uint64], prompts: NDArray[np.uint64]
) -> Estimate | None:
    """Estimates the expected code length of the answer class, H([Y]_π|Q), in bits per rollout.

    Per group of n rollouts with class counts X_i: Σ X_i/n Σ_{k=X_i}^{n-1} 1/k, which lacks only what classes that were
    never sampled would add; that is filled in from the Good-Turing mass, with f1, f2 classes seen once and twice and
    A = 2 f2 / ((n-1) f1 + 2 f2) the unseen mass shared by as many rare classes as Chao1 says (nats to bits).

    Groups of one say nothing and are left out. From 16 rollouts per group the value is up to .06 bit off, from 8 up to
    .15 (the interval is widened by it). With fewer only a lower bound is given, from the first term alone, whose
    expectation is never above the entropy.

    Returns:
        None where fewer than two prompts have a group of two or more.

    References: Chao, Wang & Jost, Methods Ecol. Evol. 4 (2013) 1091.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(400), 8).astype(np.uint64)
    >>> round(class_bits(q, rng.integers(0, 4, q.size).astype(np.uint64), q).value, 1)  # four equal classes
    2.0
    """
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    keys = np.stack([place.astype(np.uint64), answer_class], axis=1)
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    owner = place[first]
    n = size[owner]
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, int(size.max()) + 1))])
    seen = np.bincount(owner, weights=counts / n * (harmonic[n - 1] - harmonic[counts - 1]), minlength=size.size)
    once = np.bincount(owner[counts == 1], minlength=size.size)
    twice = np.bincount(owner[counts == 2], minlength=size.size)
    several = size >= 2
    if not several.any():
        return None
    few = float(np.median(size[several])) < FEWEST
    nats = seen if few else seen + _unseen(once, twice, size)
    of_group = np.zeros(size.size, dtype=np.uint64)
    of_group[place] = prompts
    median = float(np.median(size[several]))
    found = _mean(
        nats[several] / np.log(2),
        of_group[several],
        int(size[several].sum()),
        "Good-Turing (Chao-Wang-Jost)",
        0.0 if few else SLACK_MANY if median >= MANY else SLACK_FEW,
    )
    if found is None or not few:
        return found
    return replace(found, value=None, high=None, method=found.method + "; few rollouts per group: lower bound")


def text_bits(logprob: NDArray[np.float64], group: NDArray[np.uint64], prompts: NDArray[np.uint64]) -> Estimate | None:
    """Estimates the expected code length of the full text, E -log2 P_Z(y|q), from logged log-probabilities.

    Log-probabilities are natural and summed over the completion; rows without one (NaN) are left out, so that they
    must be missing for reasons that do not depend on the text. Unbiased for H(Y|Q) where the model that gives the
    probabilities is the one that sampled; else it is the cross-entropy, and for a reference text its code length.

    >>> q = np.arange(20, dtype=np.uint64)
    >>> text_bits(np.full(20, -np.log(2.0)), q, q).value
    1.0
    """
    known = ~np.isnan(logprob)
    if not known.any():
        return None
    _, place = np.unique(group[known], return_inverse=True)
    size = np.bincount(place)
    bits = np.bincount(place, weights=-logprob[known] / np.log(2)) / size
    of_group = np.zeros(size.size, dtype=np.uint64)
    of_group[place] = prompts[known]
    return _mean(bits, of_group, int(known.sum()), "mean of -log2 of the logged probability")


def within_class_bits(
    group: NDArray[np.uint64],
    answer_class: NDArray[np.uint64],
    text: NDArray[np.uint64],
    prompts: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates log2 M, with M the effective number of texts per answer class: bits spent on the wording.

    1/M = P(two rollouts of one prompt and class have the same text), over all such pairs. M is an inverse Simpson
    number, so log2 M is at most the entropy of the wording, and equal to it where all wordings are equally likely.
    Where no two texts agree only a lower bound is known.

    Returns:
        None where no prompt has two rollouts of one class.

    References: Hill, Ecology 54 (1973) 427.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(300), 8).astype(np.uint64)
    >>> one = np.zeros(q.size, dtype=np.uint64)
    >>> round(within_class_bits(q, one, rng.integers(0, 16, q.size).astype(np.uint64), q).value, 1)
    4.0
    """
    cell, of_cell, size = _pairs(group, answer_class, prompts)
    _, of_text, equal = _pairs(cell, text, prompts)
    fold = folds_of(np.concatenate([of_cell, of_text]))
    folds = int(fold.max()) + 1
    possible = _left_out(size * (size - 1.0), fold[: of_cell.size], folds)
    agreeing = _left_out(equal * (equal - 1.0), fold[of_cell.size :], folds)
    if folds < 2 or (possible <= 0).any():
        return None
    number = int(np.unique(of_cell[size > 1]).size)
    method = "log2 of the effective number of texts per class, from pairs"
    if (agreeing <= 0).any():
        edge = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / number)  # prompts as trials
        bound = -float(np.log2(max(edge, float(agreeing[0] / possible[0]))))
        return Estimate(
            None, bound, None, LEVEL, UNIT, method + "; too few texts agree: lower bound", number, text.size
        )
    return estimate(-np.log2(agreeing / possible), unit=UNIT, method=method, prompts=number, rollouts=int(text.size))


def _pairs(
    one: NDArray[np.uint64], two: NDArray[np.uint64], prompts: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Returns (number of each row's pair of keys, the prompt of each pair, how often each pair occurs)."""
    _, first, number, counts = np.unique(
        np.stack([one, two], axis=1), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return number.ravel().astype(np.uint64), prompts[first], counts


def _left_out(values: NDArray[np.float64], fold: NDArray[np.intp], folds: int) -> NDArray[np.float64]:
    """Returns the sum of all values, then without each fold."""
    by_fold = np.bincount(fold, weights=values, minlength=folds)
    return np.concatenate([[values.sum()], values.sum() - by_fold])


def _unseen(once: NDArray[np.int64], twice: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns what unseen classes add to the entropy, in nats: f1/n (1-A)^(1-n) (-ln A - Σ_{r<n} (1-A)^r / r)."""
    found = np.zeros(n.size)
    # Without a class seen twice, the bias-corrected form counts one more (Chao, Wang & Jost, eq. 7).
    double = np.where(twice > 0, 2 * twice, 2.0)
    single = np.where(twice > 0, once, np.maximum(once - 1, 0.0))
    share = np.where(once > 0, double / np.maximum((n - 1) * single + double, 1e-12), 1.0)
    for i in np.flatnonzero((once > 0) & (share < 1) & (n > 1)):
        powers = np.arange(1, int(n[i]))
        rest = 1.0 - float(share[i])
        tail = -np.log(share[i]) - float((rest**powers / powers).sum())
        found[i] = once[i] / n[i] * rest ** (1 - int(n[i])) * max(float(tail), 0.0)
    return found


def _mean(
    values: NDArray[np.float64], prompts: NDArray[np.uint64], rollouts: int, method: str, slack: float = 0.0
) -> Estimate | None:
    if np.unique(prompts).size < 2:
        return None
    weights = leave_out(folds_of(prompts))
    return estimate(
        (weights @ values) / weights.sum(axis=1),
        unit=UNIT,
        method=method + ", jackknife over prompts",
        prompts=int(np.unique(prompts).size),
        rollouts=rollouts,
        slack=slack,
    )
