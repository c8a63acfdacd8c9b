"""The same prompts before and after: did accuracy change, by more than running the model twice would show?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

Verdict = Literal["gains", "no gain, not shown harmful", "harmful"]
LEVEL = 0.95
MIN_PROMPTS = 10


@dataclass(frozen=True)
class Change:
    """Holds what a paired log shows.

    Attributes:
        verdict: "gains", "no gain, not shown harmful" or "harmful".
        difference: mean change of the pass rate, prompts as the unit.
        frozen: bounds within which an untrained model that is run twice would fall.
        gained: prompts solved by more than half of their rollouts after, not before.
        lost: the other way round.
        p_value: exact McNemar on gained against lost, two-sided.
    """

    verdict: Verdict
    difference: Estimate
    frozen: Estimate
    gained: int
    lost: int
    p_value: float


def paired(before_n: Ints, before_x: Ints, after_n: Ints, after_x: Ints) -> Change | None:
    """Compares pass rates of the same prompts before and after; None for fewer than 10 prompts.

    Interval: t on the per-prompt differences; with one rollout per prompt the verdict is McNemar's exact one. The
    frozen band is 0 ± z √(Σ s(1-s)(1/n + 1/n'))/Q with s the pooled rate of each prompt, unbiased: a change inside it
    is what sampling alone gives. A gain must lie above 0 by the interval and outside the band.

    It does not know why accuracy changed, nor whether the prompts were trained on.
    Source: McNemar 1947, Psychometrika 12, 153.

    Args:
        before_n: rollouts of each prompt before, at least one.
        before_x: right ones among them.
        after_n: likewise after.
        after_x: likewise after.

    >>> n = np.full(100, 8); x = np.full(100, 4)
    >>> paired(n, x, n, x + np.tile([1, 2], 50)).verdict
    'gains'
    """
    from scipy.stats import binom, norm, t

    prompts = before_n.size
    if prompts < MIN_PROMPTS:
        return None
    if (before_n < 1).any() or (after_n < 1).any():
        raise ValueError("paired needs at least one rollout per prompt before and after")
    rate = after_x / after_n - before_x / before_n
    mean = float(rate.mean())
    half = float(t.ppf(0.5 + LEVEL / 2, prompts - 1) * rate.std(ddof=1) / np.sqrt(prompts))
    both = before_n + after_n
    pooled = (before_x + after_x) / both
    noise = pooled * (1 - pooled) * both / np.maximum(both - 1, 1) * (1 / before_n + 1 / after_n)
    band = float(norm.ppf(0.5 + LEVEL / 2) * np.sqrt(noise.sum()) / prompts)
    was, now = 2 * before_x > before_n, 2 * after_x > after_n
    gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
    p_value = min(1.0, 2 * float(binom.cdf(min(gained, lost), gained + lost, 0.5))) if gained + lost else 1.0
    single = int(both.max()) == 2
    shown = p_value < 1 - LEVEL if single else abs(mean) > half and abs(mean) > band
    verdict: Verdict = "no gain, not shown harmful"
    if shown:
        verdict = "gains" if mean > 0 else "harmful"
    rollouts = int(both.sum())
    found = Estimate(
        mean, mean - half, mean + half, LEVEL, "share", "paired differences, t over prompts", prompts, rollouts
    )
    frozen = Estimate(None, -band, band, LEVEL, "share", "the same pass rates sampled twice", prompts, rollouts)
    return Change(verdict, found, frozen, gained, lost, p_value)
