"""Contrast bits of verdicts with several levels, and of binned scores: `mixing`, one binary split after the other.

By the chain rule H(s) = h(s_A) + s_A H(levels in A | A) + s_B H(levels in B | B), level sets halved until single. Every
term is the mean of a binary entropy over prompts, weighted by how often the set occurs, and is estimated by a mixture
with the groups weighted by the share of their rollouts that fell into the set.

How many rollouts fall into a set depends on the prompt, which the mixture of a split does not know. The bias measured
in `benchmarks/calibration` is up to .04 bit from 4 rollouts per group on; the interval is widened by it.
Two levels have a single split and none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.mixing import contrast_bits as two_levels
from freshbits.information.mixing import fit_weighted
from freshbits.information.resampling import estimate, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

SLACK = 0.04  # largest bias measured, bits


def contrast_bits(counts: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate | None:
    """Estimates E_q H(s_q) in bits per rollout from counts of each level in each group.

    Args:
        counts: shape (groups, levels); groups with no scored rollout must be left out.
        prompts: prompt key of each group.

    Returns:
        None where the median group has fewer than four rollouts, too few to identify it, or there is one prompt.

    >>> rng = np.random.default_rng(0); s = rng.dirichlet([1, 1, 1], 400)
    >>> counts = np.array([rng.multinomial(8, row) for row in s])
    >>> bits = contrast_bits(counts, np.arange(400, dtype=np.uint64))
    >>> bits.low < 1.2022 < bits.high  # E H under Dirichlet(1,1,1) = 5/6 / ln 2
    True
    """
    size = float(np.median(counts.sum(axis=1)))
    if size < 4 or np.unique(prompts).size < 2:
        return None
    counts = counts[:, counts.sum(axis=0) > 0]
    levels = counts.shape[1]
    if levels == 2:
        return two_levels(counts.sum(axis=1), counts[:, 1], prompts)
    fold = folds_of(prompts)
    folds = int(fold.max()) + 1
    return estimate(
        mean_entropy(counts, fold, folds),
        unit=UNIT,
        method=f"NPMLE of {levels} levels by binary splits, jackknife over prompts",
        prompts=int(np.unique(prompts).size),
        rollouts=int(counts.sum()),
        bounds=(0.0, float(np.log2(max(levels, 2)))),
        slack=SLACK,
        correct_bias=True,
    )


def mean_entropy(counts: NDArray[np.int64], fold: NDArray[np.intp], folds: int) -> NDArray[np.float64]:
    """Estimates the mean over groups of H(levels), in bits, for all groups and with each fold left out.

    >>> mean_entropy(np.full((40, 2), 8), np.arange(40) % 2, 2).round(1).tolist()
    [1.0, 1.0, 1.0]
    """
    groups = counts.shape[0] - np.concatenate([[0], np.bincount(fold, minlength=folds)])
    found: NDArray[np.float64] = _splits(counts, counts.sum(axis=1), fold, folds) / groups
    return found


def _splits(
    counts: NDArray[np.int64], size: NDArray[np.int64], fold: NDArray[np.intp], folds: int
) -> NDArray[np.float64]:
    """Returns Σ over groups of s_set H(levels | set) of the level set in `counts`, for every replicate."""
    levels = counts.shape[1]
    if levels < 2:
        return np.zeros(1 + folds)
    here = counts.sum(axis=1)
    seen = here > 0
    left, right = counts[:, : levels // 2], counts[:, levels // 2 :]
    grid, mass, weight = fit_weighted(here[seen], left[seen].sum(axis=1), (here / size)[seen], fold[seen], folds)
    own: NDArray[np.float64] = weight * (mass @ binary_entropy(grid))
    return own + _splits(left, size, fold, folds) + _splits(right, size, fold, folds)
