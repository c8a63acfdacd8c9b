"""A round's prompts with how likely each was to be asked, so that figures over them can be brought back to the pool.

Where prompts are chosen by what is believed of them, figures over the rollouts describe the prompts that were asked,
not the pool. Since they are drawn, with known chances, sums weighted by the inverse of the chance are unbiased for the
pool (Horvitz and Thompson, JASA 1952), given the belief they were drawn by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.allocation.batch import FAINT, GROUP, SHARPNESS, allocate
from freshbits.remedies.allocation.rules import expected_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.allocation.rules import Rule

STEPS, CLOSE = 100, 1e-9  # of the search for the time at which a race has as many winners as are drawn


@dataclass(frozen=True)
class Chosen:
    """Holds a round's prompts.

    Attributes:
        index: numbers of the prompts.
        rollouts: rollouts of each.
        probability: how likely each was to be asked.
    """

    index: NDArray[np.int64]
    rollouts: NDArray[np.int64]
    probability: NDArray[np.float64]


def choose(
    belief: Belief,
    budget: int,
    *,
    group: int = GROUP,
    rule: Rule = expected_variance,
    sharpness: float = SHARPNESS,
    explore: float = 0.0,
    turns: bool = False,
    barred: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Chosen:
    """Draws prompts for a budget of rollouts as `allocation.batch.allocate` does, and says how likely each was.

    Where prompts take turns, the chance is that of a draw with the same weights, by which each is asked as often in the
    long run. Prompts that are barred are not asked; their chance is 0.

    >>> from freshbits.remedies.allocation.belief import Belief
    >>> found = choose(Belief.flat(40), 80)
    >>> found.index.size, found.probability.round(2).tolist()[0]
    (10, 0.25)
    """
    shut = np.zeros(0, dtype=np.int64) if barred is None else barred
    drawn = allocate(
        belief,
        budget,
        group=group,
        rule=rule,
        sharpness=sharpness,
        explore=explore,
        turns=turns,
        barred=shut,
        seed=seed,
    )
    open_ = np.ones(drawn.drawn_by.size, dtype=bool)
    open_[shut] = False
    chance = np.zeros(open_.size)
    chance[open_] = chances(drawn.drawn_by[open_], drawn.index.size, sharpness)
    return Chosen(drawn.index, drawn.rollouts, chance[drawn.index])


def chances(score: NDArray[np.float64], count: int, sharpness: float) -> NDArray[np.float64]:
    """Computes how likely every prompt is to be among `count` that are drawn with weights score^sharpness.

    Drawing without replacement is a race: a prompt of weight w arrives at an exponential time of rate w, and the first
    `count` win. Its chance is 1 - exp(-w t), t being the time by which `count` arrive on average; the error goes with
    1 / count (Rosén, Annals of Mathematical Statistics 1972).

    Args:
        score: scores, shape (prompts,).
        count: how many are drawn.
        sharpness: of the draw; with infinity the best are certain, ties share what is left.

    >>> chances(np.array([1.0, 1.0, 1.0, 1.0]), 2, 2.0).round(3).tolist()
    [0.5, 0.5, 0.5, 0.5]
    >>> chances(np.array([0.2, 0.1, 0.1]), 2, np.inf).tolist()
    [1.0, 0.5, 0.5]
    """
    if count >= score.size:
        return np.ones(score.size)
    if np.isinf(sharpness):
        edge = np.partition(score, score.size - count)[score.size - count]
        above = score > edge
        tied = (count - int(above.sum())) / int((score == edge).sum())
        return np.asarray(np.where(above, 1.0, np.where(score == edge, tied, 0.0)), dtype=np.float64)
    log_weight = sharpness * np.log(np.maximum(score, FAINT))
    weight = np.exp(log_weight - log_weight.max())
    # How many have arrived is concave in time, so that Newton's steps come from below and never pass the root.
    time = count / weight.sum()
    for _ in range(STEPS):
        left = np.exp(-weight * time)
        missing = count - (score.size - left.sum())
        if missing < CLOSE * count:
            break
        time += missing / (weight @ left)
    return np.asarray(-np.expm1(-weight * time), dtype=np.float64)
