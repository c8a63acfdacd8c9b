"""One batch: which prompts, how many rollouts of each, for a budget of verifier calls that is spent to the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.rules import expected_variance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.allocation.rules import Rule

GROUP = 8
SMALLEST = 2  # rollouts below which nothing is compared


@dataclass(frozen=True)
class Allocation:
    """Says which prompts are asked, and how often.

    Attributes:
        index: numbers of the prompts, best first.
        rollouts: rollouts of each; their sum is the budget.
        expected: within-group sum of squares to be expected of each group, (n - 1) times the rule's score.
    """

    index: NDArray[np.int64]
    rollouts: NDArray[np.int64]
    expected: NDArray[np.float64]

    @property
    def calls(self) -> int:
        """Verifier calls that are spent."""
        return int(self.rollouts.sum())


def allocate(
    belief: Belief,
    budget: int,
    *,
    group: int = GROUP,
    rule: Rule = expected_variance,
    seed: int = 0,
    barred: ArrayLike = (),
) -> Allocation:
    """Chooses the prompts with the highest scores, `group` rollouts of each; equal ones are drawn by lot.

    Where the budget is no multiple of the group, the prompts that come first get one rollout more; a budget below one
    group is one smaller group. A budget that all prompts together cannot take is spent in larger groups.

    Args:
        belief: what is believed of each prompt.
        budget: rollouts, and so verifier calls, in all.
        group: rollouts per prompt.
        rule: scores prompts by a and b.
        seed: of the lots that are drawn among equal scores.
        barred: numbers of prompts that are not to be asked.

    Raises:
        InputError: if the budget or the group is below 2, or all prompts are barred.

    >>> from freshbits.remedies.allocation.belief import Belief
    >>> belief = Belief.flat(4).observe([0, 1, 2], [8, 4, 0], [8, 8, 8])
    >>> chosen = allocate(belief, 17)
    >>> chosen.index.tolist(), chosen.rollouts.tolist()
    ([1, 3], [9, 8])
    """
    check(budget, group)
    score = np.asarray(rule(belief.a, belief.b), dtype=np.float64)
    open_ = np.ones(len(score), dtype=bool)
    open_[np.asarray(barred, dtype=np.int64).reshape(-1)] = False
    many = int(open_.sum())
    if not many:
        raise InputError("every prompt is barred", mend="leave some prompts to ask")
    count = min(max(budget // group, 1), many)
    chosen = best(np.where(open_, score, -np.inf), count, seed)
    rollouts = np.full(count, budget // count, dtype=np.int64)
    rollouts[: budget - int(rollouts.sum())] += 1
    return Allocation(chosen, rollouts, (rollouts - 1) * score[chosen])


def check(budget: int, group: int) -> None:
    """Raises an `InputError` for a budget or a group in which nothing can be compared."""
    if budget < SMALLEST:
        raise InputError(f"a budget of {budget} rollouts compares nothing", mend="give 2 or more")
    if group < SMALLEST:
        raise InputError(f"a group of {group} rollouts compares nothing", mend="give 2 or more")


def best(score: NDArray[np.float64], count: int, seed: int) -> NDArray[np.int64]:
    """Returns the numbers of the highest scores, highest first; ties in an order drawn by the seed.

    >>> best(np.array([0.1, 0.3, 0.2]), 2, 0).tolist()
    [1, 2]
    """
    lots = np.random.default_rng(seed).permutation(len(score))
    if count < len(score):  # a partial sort first: scores are many, chosen ones few; every tie at the edge stays in
        edge = np.partition(score, len(score) - count)[len(score) - count]
        lots = lots[score[lots] >= edge]
    return np.asarray(lots[np.argsort(-score[lots], kind="stable")][:count], dtype=np.int64)
