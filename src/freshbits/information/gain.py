"""What keeping by a verdict adds to the share of right rows: precision after less before, from the same labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL
from freshbits.information.weighted import Sample, share
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gain(verdict: NDArray[np.bool_], right: NDArray[np.bool_], sample: Sample) -> Estimate | None:
    """Estimates P(C=1|S=1) - P(C=1) from labelled rows as they were drawn; None where no kept row is labelled.

    The two shares are read on the same rows, so their influences are taken from each other before they are squared:
    var = Σ_q (after_q - before_q)², 95 % by Student's t. Where neither share varies the interval is that of a share of
    0 or 1 (rule of three). It does not know labels that are wrong themselves.

    >>> right = np.tile([True, True, False, False], 50); verdict = np.tile([True, True, True, False], 50)
    >>> drawn = Sample.of(np.ones(200), np.zeros(200, dtype=np.int64), np.arange(200, dtype=np.uint64))
    >>> round(gain(verdict, right, drawn).value, 3)
    0.167
    """
    from scipy.special import stdtrit

    everything = np.ones(verdict.size, dtype=bool)
    after, before = share(right, verdict, sample, unseen=verdict), share(right, everything, sample)
    if after is None or before is None:
        return None
    value = after.value - before.value
    difference = after.influence - before.influence
    spread = float(np.sqrt(difference @ difference + after.extra + before.extra))
    half = spread * float(stdtrit(max(after.freedom, 1), 0.5 + LEVEL / 2))
    (low, high), edge = after.interval(), after.value in (0.0, 1.0)
    below = max(half, after.value - low) if edge else half
    above = max(half, high - after.value) if edge else half
    return Estimate(
        value, max(value - below, -1.0), min(value + above, 1.0), LEVEL, "share",
        "precision less base rate on the same labels, prompts as the unit", before.prompts, before.rows,
    )  # fmt: skip
