"""Contrast bits of verdicts with several levels, and of scores: the mixture of `mixing` with more than two outcomes.

The mixing distribution lives on the simplex of level probabilities. Its support is drawn from the best
Dirichlet, from a flatter one, and the corners; EM moves the mass, stopped early as in `mixing`.
It is meant for up to four levels (finer scores are binned, see `scores`). The bias depends on the shape of the
mixture: below .02 bit for Dirichlet-like ones from 8 rollouts per group, -.06 for two sharp modes; the interval is
widened by it. Two levels are handed to `mixing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, entropy
from freshbits.information.resampling import estimate, folds_of, leave_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

ATOMS = 1500
EM_STEPS = 5  # early-stopped sooner than in `mixing`: the simplex leaves more room to overfit
MOST_GROUPS = 4000  # distinct count vectors that the mixture is fitted to; beyond, groups are thinned by prompt
SLACK, SLACK_FEW = 0.05, 0.10  # largest bias measured with 8 or more, and with 4 to 7, rollouts per group


def contrast_bits(counts: NDArray[np.int64], prompts: NDArray[np.uint64], *, seed: int = 0) -> Estimate | None:
    """Estimates E_q H(s_q) in bits per rollout from counts of each level in each group.

    Args:
        counts: shape (groups, levels); groups with no scored rollout must be left out.
        prompts: prompt key of each group.
        seed: seed of the support points; the same seed gives the same bytes.

    Returns:
        None where the median group has fewer than four rollouts: too few to identify it.

    >>> rng = np.random.default_rng(0); s = rng.dirichlet([1, 1, 1], 400)
    >>> counts = np.array([rng.multinomial(8, row) for row in s])
    >>> bits = contrast_bits(counts, np.arange(400, dtype=np.uint64))
    >>> bits.low < 1.2022 < bits.high  # E H under Dirichlet(1,1,1) = 5/6 / ln 2
    True
    """
    from freshbits.information.mixing import contrast_bits as two_levels

    size = float(np.median(counts.sum(axis=1)))
    if size < 4:
        return None
    used = counts.sum(axis=0) > 0
    counts = counts[:, used]
    if counts.shape[1] == 2:
        return two_levels(counts.sum(axis=1), counts[:, 1], prompts)
    replicates = _fit(counts, prompts, seed) if counts.shape[1] > 1 else np.zeros(2)
    return estimate(
        replicates,
        unit=UNIT,
        method=f"Dirichlet-started NPMLE of {counts.shape[1]} levels, jackknife over prompts",
        prompts=int(np.unique(prompts).size),
        rollouts=int(counts.sum()),
        bounds=(0.0, float(np.log2(max(counts.shape[1], 2)))),
        slack=SLACK if size >= 8 else SLACK_FEW,
    )


def _fit(counts: NDArray[np.int64], prompts: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """Returns E H(s) under the fitted mixture, for all prompts and with each fold left out."""
    vectors, position = np.unique(counts, axis=0, return_inverse=True)
    weights = leave_out(folds_of(prompts)) @ _indicator(position.ravel(), vectors.shape[0])
    if vectors.shape[0] > MOST_GROUPS:  # drop the rarest vectors evenly: whole columns of the weights
        keep = np.linspace(0, vectors.shape[0] - 1, MOST_GROUPS).astype(np.intp)
        vectors, weights = vectors[keep], weights[:, keep]
    alpha = dirichlet_fit(vectors, weights[0])
    atoms, start = _support(alpha, seed)
    with np.errstate(divide="ignore"):
        log_atoms = np.maximum(np.log(atoms), -700.0)
    log = vectors @ log_atoms.T
    likelihood = np.exp(log - log.max(axis=1, keepdims=True)) + 1e-300
    mass = np.repeat(start[None, :], weights.shape[0], axis=0)
    total = weights.sum(axis=1, keepdims=True)
    for _ in range(EM_STEPS):
        mass *= (weights / (mass @ likelihood.T)) @ likelihood / total
    replicates: NDArray[np.float64] = mass @ entropy(atoms)
    return replicates


def _indicator(position: NDArray[np.intp], columns: int) -> NDArray[np.float64]:
    from scipy.sparse import csr_array

    rows = np.arange(position.size)
    return csr_array((np.ones(position.size), (rows, position)), shape=(position.size, columns))  # type: ignore[no-any-return]


def dirichlet_fit(counts: NDArray[np.int64] | NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fits the Dirichlet-multinomial parameters of count vectors by maximum likelihood.

    >>> rng = np.random.default_rng(0)
    >>> counts = np.array([rng.multinomial(20, p) for p in rng.dirichlet([2.0, 1.0], 2000)])
    >>> dirichlet_fit(counts, np.ones(2000)).round(1).tolist()
    [2.0, 1.0]
    """
    from scipy.optimize import minimize
    from scipy.special import digamma, gammaln

    size = counts.sum(axis=1)

    def loss(log_alpha: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        alpha = np.exp(log_alpha)
        strength = alpha.sum()
        each = (gammaln(counts + alpha) - gammaln(alpha)).sum(axis=1) - gammaln(size + strength) + gammaln(strength)
        slope = digamma(counts + alpha) - digamma(alpha) - (digamma(size + strength) - digamma(strength))[:, None]
        total = weights.sum()
        return -float(weights @ each) / total, -(weights @ slope) * alpha / total

    share = np.maximum(weights @ counts / max(float(weights @ size), 1.0), 1e-4)
    bounds = [(-9.0, 9.0)] * share.size
    options = {"ftol": 1e-7}  # the fit is a prior or a start: more digits change no estimate
    found = minimize(loss, np.log(2 * share), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    fitted: NDArray[np.float64] = np.exp(found.x)
    return fitted


def _support(alpha: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns support points on the simplex and their starting mass."""
    rng = np.random.default_rng([seed, alpha.size])
    levels = alpha.size
    fitted = rng.dirichlet(alpha, ATOMS)
    flat = rng.dirichlet(np.full(levels, 0.7), ATOMS // 3)
    corners = np.eye(levels)
    atoms = np.vstack([fitted, flat, corners])
    mass = np.concatenate(
        [
            np.full(ATOMS, 0.97 / ATOMS),
            np.full(flat.shape[0], 0.02 / flat.shape[0]),
            np.full(levels, 0.01 / levels),
        ]
    )
    return atoms / atoms.sum(axis=1, keepdims=True), mass
