"""Group-relative updates without chance: the replicator whose step is fitted to two logged rounds.

How far one update moves a policy depends on learning rate, clipping, batch and network; nothing in a configuration
file says it. So there is no nominal forecast: two rounds of the same prompts come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, past, shares
from freshbits.dynamics.verifier import youden

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def push(rate: ArrayLike, tpr: float, fpr: float, *, divided: bool = True) -> NDArray[np.float64]:
    """Computes what one unit of step adds to the log-odds of the right answer: J p(1-p) / σ.

    σ = √(s(1-s)), s = p TPR + (1-p) FPR, where advantages are divided by the group's standard deviation (GRPO), else
    1 (Dr. GRPO, RLOO). For a softmax policy over one right and one wrong answer it is half the exact mean gradient of
    the log-odds; with more answers the other half depends on how their shares are spread, which the fitted step takes
    up. 0 where the verdict is constant. Source: Rad et al. 2026, arXiv 2601.04411.

    >>> push([0.0, 0.5], 1.0, 0.0).tolist(), push(0.5, 0.9, 0.1, divided=False).round(3).item()
    ([0.0, 0.5], 0.2)
    """
    p = shares(rate, "the pass rate")
    s = p * tpr + (1 - p) * fpr
    spread = np.sqrt(s * (1 - s)) if divided else np.ones_like(p)
    force = youden(tpr, fpr) * p * (1 - p)
    return np.asarray(np.where(spread > 0, force / np.where(spread > 0, spread, 1.0), 0.0))


def advance(
    rate: ArrayLike, step: float, tpr: float, fpr: float, rounds: int, *, divided: bool = True
) -> NDArray[np.float64]:
    """Computes the pass rate in rounds 0 … t: logit p' = logit p + step · push(p). Shape (rounds + 1, *rate.shape).

    Without chance. With the step fitted to rounds 0 and 2, rounds 5 to 20 of simulated softmax policies are within 5 %
    in the median cell and 9 % in the worst, for groups of 8 or more and steps up to 2 (learning rate times group mean);
    smaller groups and larger steps lock prompts in by chance, and the law promises up to 30 % too much. Assumptions
    and source as `push`.

    >>> advance([0.1, 0.5], 2.0, 1.0, 0.0, 2).round(3)[:, 1].tolist()
    [0.5, 0.731, 0.868]
    """
    p = shares(rate, "the pass rate")
    demand(np.isfinite(step), "the step has to be a number.")
    found = [p]
    for _ in range(int(past(rounds))):
        p = found[-1]
        grown = p * np.exp(np.clip(step * push(p, tpr, fpr, divided=divided), -700.0, 700.0))
        found.append(np.clip(grown / (grown + 1 - p), 0.0, 1.0))  # rounding can pass 1
    return np.stack(found)


def fitted_step(
    rate: ArrayLike, later: float, tpr: float, fpr: float, *, rounds: int = 1, divided: bool = True
) -> float:
    """Fits the step with which `advance` carries prompts from their pass rates to a later mean pass rate.

    By bisection; the mean after `rounds` rounds grows with the step. Negative where it fell though J > 0.

    Args:
        rate: pass rates in the first round, any shape, equally weighted.
        later: mean pass rate `rounds` later.
        tpr: P(accepted | right).
        fpr: P(accepted | wrong).
        rounds: how many rounds lie between the two, at least one.
        divided: as in `push`.

    Raises:
        OutOfRegimeError: if J = 0, or no step up to 1000 gets there.

    >>> step = fitted_step([0.3, 0.6], 0.5, 0.9, 0.1, rounds=3)
    >>> advance([0.3, 0.6], step, 0.9, 0.1, 3)[-1].mean().round(6).item()
    0.5
    """
    demand(past(rounds) >= 1, "one round has no step: two logged rounds are needed.")
    demand(youden(tpr, fpr) != 0, "with J = 0 there is no direction to step into.")
    sign = 1.0 if tpr > fpr else -1.0

    def mean(step: float) -> float:
        return float(advance(rate, sign * step, tpr, fpr, rounds, divided=divided)[-1].mean())

    low, high = -1000.0, 1000.0
    demand(mean(low) <= later <= mean(high), "no step carries these pass rates to that mean.")
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < later else (low, middle)
    return sign * (low + high) / 2
