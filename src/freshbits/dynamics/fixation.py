"""Whether the right answer takes a prompt over, or is lost by chance before the verifier can help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, kept_rows, shares
from freshbits.dynamics.selection import Kept, Rule, Sampled, tilted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

WEAK, STRONG = 2.0, 9.0  # likelihood ratios up to which Kimura, from which on the founders decide
MANY = 8  # rows kept from which on the diffusion behind Kimura holds


@dataclass(frozen=True)
class Fixation:
    """Holds the probability that the right answer takes the prompt over, and the law that gave it."""

    probability: NDArray[np.float64]
    law: str


def fixation(
    rate: ArrayLike, tpr: float, fpr: float, *, kept: int | None = None, samples: int | None = None
) -> Fixation:
    """Computes the probability that only right answers are left in the end, by the law that holds there.

    Kimura's formula where 1/2 ≤ r ≤ 2 and n ≥ 8; the founder law where 9 ≤ r < ∞ (or r ≤ 1/9); the operator of
    `selection` otherwise and where FPR = 0. n is `kept`, or N (TPR p + FPR (1-p)) where N rollouts are sampled.

    Args:
        rate: pass rate p of the prompt, any shape.
        tpr: P(accepted | right).
        fpr: P(accepted | wrong).
        kept: rows kept per prompt and round (rollouts are drawn until there are that many).
        samples: rollouts per prompt and round, of which the accepted are kept. Give one of the two.

    >>> found = fixation([0.0, 0.02, 1.0], 0.6, 0.5, kept=100)
    >>> found.probability.round(3).tolist(), found.law
    ([0.0, 0.518, 1.0], 'Kimura')
    """
    p = shares(rate, "the pass rate")
    shares([tpr, fpr], "TPR and FPR")
    demand(tpr > 0 or fpr > 0, "a verifier that accepts nothing trains nothing.")
    demand((kept is None) != (samples is None), "give either the rows kept or the rollouts sampled.")
    ratio = tpr / fpr if fpr > 0 else np.inf
    rows = np.full(p.shape, float(kept)) if kept is not None else (samples or 0) * (tpr * p + fpr * (1 - p))
    if 1 / WEAK <= ratio <= WEAK and (rows >= MANY).all():
        return Fixation(kimura(p, ratio, rows), "Kimura")
    if (STRONG <= ratio < np.inf or 0 < ratio <= 1 / STRONG) and (rows >= 1).all():
        return Fixation(founders(p, ratio, rows), "founders")
    rule: Rule = Kept(kept, ratio) if kept is not None else Sampled(int(samples or 0), tpr, fpr)
    return Fixation(absorbed(rule, p), "operator")


def kimura(rate: ArrayLike, ratio: ArrayLike, kept: ArrayLike) -> NDArray[np.float64]:
    """Computes the probability of fixation under weak selection: (1 - e^{-2 n s p}) / (1 - e^{-2 n s}), s = ln r.

    The diffusion limit: r between 1/2 and 2 and n ≥ 8. What decides is 2 n s p, rows kept × log-ratio of the verifier
    × pass rate: at 1 the right answer still dies in 37 % of loops, at 3 in 5 %. p for r = 1.
    Source: Kimura 1962, Genetics 47.

    >>> kimura(0.02, [1.0, 1.1, 1.2], 100).round(3).tolist()
    [0.02, 0.317, 0.518]
    """
    p, r = shares(rate, "the pass rate"), np.asarray(ratio, dtype=np.float64)
    demand((r >= 1 / WEAK) & (r <= WEAK), "Kimura's formula needs a likelihood ratio between 1/2 and 2.")
    demand(np.asarray(kept, dtype=np.float64) >= MANY, "Kimura's formula needs at least 8 rows kept per round.")
    p, pressure = np.broadcast_arrays(p, 2 * kept_rows(kept) * np.log(r))
    flat = np.abs(pressure) < 1e-9
    # e^x of a large x overflows: a negative pressure on right answers is a positive one on wrong answers.
    size = np.where(flat, 1.0, np.abs(pressure))
    top = np.where(pressure >= 0, -np.expm1(-size * p), np.exp(-size * (1 - p)) * -np.expm1(-size * p))
    return np.asarray(np.where(flat, p, top / -np.expm1(-size)))


def founders(rate: ArrayLike, ratio: ArrayLike, kept: ArrayLike) -> NDArray[np.float64]:
    """Computes the probability of fixation under strong selection: 1 - (1 - p̃)^n, p̃ = r p / (r p + 1 - p).

    One right row among the first kept is enough. For 9 ≤ r < ∞; for r ≤ 1/9 it is p̃^n, by symmetry.
    Source: the first generation of a branching process with many offspring (Haldane 1927).

    >>> founders([0.01, 0.1], 9.0, 8).round(3).tolist()
    [0.501, 0.996]
    """
    r, n = np.asarray(ratio, dtype=np.float64), kept_rows(kept)
    demand((r >= STRONG) | (r <= 1 / STRONG), "the founder law needs a likelihood ratio of at least 9 or at most 1/9.")
    demand(np.isfinite(r) & (r > 0), "without false positives, or without true ones, use the operator.")
    share = tilted(rate, r)
    return np.asarray(np.where(r > 1, 1 - (1 - share) ** n, share**n))


def absorbed(rule: Rule, rate: ArrayLike) -> NDArray[np.float64]:
    """Computes the probability that a prompt ends with nothing but right answers, by the operator.

    Solves u = T u with u(0) = 0 and u(1) = 1 on the grid of the rule. Re-corruption leaves no state in which a loop
    could stay and is refused.

    >>> absorbed(Kept(8, 1.0), [0.25, 0.5]).round(6).tolist()  # no selection: the share itself
    [0.25, 0.5]
    """
    demand(getattr(rule, "recorruption", 0.0) == 0, "with recorruption no answer stays for ever.")
    p = shares(rate, "the pass rate")
    step = rule.after(rule.grid)
    inner = slice(1, rule.grid.size - 1)
    ends = np.zeros(rule.grid.size)
    ends[-1] = 1.0
    if rule.grid.size > 2:
        ends[inner] = np.linalg.solve(np.eye(rule.grid.size - 2) - step[inner, inner], step[inner, -1])
    found = np.where(p.ravel() >= 1, 1.0, rule.after(p.ravel()) @ np.clip(ends, 0.0, 1.0))
    return np.asarray(np.where(p.ravel() <= 0, 0.0, found).reshape(p.shape))
