"""Surprise bits: what a verdict costs to code for a learner that knows its own state but not the prompt's pass rate.

H_V(S|B) is the cross-fitted log loss, in bits, of predicting the verdict from the logged belief B (votes and their
shape, log-probability where logged). It is a predictive V-entropy (Xu et al., arXiv 2002.10689): relative to the
columns of B and to the family V, an average of a ridge spline-logit and gradient boosting, or the bare rate where
that codes better. A richer belief could only lower it, so it is an upper bound on what the signal can bring beyond
the model's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.ensemble import Design
from freshbits.information.resampling import LEVEL, folds_of
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
UNIT = "bits/rollout"


def surprise_bits(
    verdict: NDArray[np.int64],
    belief: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompts: NDArray[np.uint64],
    *,
    seed: int = 0,
) -> Estimate:
    """Estimates H_V(S|B) in bits per rollout: mean over groups of the cross-fitted -log2 P(S|B).

    Args:
        verdict: level of the verdict of each scored row (0, 1, …), shape (rows,).
        belief: own-state columns, shape (rows, columns); zero columns give the bare H(S).
        group: group of each row; groups count equally.
        prompts: prompt key of each row; folds and interval are by prompt.
        seed: seed of the boosted trees.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(60), 8).astype(np.uint64)
    >>> belief = rng.random((480, 1)); verdict = (belief[:, 0] > 0.5).astype(np.int64)
    >>> surprise_bits(verdict, belief, q, q).value < 0.2
    True
    """
    _, position, size = np.unique(group, return_inverse=True, return_counts=True)
    weight = 1.0 / size[position]
    loss = cross_fitted_loss(verdict, belief, prompts, weight, seed=seed)
    bare = cross_fitted_loss(verdict, belief[:, :0], prompts, weight, seed=seed)
    keys, by_prompt = np.unique(prompts, return_inverse=True)
    total = weight.sum()
    if weight @ bare < weight @ loss:  # the family holds the constant too: little data must not read as surprise
        loss = bare
    value = float((weight * loss).sum() / total)
    influence = np.bincount(by_prompt, weights=weight * (loss - value))
    count = keys.size
    error = float(np.sqrt((influence**2).sum() * count / max(count - 1, 1)) / total)
    half = _normal(LEVEL) * error
    top = float(np.log2(max(int(verdict.max()) + 1, 2)))
    return Estimate(
        min(value, top),
        min(max(0.0, value - half), top),
        min(value + half, top),
        LEVEL,
        UNIT,
        "cross-fitted log loss by prompt: spline-logit and boosting averaged",
        count,
        int(verdict.size),
    )


def cross_fitted_loss(
    verdict: NDArray[np.int64],
    belief: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    weight: NDArray[np.float64],
    *,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Computes -log2 P(S_i | B_i) of every row from a model that has not seen the row's prompt.

    The model is fitted with the rows' weights. Probabilities are kept above 1/(2 · rows + 2), so that one surprise
    cannot decide the mean.

    >>> q = np.arange(40, dtype=np.uint64)
    >>> float(cross_fitted_loss(np.tile([0, 1], 20), np.zeros((40, 0)), q, np.ones(40)).mean().round(1))
    1.0
    """
    import sklearn.ensemble  # noqa: F401 — threads of libraries that are loaded later are not limited
    from threadpoolctl import threadpool_limits

    levels = int(verdict.max()) + 1 if verdict.size else 1
    fold = folds_of(prompts, FOLDS)
    loss = np.zeros(verdict.size)
    # One thread: histograms of a few thousand rows are slower, and their sums less repeatable, on several.
    with threadpool_limits(limits=1):
        for left in range(int(fold.max()) + 1):
            test = fold == left
            train = ~test
            if not train.any():
                train = test
            probability = Design(belief[train], belief[test]).chances(verdict[train], weight[train], levels, seed)
            floor = 1.0 / (2.0 * int(train.sum()) + 2.0)
            chosen = probability[np.arange(int(test.sum())), verdict[test]]
            loss[test] = -np.log2(np.maximum(chosen, floor))
    return loss


def _normal(level: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(0.5 + level / 2))
