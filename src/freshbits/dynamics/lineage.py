"""The exact lineage chain: which answers are left in a closed loop that replaces its rows.

Followed backwards, the n rows of round t descend from L_t rows drawn in round 1 from the first state: L_1 = n, and
L_{t+1} is the number of distinct parents when L_t rows choose among n. What is left of an answer with share p depends
on G_t(x) = E x^{L_t} only: it is lost with probability G_t(1-p) and alone with probability G_t(p).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.regime import demand, distributions, past, shares, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MOST = 1024  # lineages followed one by one; above, their number is as good as its mean


def lineages(kept: int, rounds: int) -> NDArray[np.float64]:
    """Computes the distribution of the number of lineages: row t-1, column j is P(L_t = j), for t = 1 … rounds.

    P(L_{t+1} = d | L_t = j) = n (n-1) … (n-d+1) S(j,d) / n^j, S the Stirling numbers of the second kind, by a
    recursion that adds one row at a time. Exact, for n ≤ 1024 rows kept per prompt and round; shape (rounds, n + 1).
    Assumes what `drift.replace` assumes. Source: the exact coalescent of the Wright-Fisher model (Kingman 1982;
    Fu 2006, Theoretical Population Biology 69).

    >>> lineages(2, 2).tolist()  # two rows have one parent in half of all loops
    [[0.0, 0.0, 1.0], [0.0, 0.5, 0.5]]
    """
    demand(kept <= MOST, f"the lineages of more than {MOST} rows are not followed one by one.")
    return _chain(kept, rounds)[1]


def survival(share: ArrayLike, kept: int, rounds: int) -> NDArray[np.float64]:
    """Computes the probability that an answer with this share is still there after 0, 1, … rounds: 1 - E (1-p)^{L_t}.

    Shape (rounds + 1, *share.shape); in round 0 whatever has a share is there. Assumptions and source as `lineages`;
    while more than 1024 lineages are left their mean stands for their number, whose coefficient of variation is then
    below 2 %.

    >>> survival([0.5, 0.1], 8, 1).round(4).tolist()
    [[1.0, 1.0], [0.9961, 0.5695]]
    """
    p = shares(share, "the share of an answer")
    lost = _generating(1 - p, *_chain(kept, rounds))
    return np.concatenate([(p > 0)[None].astype(np.float64), 1 - lost])


def distinct(answers: ArrayLike, kept: int, rounds: int) -> NDArray[np.float64]:
    """Computes the expected number of distinct answers a prompt has left after 0, 1, … rounds.

    Σ_a 1 - E (1-p_a)^{L_t} over the last axis of `answers`; shape (rounds + 1, *answers.shape[:-1]).
    Assumptions and source as `lineages`.

    >>> distinct([0.5, 0.25, 0.25], 4, 2).round(3).tolist()
    [3.0, 2.305, 1.907]
    """
    return np.asarray(survival(distributions(answers), kept, rounds).sum(axis=-1), dtype=np.float64)


def one_left(answers: ArrayLike, kept: int, rounds: int) -> NDArray[np.float64]:
    """Computes the probability that a prompt has one answer left after 0, 1, … rounds: Σ_a E p_a^{L_t}.

    Over the last axis of `answers`; shape (rounds + 1, *answers.shape[:-1]). Assumptions and source as `lineages`.

    >>> one_left([0.5, 0.5], 2, 3).round(3).tolist()
    [0.0, 0.5, 0.75, 0.875]
    """
    p = distributions(answers)
    alone = _generating(p, *_chain(kept, rounds)).sum(axis=-1)
    first = (p.max(axis=-1) >= 1)[None].astype(np.float64)
    return np.concatenate([first, np.minimum(alone, 1.0)])


def _chain(kept: int, rounds: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the mean number of lineages in the rounds that have more than MOST, and its law in those after."""
    n, last = whole(kept, "the rows kept per prompt and round", 1), int(past(rounds))
    means: list[float] = []
    mean = float(n)
    while mean > MOST and len(means) < last:
        means.append(mean)
        mean = -n * np.expm1(mean * np.log1p(-1 / n))
    most = min(n, MOST)
    found = np.zeros((last - len(means), most + 1))
    if found.size:
        low = int(mean)
        found[0, low] = low + 1 - mean
        found[0, min(low + 1, most)] += mean - low
        step = _distinct_parents(most, n)
        for t in range(1, found.shape[0]):
            found[t] = found[t - 1] @ step
    return np.array(means), found


def _generating(x: NDArray[np.float64], means: NDArray[np.float64], chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns E x^{L_t} for every round and every x, by Horner's rule; shape (rounds, *x.shape)."""
    flat = x.ravel()
    value = np.zeros((chain.shape[0], flat.size))
    for coefficients in chain.T[::-1]:
        value *= flat
        value += coefficients[:, None]
    early = flat ** means[:, None]
    return np.concatenate([early, value]).reshape(-1, *x.shape)


def _distinct_parents(most: int, n: int) -> NDArray[np.float64]:
    """Returns P(d distinct parents | j rows that choose among n) as [j, d], j and d up to `most`."""
    chain = np.zeros((most + 1, most + 1))
    chain[0, 0] = 1.0
    d = np.arange(most + 1)
    for j in range(most):
        chain[j + 1] = chain[j] * d / n
        chain[j + 1, 1:] += chain[j, :-1] * (n - d[:-1]) / n
    return chain
