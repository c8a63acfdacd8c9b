"""When, and how likely, a shortcut that the verifier accepts overtakes the right answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.fixation import exponent
from freshbits.dynamics.regime import demand, kept_rows, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SURE = 5.0  # rows times exponent from which on a grown shortcut is no longer lost
AHEAD = 1000  # rounds over which right answers rise before growth is taken to be constant


def onset_round(right: ArrayLike, shortcut: ArrayLike, tpr: ArrayLike, accepted: ArrayLike) -> NDArray[np.float64]:
    """Computes the round in which the shortcut's share passes that of right answers: ln(p_t/p_s) / ln(h_s/TPR).

    At least 0; inf (never) where h_s ≤ TPR, or the model never takes the shortcut. The average J over wrong answers
    does not enter: only the pair decides.

    Args:
        right: p_t, share of right answers in round 0.
        shortcut: p_s, share of the shortcut in round 0; a wrong answer, so p_t + p_s ≤ 1.
        tpr: acceptance of right answers.
        accepted: h_s, acceptance of the shortcut.

    Without chance, for loops that filter and retrain. The median of simulated loops is within one round (10 % where
    that is more) of it, rounded up, where `onset_probability` ≥ .95; where the shortcut is usually lost, the loops in
    which it is not lost are early ones.
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

    1 - (1 - g_0 p_s σ_1)^n. The line of one row dies out by round t with σ_t = 1 - exp(-g_t σ_{t+1}), a branching
    process whose growth g_t = h_s / ā_t falls while right answers raise the mean acceptance ā_t of the rest (the
    replicator); σ_∞ belongs to g_∞ = h_s / max(TPR, FPR). 0 where `onset_round` is never.

    Kimura's formula with the mean acceptance of round 0 is the wrong law here: it takes g_0 to last and promises up
    to twice as much; n p_s ≥ 5 does not make the onset certain either (.49 at p_t = .8, p_s = .02, TPR .9, h_s .95,
    n = 256).

    Args:
        right: p_t, share of right answers in round 0.
        shortcut: p_s, share of the shortcut in round 0.
        tpr: acceptance of right answers.
        accepted: h_s, acceptance of the shortcut.
        fpr: acceptance of all other wrong answers, below h_s.
        kept: rows n kept per prompt and round.

    For n c ≥ 5, c = `fixation.exponent`(h_s / TPR), refused elsewhere: within .5 % of simulated loops in the median
    cell, 4 % in nine of ten, 10 % in the worst (n = 4).
    Source: branching processes in varying environments (Haldane 1927; Haccou, Jagers and Vatutin 2005).

    >>> onset_probability(0.2, [0.05, 0.01], 0.9, 1.0, 0.1, 64).round(2).tolist()
    [0.94, 0.47]
    """
    p, q, a, h = _given(right, shortcut, tpr, accepted)
    n, b = kept_rows(kept), float(shares(fpr, "FPR"))
    p, q, a, h, n = np.broadcast_arrays(p, q, a, h, n)
    demand(h > b, "the shortcut has to be accepted more often than other wrong answers.")
    never = (h <= a) | (q == 0)
    demand(never | (n * exponent(h / np.maximum(a, 1e-300)) >= SURE), "so few rows leave even the last word to chance.")
    mean = a * p + h * q + b * (1 - p - q)
    share = p / np.where(q < 1, 1 - q, 1.0)  # of right answers among all but the shortcut
    growth = []
    for _ in range(AHEAD):
        growth.append(h / (a * share + b * (1 - share)))
        share = a * share / np.where(growth[-1] > 0, h / growth[-1], 1.0)
    lasting = -np.expm1(-exponent(np.where(never, 2.0, growth[-1])))
    for rate in growth[:0:-1]:
        lasting = -np.expm1(-rate * lasting)
    return np.asarray(np.where(never, 0.0, 1 - (1 - np.minimum(h * q / mean, 1.0) * lasting) ** n))


def _given(*values: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    names = ("the share of right answers", "the share of the shortcut", "TPR", "the shortcut's acceptance")
    found = np.broadcast_arrays(*(shares(value, name) for value, name in zip(values, names, strict=True)))
    demand(
        found[0] + found[1] <= 1 + 1e-12, "right answers and the shortcut exclude each other: their shares exceed 1."
    )
    return tuple(found)
