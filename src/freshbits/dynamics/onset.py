"""When, and how likely, a shortcut that the verifier accepts overtakes the right answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, kept_rows, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def onset_round(right: ArrayLike, shortcut: ArrayLike, tpr: ArrayLike, accepted: ArrayLike) -> NDArray[np.float64]:
    """Computes the round in which the shortcut's share passes that of right answers: ln(p_t/p_s) / ln(h_s/TPR).

    At least 0; inf (never) where h_s ≤ TPR, or the model never takes the shortcut. The average J over wrong answers
    does not enter: only the pair decides.

    Args:
        right: p_t, share of right answers in round 0.
        shortcut: p_s, share of the shortcut in round 0; a wrong answer, so p_t + p_s ≤ 1.
        tpr: acceptance of right answers.
        accepted: h_s, acceptance of the shortcut.

    Without chance, for loops that filter and retrain; a lower acceptance that is tried longer is not modelled.
    Source: ratio of two replicators; systematic false positives in training are those of arXiv 2605.02909.

    >>> onset_round(0.2, 0.05, [0.7, 0.9], [1.0, 0.85]).round(2).tolist()
    [3.89, inf]
    """
    p, q, a, h = _given(right, shortcut, tpr, accepted)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.log(p / q) / np.log(h / a)
    needed = np.where((p == 0) & (q > 0), 0.0, needed)
    return np.asarray(np.where((h > a) & (q > 0), np.maximum(needed, 0.0), np.inf))


def onset_probability(
    right: ArrayLike, shortcut: ArrayLike, tpr: float, accepted: float, fpr: float, kept: ArrayLike
) -> NDArray[np.float64]:
    """Computes the probability that the shortcut is not lost by chance before it can take over.

    1 for n p_s ≥ 5; below that Kimura's u with s = ln(h_s / ā) and p = p_s, ā the mean acceptance of round 0.
    0 where `onset_round` is never.
    """
    p, q, a, h = _given(right, shortcut, tpr, accepted)
    n = kept_rows(kept)
    mean = p * a + q * h + (1 - p - q) * fpr
    pressure = 2 * n * np.log(h / mean)
    u = np.expm1(-pressure * q) / np.expm1(-pressure)
    return np.asarray(np.where((h > a) & (q > 0), np.where(n * q >= 5, 1.0, u), 0.0))


def _given(*values: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    names = ("the share of right answers", "the share of the shortcut", "TPR", "the shortcut's acceptance")
    found = np.broadcast_arrays(*(shares(value, name) for value, name in zip(values, names, strict=True)))
    demand(
        found[0] + found[1] <= 1 + 1e-12, "right answers and the shortcut exclude each other: their shares exceed 1."
    )
    return tuple(found)
