"""What other ways to spend the same rollouts would give, under the same belief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.allocated import Alternative
from freshbits.remedies.allocation.batch import SHARPNESS, sizes
from freshbits.remedies.allocation.rules import expected_bits, mixed, plug_in
from freshbits.remedies.chosen import chances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.allocation.belief import Belief
    from freshbits.remedies.chosen import Chosen


def ways(belief: Belief, chosen: Chosen, budget: int, group: int, sharpness: float = SHARPNESS) -> list[Alternative]:
    """Expects contrast bits and mixed groups of what was chosen, and of three other ways to spend the budget.

    "uniform" draws prompts by lot; "dead prompts dropped" draws by lot among those whose verdicts so far are not all
    equal, and those never asked; "m(1-m)" draws as the rule does, by the expected pass rate m alone. Drawing
    until enough groups are mixed (dynamic sampling) spends its calls as "uniform" does and has fewer steps from them.

    The belief is the judge, so this says nothing about its own faults; look at its reliability for these.
    """
    a, b = belief.a, belief.b
    bits = expected_bits(a, b)
    found = [_of("expected variance", bits, a, b, chosen.index, chosen.rollouts)]
    count = min(max(budget // group, 1), a.size)
    found.append(_drawn("uniform", bits, mixed(a, b, group), np.full(a.size, 1 / a.size), count, budget))
    dead = (belief.rollouts > 0) & ((belief.successes <= 0) | (belief.failures <= 0))
    if not dead.all():
        left = int((~dead).sum())
        share = np.where(dead, 0.0, 1 / left)
        found.append(_drawn("dead prompts dropped", bits, mixed(a, b, group), share, min(count, left), budget))
    score = plug_in(a, b)
    if count == a.size:
        found.append(_of("m(1-m)", bits, a, b, np.arange(count), sizes(score, budget, group, sharpness)))
    else:
        chance = chances(score, count, sharpness)
        found.append(_drawn("m(1-m)", bits, mixed(a, b, group), chance / count, count, budget))
    return found


def _of(
    name: str,
    bits: NDArray[np.float64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    index: NDArray[np.int64],
    rollouts: NDArray[np.int64],
) -> Alternative:
    groups = 0.0
    for size in np.unique(rollouts):
        here = index[rollouts == size]
        groups += float(mixed(a[here], b[here], int(size)).sum())
    return Alternative(
        rule=name,
        calls=int(rollouts.sum()),
        prompts=int(index.size),
        expected_bits=float((rollouts * bits[index]).sum()),
        mixed_groups=groups,
    )


def _drawn(
    name: str,
    bits: NDArray[np.float64],
    groups: NDArray[np.float64],
    share: NDArray[np.float64],
    count: int,
    budget: int,
) -> Alternative:
    """Expects what prompts give that are drawn by lot, each with this share of the draws."""
    return Alternative(
        rule=name,
        calls=budget,
        prompts=count,
        expected_bits=float(budget * (share @ bits)),
        mixed_groups=float(count * (share @ groups)),
    )
