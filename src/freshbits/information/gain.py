"""What keeping by a verdict adds to the share of right rows: precision after less before, from the same labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.rates import correlation
from freshbits.information.resampling import LEVEL
from freshbits.information.weighted import Sample, share
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.96


def gain(verdict: NDArray[np.bool_], right: NDArray[np.bool_], sample: Sample) -> Estimate | None:
    """Estimates P(C=1|S=1) - P(C=1) from labelled rows as they were drawn; None where no kept row is labelled.

    It is (1 - share kept) times the difference of the right among kept and among dropped rows. The interval of that
    difference joins those of its two shares with their correlation ρ over prompts (square and add): its lower half
    width is √(a² + b² - 2 ρ a b), a = kept - low(kept), b = high(dropped) - dropped. To it comes the
    spread of the share kept, a binomial one over the rows of the set.
    It does not know labels that are wrong themselves.

    References: Zou & Donner, Construction of confidence limits about effect measures (2008).

    >>> right = np.tile([True, True, False, False], 50); verdict = np.tile([True, True, True, False], 50)
    >>> drawn = Sample.of(np.ones(200), np.zeros(200, dtype=np.int64), np.arange(200, dtype=np.uint64))
    >>> round(gain(verdict, right, drawn).value, 3)
    0.167
    """
    after, rest = share(right, verdict, sample, unseen=verdict), share(right, ~verdict, sample, unseen=~verdict)
    if after is None or rest is None:
        return None
    dropped = float(sample.weight[~verdict].sum() / sample.weight.sum())
    (low, high), (low_rest, high_rest) = after.interval(), rest.interval()
    rho = correlation(after, rest)
    value = after.value - rest.value
    below = _joined(after.value - low, high_rest - rest.value, rho)
    above = _joined(high - after.value, rest.value - low_rest, rho)
    rows = float(sample.weight.sum() if sample.held is None else sample.held.sum())
    wander = value * Z * float(np.sqrt(dropped * (1 - dropped) / max(rows, 1.0)))
    low, high = (
        float(np.hypot(dropped * (value - max(value - below, -1.0)), wander)),
        float(np.hypot(dropped * (min(value + above, 1.0) - value), wander)),
    )
    return Estimate(
        dropped * value, dropped * value - low, dropped * value + high, LEVEL, "share",
        "precision less base rate on the same labels, prompts as the unit", after.prompts + rest.prompts,
        after.rows + rest.rows,
    )  # fmt: skip


def _joined(one: float, two: float, rho: float) -> float:
    return float(np.sqrt(max(one**2 + two**2 - 2 * rho * one * two, 0.0)))
