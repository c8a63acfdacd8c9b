"""Two waves in one step: a few rollouts of many prompts first, the rest where they showed that verdicts differ.

Each wave makes groups of its own: a pair that selects its prompt is compared with itself and never again, so the
groups of the second wave are as good as fresh. Put into one group, the pair that selected would raise the variance that
the group shows, and so the step; where advantages are divided by it, it would lower it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.remedies.allocation.batch import GROUP, SHARPNESS, SMALLEST, Allocation, allocate, check
from freshbits.remedies.allocation.rules import expected_variance

if TYPE_CHECKING:
    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.allocation.rules import Rule

SHARE = 0.25  # of a step's budget that the first wave may take


def pilot(
    belief: Belief,
    budget: int,
    *,
    pair: int = SMALLEST,
    share: float = SHARE,
    rule: Rule = expected_variance,
    sharpness: float = SHARPNESS,
    seed: int = 0,
) -> Allocation:
    """Chooses the first wave: `pair` rollouts each of the best prompts, with `share` of the budget.

    Args:
        belief: what is believed of each prompt.
        budget: rollouts of both waves.
        pair: rollouts per prompt in this wave.
        share: of the budget that this wave takes.
        rule: scores prompts by a and b.
        sharpness: as in `allocate`.
        seed: of the draw.

    Raises:
        InputError: if the budget is too small for two waves.
    """
    check(budget, pair)
    first = max(int(share * budget) // pair * pair, pair)
    return allocate(belief, first, group=pair, rule=rule, sharpness=sharpness, seed=seed)


def follow(
    belief: Belief,
    budget: int,
    *,
    group: int = GROUP,
    rule: Rule = expected_variance,
    sharpness: float = SHARPNESS,
    seed: int = 0,
) -> Allocation:
    """Chooses the second wave with the rest of the budget, after `belief.observe` of what the first one showed.

    Args:
        belief: what is believed now.
        budget: rollouts that are left: the step's budget less `pilot(…).calls`.
        group: rollouts per prompt in this wave; its groups are apart from those of the first.
        rule: scores prompts by a and b.
        sharpness: as in `allocate`.
        seed: of the draw.

    >>> import numpy as np
    >>> from freshbits.remedies.allocation.belief import Belief
    >>> belief = Belief.flat(40)
    >>> first = pilot(belief, 32)
    >>> passed = np.array([0, 1, 2, 0])
    >>> second = follow(belief.observe(first.index, passed, first.rollouts), 32 - first.calls, sharpness=np.inf)
    >>> first.rollouts.tolist(), second.rollouts.tolist(), int(first.index[1]) in second.index
    ([2, 2, 2, 2], [8, 8, 8], True)
    """
    return allocate(belief, budget, group=group, rule=rule, sharpness=sharpness, seed=seed)
