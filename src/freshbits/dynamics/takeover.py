"""When a feature that is paid for has taken over: its log-odds grow by about as much in every round.

A filter that accepts rollouts with the feature at a rate w and those without at a rate v multiplies its odds by w/v
in a round, if the model is refitted to what is kept (the replicator). A network goes part of that way: the step.
Group-relative updates add a step times the difference of mean advantages. Either way the growth hardly changes while
the rates do not, so it is known beforehand up to the step, and two or three logged rounds sharpen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Z = 1.6448536  # both tails of 90 %


@dataclass(frozen=True)
class Tracked:
    """Holds where a feature stands after the last logged round, and how fast it grows.

    Attributes:
        last: number of the last logged round, from 0.
        log_odds: ln of the odds of the feature among rollouts in that round.
        growth: what a round adds to it.
        covariance: of these two, shape (2, 2).
        chance: variance that each further round adds by the finite number of rows it trains on, in units of
            1 / (share (1 - share)) at the last round.
    """

    last: int
    log_odds: float
    growth: float
    covariance: NDArray[np.float64]
    chance: float


def pull(with_it: ArrayLike, without: ArrayLike) -> NDArray[np.float64]:
    """Computes what a full refit to accepted rollouts adds to the log-odds of a feature: ln(w/v).

    Exact for one round where the feature's rates are the same on all prompts. Source: the replicator (Taylor and
    Jonker 1978).

    >>> pull(0.9, [0.9, 0.45]).round(3).tolist()
    [0.0, 0.693]
    """
    w, v = shares(with_it, "acceptance with the feature"), shares(without, "acceptance without it")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(w / v))


def tracked(shown: ArrayLike, rows: ArrayLike, trained: ArrayLike, growth: float, spread: float) -> Tracked:
    """Estimates where a feature stands and how fast it grows: a random walk with a constant drift, seen by counts.

    Kalman filter over the rounds. The level of a round is ln((k + ½) / (n - k + ½)) with variance 1/(n p (1-p)); from
    round to round it gains the growth, plus the chance of training on finitely many rows, 1/(m p (1-p)).

    Args:
        shown: rollouts k that show the feature, shape (rounds,).
        rows: rollouts n of the round.
        trained: rows m that the next round was trained on.
        growth: growth that is expected beforehand (step × `pull`).
        spread: standard deviation of that expectation, above 0.

    Does not know: that growth slows down near 0 and 1 where a network goes on more slowly than odds, and that rates of
    acceptance change as the model does.

    >>> found = tracked([40, 66, 105], [640] * 3, [320] * 3, 0.4, 0.2)
    >>> found.last, round(found.log_odds, 2), round(found.growth, 2)
    (2, -1.64, 0.48)
    """
    k, n, m = (np.asarray(each, dtype=np.float64) for each in (shown, rows, trained))
    demand(spread > 0, "what is expected of the growth needs a spread.")
    demand(k.size > 0, "there is no round to go on from.")
    demand((k >= 0) & (n >= np.maximum(k, 1)) & (m >= 1), "no round can show it more often than written.")
    p = (k + 0.5) / (n + 1)
    level, odds = np.log(p / (1 - p)), 1 / (p * (1 - p))
    state = np.array([level[0], growth])
    matrix = np.diag([odds[0] / n[0], spread**2])
    move = np.array([[1.0, 1.0], [0.0, 1.0]])
    for at in range(1, k.size):
        state = move @ state
        matrix = move @ matrix @ move.T + np.diag([odds[at - 1] / m[at - 1], 0.0])
        gain = matrix[:, 0] / (matrix[0, 0] + odds[at] / n[at])
        state = state + gain * (level[at] - state[0])
        matrix = matrix - np.outer(gain, matrix[0])
    return Tracked(k.size - 1, float(state[0]), float(state[1]), matrix, float(1 / m[-1]))


def passes(found: Tracked, level: float) -> tuple[float, float, float]:
    """Returns the round in which the log-odds pass a level, with its 90 % interval; inf where growth is not above 0.

    The ends are rounds in which the level is passed at the 95 % and at the 5 % quantile of what the level may be by
    then; inf where that is never. A level that is passed already gives the last round.

    >>> found = tracked([40, 66, 105], [640] * 3, [320] * 3, 0.4, 0.2)
    >>> [round(each, 1) for each in passes(found, 0.0)]
    [5.4, 4.1, 8.9]
    """
    missing = level - found.log_odds
    if missing <= 0:
        return float(found.last), float(found.last), float(found.last)
    middle = missing / found.growth if found.growth > 0 else np.inf
    later = np.concatenate([np.linspace(0, 20, 2001), np.geomspace(20.1, 1000, 200)])
    share = 1 / (1 + np.exp(-found.log_odds))
    c = found.covariance
    width = Z * np.sqrt(
        c[0, 0] + 2 * later * c[0, 1] + later**2 * c[1, 1] + later * found.chance / (share * (1 - share))
    )
    course = found.log_odds + found.growth * later
    ends = [np.flatnonzero(course + sign * width >= level) for sign in (1, -1)]
    low, high = (float(later[end[0]]) if end.size else np.inf for end in ends)
    return found.last + float(middle), found.last + low, found.last + high
