"""Variety in a closed loop: what sampling alone takes away, whether old rows are replaced or kept.

Variety is H = 1 - Σ_a p_a², the chance that two rollouts of a prompt give different answers. A loop that trains on n
of its own rollouts per prompt keeps, on average, a fixed share of it per round; which answers survive is chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, kept_rows, past, shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def replace(variety: ArrayLike, kept: ArrayLike, rounds: ArrayLike) -> NDArray[np.float64]:
    """Computes the expected variety after t rounds when every round replaces the last: H_0 (1 - 1/n)^t.

    Exact for the mean over loops if each round draws n rows per prompt independently from the state and the next
    state is their frequencies. A model that moves only a part λ of the way has n/λ² in place of n.
    Does not know: sharing between prompts, temperature, which answer is left. Broadcasts; a share, no unit.
    Source: Wright 1931, Genetics 16; for language models Seddik et al. 2024, arXiv 2404.05090.

    >>> replace(0.5, 8, [0, 1, 10]).round(4).tolist()
    [0.5, 0.4375, 0.1315]
    """
    return np.asarray(shares(variety, "variety") * (1 - 1 / kept_rows(kept)) ** past(rounds), dtype=np.float64)


def half_life(kept: ArrayLike) -> NDArray[np.float64]:
    """Computes the rounds in which a closed loop that replaces its rows loses half its variety.

    ln 2 / -ln(1 - 1/n), about .69 n; 0 for n = 1, where one round takes all. Assumptions and source as `replace`.

    >>> half_life([1, 8, 100]).round(2).tolist()
    [0.0, 5.19, 68.97]
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(2) / -np.log1p(-1 / kept_rows(kept)), dtype=np.float64)


def accumulate(variety: ArrayLike, kept: ArrayLike, rounds: int, *, before: float = 0.0) -> NDArray[np.float64]:
    """Computes the expected variety of rounds 0 … t when all rows so far are trained on.

    H_t = H_0 Π_{s=1..t} (1 - n / (N + n s)²), N rows per prompt `before` round 1 that have the shares of the start;
    with N = 0 the factors are 1 - 1/(n s²). Round s adds n rows drawn from the frequencies of all rows before it.
    Exact for the mean over loops. Shape (rounds + 1, …) with … the broadcast of variety and kept.
    Source: drift with a growing population (Crow and Kimura 1970); the setting is that of Gerstgrasser et al. 2024,
    arXiv 2404.01413.

    >>> accumulate(1.0, 8, 3).round(4).tolist()
    [1.0, 0.875, 0.8477, 0.8359]
    """
    start, n = np.broadcast_arrays(shares(variety, "variety"), kept_rows(kept))
    demand(before >= 0, "the rows before round 1 cannot be fewer than none.")
    steps = np.arange(1, int(past(rounds)) + 1).reshape(-1, *(1,) * n.ndim)
    factors = 1 - n / (before + n * steps) ** 2
    whole: NDArray[np.float64] = start * np.concatenate([np.ones((1, *n.shape)), np.cumprod(factors, axis=0)])
    return whole


def accumulate_limit(kept: ArrayLike, *, before: float = 0.0) -> NDArray[np.float64]:
    """Computes the share of variety that a loop which keeps all its rows has left in the end.

    sin(π/√n) / (π/√n), about 1 - π²/(6 n), for N = 0 rows before; with w = N/n it is
    Γ(1+w)² / (Γ(1+w-1/√n) Γ(1+w+1/√n)). Assumptions and source as `accumulate`.

    >>> accumulate_limit([4, 20, 100]).round(4).tolist()
    [0.6366, 0.9198, 0.9836]
    """
    from scipy.special import gammaln, rgamma

    n = kept_rows(kept)
    demand(before >= 0, "the rows before round 1 cannot be fewer than none.")
    root, w = 1 / np.sqrt(n), before / n
    if before == 0:
        return np.asarray(np.sinc(root), dtype=np.float64)
    small = w < 100  # Γ itself overflows later
    near = np.where(small, w, 1.0)
    by_gamma = rgamma(1 + near - root) * rgamma(1 + near + root) * np.exp(2 * gammaln(1 + near))
    # The tail of Σ ln(1 - 1/(n s²)) from s = w + 1 on: -1/n Σ 1/s², which is 1/(w + ½) to a relative 1/(12 w²).
    return np.asarray(np.where(small, by_gamma, np.exp(-1 / (n * (w + 0.5)))), dtype=np.float64)
