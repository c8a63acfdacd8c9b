"""Whether the right answer takes a prompt over, or is lost by chance before the verifier can help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, kept_rows, shares
from freshbits.dynamics.selection import Kept, Rule, Sampled, tilted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

STRONG = 9.0  # likelihood ratio from which on the first kept rows decide
MANY = 8  # rows kept from which on Kimura's formula holds


@dataclass(frozen=True)
class Fixation:
    """Holds the probability that the right answer takes the prompt over, and the law that gave it."""

    probability: NDArray[np.float64]
    law: str


def fixation(
    rate: ArrayLike, tpr: float, fpr: float, *, kept: int | None = None, samples: int | None = None
) -> Fixation:
    """Computes the probability that only right answers are left in the end, by the law that holds there.

    Rows kept: Kimura's formula where 1 ≤ r < 9 and n ≥ 8, the founder law where 9 ≤ r < ∞, the operator of
    `selection` otherwise (r < 1, n < 8, FPR = 0). Rollouts sampled: the operator always, because the number kept is
    random and a round that keeps nothing changes nothing.

    Args:
        rate: pass rate p of the prompt, any shape.
        tpr: P(accepted | right).
        fpr: P(accepted | wrong).
        kept: rows kept per prompt and round (rollouts are drawn until there are that many).
        samples: rollouts per prompt and round, of which the accepted are kept. Give one of the two.

    A perfect verifier over sampled rollouts never fixes a wrong answer: 1 wherever p > 0, though it may take long.

    >>> found = fixation([0.0, 0.02, 1.0], 0.6, 0.5, kept=100)
    >>> found.probability.round(3).tolist(), found.law
    ([0.0, 0.529, 1.0], 'Kimura')
    """
    p = shares(rate, "the pass rate")
    shares([tpr, fpr], "TPR and FPR")
    demand(tpr > 0 or fpr > 0, "a verifier that accepts nothing trains nothing.")
    demand((kept is None) != (samples is None), "give either the rows kept or the rollouts sampled.")
    if samples is not None or kept is None:
        return Fixation(absorbed(Sampled(samples or 0, tpr, fpr), p), "operator")
    ratio = tpr / fpr if fpr > 0 else np.inf
    if 1 <= ratio < STRONG and kept >= MANY:
        return Fixation(kimura(p, ratio, kept), "Kimura")
    if STRONG <= ratio < np.inf:
        return Fixation(founders(p, ratio, kept), "founders")
    return Fixation(absorbed(Kept(kept, ratio), p), "operator")


def control_number(rate: ArrayLike, ratio: ArrayLike, kept: ArrayLike) -> NDArray[np.float64]:
    """Computes 2 n s p, s = ln r: what decides between the verifier and chance.

    Rows kept × log-ratio of the verifier × pass rate. At 1 the right answer still dies in about 37 % of loops, at 3 in
    5 %; far below 1 chance decides and the verifier hardly matters. Negative for r < 1. Source: Kimura 1962.

    >>> control_number(0.02, 1.2, 100).round(2).item()
    0.73
    """
    r = np.asarray(ratio, dtype=np.float64)
    demand(r > 0, "a verifier that accepts no right answer has no log-ratio.")
    return np.asarray(2 * kept_rows(kept) * np.log(r) * shares(rate, "the pass rate"))


def kimura(rate: ArrayLike, ratio: ArrayLike, kept: ArrayLike) -> NDArray[np.float64]:
    """Computes the probability of fixation (1 - e^{-c n p}) / (1 - e^{-c n}), where 1 - e^{-c} = c / r.

    Kimura's formula with the exponent c of the branching process in place of its small-r limit 2 ln r, which is 12 %
    low at r = 2. Against the exact operator: within 3 % for 1 ≤ r < 9 and n ≥ 8, the regime; p for r = 1.
    Source: Kimura 1962, Genetics 47; the exponent by Haldane 1927, Proc. Cambridge Phil. Soc. 23.

    >>> kimura(0.02, [1.0, 1.1, 1.2], 100).round(3).tolist()
    [0.02, 0.321, 0.529]
    """
    p, r = shares(rate, "the pass rate"), np.asarray(ratio, dtype=np.float64)
    demand((r >= 1) & (r < STRONG), "Kimura's formula holds for likelihood ratios from 1 to 9.")
    demand(np.asarray(kept, dtype=np.float64) >= MANY, "Kimura's formula needs at least 8 rows kept per round.")
    p, pressure = np.broadcast_arrays(p, kept_rows(kept) * exponent(r))
    flat = pressure < 1e-9
    size = np.where(flat, 1.0, pressure)
    return np.asarray(np.where(flat, p, np.expm1(-size * p) / np.expm1(-size)))


def exponent(ratio: ArrayLike) -> NDArray[np.float64]:
    """Computes c ≥ 0 with 1 - e^{-c} = c / r: 1 - e^{-c} is the chance that the line of one row never dies out.

    Every row leaves a Poisson number of rows with mean r. 0 for r ≤ 1; about 2 ln r for r near 1, r for large r.
    Source: Haldane 1927.

    >>> exponent([1.0, 1.02, 2.0, 20.0]).round(3).tolist()
    [0.0, 0.04, 1.594, 20.0]
    """
    from scipy.special import lambertw

    r = np.maximum(np.asarray(ratio, dtype=np.float64), 1.0)
    demand(np.isfinite(r), "without false positives one right row is enough: use the operator.")
    near = r < 1 + 1e-5  # W has its branch point at r = 1
    by_lambert = r + np.real(lambertw(-np.where(near, 2.0, r) * np.exp(-np.where(near, 2.0, r))))
    return np.asarray(np.where(near, 2 * (r - 1), by_lambert))


def founders(rate: ArrayLike, ratio: ArrayLike, kept: ArrayLike) -> NDArray[np.float64]:
    """Computes the probability of fixation under strong selection: 1 - (1 - p̃)^n, p̃ = r p / (r p + 1 - p).

    One right row among the first kept is enough. Against the exact operator: within 1.2 % for 9 ≤ r < ∞ and every n,
    the regime (4 % from r = 5 on). Source: the first generation of the branching process of Haldane 1927.

    >>> founders([0.01, 0.1], 9.0, 8).round(3).tolist()
    [0.501, 0.996]
    """
    r, n = np.asarray(ratio, dtype=np.float64), kept_rows(kept)
    demand(r >= STRONG, "the founder law needs a likelihood ratio of at least 9.")
    demand(np.isfinite(r), "without false positives one right row is enough: use the operator.")
    return np.asarray(1 - (1 - tilted(rate, r)) ** n)


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
