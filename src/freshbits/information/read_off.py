"""How many bits of a verdict can be read off columns that say nothing of being right: form, region, source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL
from freshbits.information.usable import cross_fitted_loss
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_off(
    verdict: NDArray[np.int64], columns: NDArray[np.float64], prompts: NDArray[np.uint64], *, unit: str, seed: int = 0
) -> Estimate:
    """Estimates H(S) - H_V(S|columns) in bits per row: how much shorter a verdict is to code for who sees the columns.

    Both are cross-fitted log losses by prompt (Xu et al., arXiv 2002.10689), so the difference is a lower bound on the
    mutual information; what noise there is beyond that makes it a little less than 0, which is shown as 0. The interval
    (95 %) is that of a mean over prompts.

    >>> rng = np.random.default_rng(0); q = np.arange(300, dtype=np.uint64); x = rng.random((300, 1))
    >>> read_off((x[:, 0] > 0.5).astype(np.int64), x, q, unit="bits/row").value > 0.8
    True
    """
    from scipy.special import ndtri

    even = np.ones(verdict.size)
    bare = cross_fitted_loss(verdict, columns[:, :0], prompts, even, seed=seed)
    told = cross_fitted_loss(verdict, columns, prompts, even, seed=seed)
    saved = bare - told
    value = float(saved.mean())
    keys, place = np.unique(prompts, return_inverse=True)
    influence = np.bincount(place, weights=saved - value)
    count = keys.size
    error = float(np.sqrt((influence**2).sum() * count / max(count - 1, 1)) / saved.size)
    half = float(ndtri(0.5 + LEVEL / 2)) * error
    return Estimate(
        max(value, 0.0), max(value - half, 0.0), max(value + half, 0.0), LEVEL, unit,
        "cross-fitted log loss by prompt without the columns less that with them", count, int(verdict.size),
    )  # fmt: skip
