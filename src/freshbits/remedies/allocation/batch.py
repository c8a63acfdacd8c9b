"""One batch: which prompts, how many rollouts of each, for a budget of verifier calls that is spent to the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.rules import expected_variance, information

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.allocation.rules import Rule

GROUP = 8
SHARPNESS = 2.0  # a flat optimum on simulated learners: 1 to 4 come to the same within a few per cent
FAINT = 1e-9  # scores below are drawn as this
LOTS = 1e-6  # of the lots that part prompts with equal scores and waits
SMALLEST = 2  # rollouts below which nothing is compared
MOST_GROUPS = 8  # for one prompt of one batch
STEEPEST = 50.0  # stands for an infinite sharpness where sizes are shared out


@dataclass(frozen=True)
class Allocation:
    """Says which prompts are asked, and how often.

    Attributes:
        index: numbers of the prompts, best first.
        rollouts: rollouts of each; their sum is the budget.
        expected: within-group sum of squares to be expected of each group, (n - 1) times the rule's score.
        drawn_by: what every prompt, asked or not, was drawn by: the score, trusted as far as it may be, with the
            information in it where that counts.
    """

    index: NDArray[np.int64]
    rollouts: NDArray[np.int64]
    expected: NDArray[np.float64]
    drawn_by: NDArray[np.float64]

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
    sharpness: float = SHARPNESS,
    explore: float = 0.0,
    turns: bool = False,
    seed: int = 0,
    barred: ArrayLike = (),
) -> Allocation:
    """Draws prompts without replacement, each as likely as its score to the power `sharpness`; `group` rollouts each.

    Drawn, not the best ones taken: the best ones of one step are mostly those of the last, a policy that is trained on
    few prompts learns them and no others, and prompts that stay mixed whatever is trained (contradictory ones) would
    hold the budget for good. In a loop say `turns=True`: prompts with the highest score^sharpness · updates waited are
    taken, so each is asked about in proportion to score^sharpness, too, but without the draw's repeats and gaps; where
    nothing tells prompts apart, every prompt is asked once before any is asked again.

    Scores are first drawn towards their mean as far as the belief's track says that they foretell nothing. With
    `explore`, they are multiplied by what a rollout says about its prompt, to that power: for prompts that come again.

    Where the budget is no multiple of the group, the prompts that come first get one rollout more; a budget below one
    group is one smaller group. A budget that has a group for every prompt is spent on all, in groups that are larger
    where the score is higher (`sizes`); taking turns, alike until there are two groups for every prompt.

    Args:
        belief: what is believed of each prompt.
        budget: rollouts, and so verifier calls, in all.
        group: rollouts per prompt.
        rule: scores prompts by a and b.
        sharpness: 0 is uniform, 1 in proportion to the score, infinity takes the best.
        explore: power of the information h(E[p]) - E[h(p)] in the score; 0 where what is learned is not used again.
        turns: whether prompts take turns, by how long they have waited, instead of being drawn.
        seed: of the draw, or of the lots between equals; another for every step.
        barred: numbers of prompts that are not to be asked.

    Raises:
        InputError: if the budget or the group is below 2, sharpness is below 0, or all prompts are barred.

    >>> from freshbits.remedies.allocation.belief import Belief
    >>> belief = Belief.flat(4).observe([0, 1, 2], [80, 40, 0], [80, 80, 80]).moved()
    >>> chosen = allocate(belief, 17, turns=True)
    >>> sorted(chosen.index.tolist()), chosen.rollouts.tolist()
    ([1, 3], [9, 8])
    """
    check(budget, group)
    if not sharpness >= 0:
        raise InputError(f"sharpness {sharpness:g} would prefer what carries nothing", mend="give 0 or more")
    score = np.asarray(rule(belief.a, belief.b), dtype=np.float64)
    open_ = np.ones(len(score), dtype=bool)
    open_[np.asarray(barred, dtype=np.int64).reshape(-1)] = False
    many = int(open_.sum())
    if not many:
        raise InputError("every prompt is barred", mend="leave some prompts to ask")
    count = min(max(budget // group, 1), many)
    trusted = weighed(belief, score, open_, explore)
    waited = belief.waited if turns else None
    chosen = drawn(np.where(open_, trusted, -np.inf), count, sharpness, seed, waited)
    # A choice among prompts is made by then, and a loop that takes turns wants groups of one size.
    alike = count < many or (turns and budget < 2 * group * count)
    rollouts = sizes(trusted[chosen], budget, group, 0.0 if alike else sharpness)
    return Allocation(chosen, rollouts, (rollouts - 1) * score[chosen], trusted)


def weighed(
    belief: Belief, score: NDArray[np.float64], open_: NDArray[np.bool_], explore: float
) -> NDArray[np.float64]:
    """Computes what prompts are drawn by: score · information^explore, less differences that are not to be trusted.

    Args:
        belief: what is believed of each prompt.
        score: the rule's.
        open_: which prompts may be asked; the mean is taken over these.
        explore: power of the information.
    """
    if explore > 0:
        score = score * information(belief.a, belief.b) ** explore
    middle = float(score[open_].mean())
    return np.asarray(middle + belief.track.trust * (score - middle))


def sizes(score: NDArray[np.float64], budget: int, group: int, sharpness: float) -> NDArray[np.int64]:
    """Returns how often each chosen prompt is asked: all alike, unless the budget has a group or more for every one.

    Then each gets a pair, which keeps all prompts under observation, and what is left goes in proportion to
    score^sharpness, up to eight groups for one prompt.

    >>> sizes(np.array([0.2, 0.1]), 15, 8, 2.0).tolist(), sizes(np.array([0.2, 0.1, 0.0]), 48, 8, 2.0).tolist()
    ([8, 7], [36, 10, 2])
    """
    count = score.size
    if budget < group * count:
        found = np.full(count, budget // count, dtype=np.int64)
        found[: budget - int(found.sum())] += 1
        return found
    share = np.minimum(sharpness, STEEPEST) * np.log(np.maximum(score, FAINT))
    share = np.exp(share - share.max())
    most = max(MOST_GROUPS * group, -(-budget // count)) - SMALLEST
    rest = float(budget - SMALLEST * count)
    given = np.zeros(count)
    for _ in range(count):  # what is over the most goes to the others
        open_ = given < most
        given[open_] = np.minimum((rest - given[~open_].sum()) * share[open_] / share[open_].sum(), most)
        if abs(given.sum() - rest) < 0.5:
            break
    found = SMALLEST + np.floor(given).astype(np.int64)
    order = np.argsort(-(given - np.floor(given)), kind="stable")
    left = budget - int(found.sum())
    found += left // count
    found[order[: left % count]] += 1
    return found


def check(budget: int, group: int) -> None:
    """Raises an `InputError` for a budget or a group in which nothing can be compared."""
    if budget < SMALLEST:
        raise InputError(f"a budget of {budget} rollouts compares nothing", mend="give 2 or more")
    if group < SMALLEST:
        raise InputError(f"a group of {group} rollouts compares nothing", mend="give 2 or more")


def drawn(
    score: NDArray[np.float64],
    count: int,
    sharpness: float,
    seed: int,
    waited: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Returns the highest of score^sharpness · waited, equals by lot; without `waited` a draw by score^sharpness.

    The draw is without replacement: the highest of sharpness · ln score + Gumbel. A score of -inf comes last, one of 0
    last but those.

    >>> drawn(np.array([0.1, 0.3, 0.2]), 2, np.inf, 0).tolist()
    [1, 2]
    >>> drawn(np.array([0.1, 0.3, 0.2]), 2, 1.0, 0, np.array([9.0, 1.0, 2.0])).tolist()
    [0, 2]
    """
    lots = np.random.default_rng(seed).gumbel(size=len(score))
    shut = np.isneginf(score)
    if np.isinf(sharpness):
        return np.asarray(np.lexsort((-lots, -score))[:count], dtype=np.int64)
    key = sharpness * np.log(np.maximum(score, FAINT))
    key = key + (lots if waited is None else np.log(np.maximum(waited, FAINT)) + LOTS * lots)
    key = np.where(shut, -np.inf, key)
    few = np.argpartition(-key, count - 1)[:count]
    return np.asarray(few[np.argsort(-key[few])], dtype=np.int64)
