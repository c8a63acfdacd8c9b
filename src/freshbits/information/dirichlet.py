"""The Dirichlet-multinomial: how the shares of several levels are spread over groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
