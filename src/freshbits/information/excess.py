"""Whether a rate in one part of a log exceeds that in the rest: exact tests, with effective sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.information.weighted import Share

STEPS = 120


def excess_test(here: Share, rest: Share) -> float:
    """Computes the one-sided p-value of a share being no larger here than in the rest (Fisher's exact test).

    1 where it is no larger to begin with.

    With x hits of n here and y of m in the rest, Fisher's p-value is the probability that a Beta(x, n-x+1) lies below
    a Beta(y+1, m-y). That form takes the effective numbers of trials of clustered and weighted rows, which are no
    integers. Where labels were drawn so many per stratum, the two parts share them and their shares differ more than
    independent ones would: both sizes are cut by var(here) + var(rest) over the variance of the difference.

    References: Fisher (1935); Altham, Exact Bayesian analysis of a 2 × 2 table and Fisher's "exact" test (1969).

    >>> from freshbits.information.weighted import Share
    >>> def of(hits, trials):
    ...     return Share(hits / trials, np.zeros(1), 0.0, float(trials), 10**6, trials, trials)
    >>> round(excess_test(of(8, 8), of(0, 8)), 6)  # 1 / C(16, 8) = 1 / 12870
    7.8e-05
    """
    from scipy.special import betaincc, betaln, digamma, polygamma

    apart = here.variance + rest.variance
    shared = 2 * min(float(here.influence @ rest.influence), 0.0)
    factor = apart / (apart - shared) if apart > 0 else 1.0
    size, other = factor * here.size, factor * rest.size
    hits, other_hits = here.value * size, rest.value * other
    if here.value <= rest.value:
        return 1.0
    a, b = hits, size - hits + 1
    centre, spread = digamma(a) - digamma(b), np.sqrt(polygamma(1, a) + polygamma(1, b))  # of the log-odds
    odds = np.linspace(centre - 10 * spread - 20 / a, centre + 10 * spread + 20 / b, STEPS)
    rate = 1 / (1 + np.exp(-odds))
    density = np.exp(-a * np.logaddexp(0, -odds) - b * np.logaddexp(0, odds) - betaln(a, b))
    above = betaincc(other_hits + 1, other - other_hits, rate)
    return float(np.clip(np.trapezoid(density * above, odds), 0.0, 1.0))


def prompt_test(hits: NDArray[np.int64], trials: NDArray[np.int64], rate: float) -> NDArray[np.float64]:
    """Computes, for each prompt, the binomial tail P(at least this many hits) at the rate of the whole log.

    >>> prompt_test(np.array([0, 2]), np.array([4, 2]), 0.5).tolist()
    [1.0, 0.25]
    """
    from scipy.stats import binom

    return np.asarray(binom.sf(hits - 1, trials, rate), dtype=np.float64)
