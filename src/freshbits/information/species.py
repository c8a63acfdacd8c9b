"""How many different answers there are, seen and unseen: Good-Turing, Chao1, effective number, pass@k.

Ecologists count species; a log counts (prompt, answer class) pairs. All take counts and return estimates with the
prompt as the unit of resampling. None of them knows how classes that were never sampled are distributed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL, estimate, folds_of, leave_out, mean, ratio
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.information.mixing import Mixing


STRETCH = 1.3  # beyond the logged size unstretched intervals covered 85 to 92 % (benchmarks/calibration)
FAR = 0.02  # largest bias of pass@k measured at four times the logged size


@dataclass(frozen=True)
class Species:
    """Counts classes per prompt: rows, distinct classes, classes seen once and twice. One entry per prompt.

    >>> Species(np.array([4]), np.array([2]), np.array([1]), np.array([0]), np.array([1], dtype=np.uint64)).rows.sum()
    np.int64(4)
    """

    rows: NDArray[np.int64]
    distinct: NDArray[np.int64]
    once: NDArray[np.int64]
    twice: NDArray[np.int64]
    prompts: NDArray[np.uint64]


def good_turing(species: Species) -> Estimate | None:
    """Estimates the coverage 1 - f1/N: the probability that a rollout shows a class that others of its prompt show.

    It is unbiased for the coverage of one rollout less per prompt (each is predicted from the others), so with few
    rollouts per prompt the log as a whole covers a little more.

    References: Good, Biometrika 40 (1953) 237.

    >>> s = Species(np.full(12, 4), np.full(12, 2), np.full(12, 1), np.zeros(12, int), np.arange(12, dtype=np.uint64))
    >>> good_turing(s).value
    0.75
    """
    return ratio(
        (species.rows - species.once).astype(np.float64),
        species.rows.astype(np.float64),
        species.prompts,
        unit="share of probability",
        method="Good-Turing, jackknife over prompts",
        rollouts=int(species.rows.sum()),
    )


def chao1(species: Species) -> Estimate | None:
    """Estimates a lower bound on the classes per prompt, seen and unseen: D + f1 (f1-1) / (2 (f2+1)), mean.

    References: Chao, Scand. J. Statist. 11 (1984) 265, bias-corrected form.

    >>> s = Species(np.full(12, 4), np.full(12, 3), np.full(12, 2), np.ones(12, int), np.arange(12, dtype=np.uint64))
    >>> chao1(s).value
    3.5
    """
    each = species.distinct + species.once * (species.once - 1) / (2.0 * (species.twice + 1))
    return mean(
        each.astype(np.float64),
        species.prompts,
        unit="classes/prompt",
        method="Chao1 lower bound, mean over prompts",
        rollouts=int(species.rows.sum()),
        bounds=(0.0, float("inf")),
    )


def effective(rows: NDArray[np.int64], equal_pairs: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate | None:
    """Estimates the effective number of classes in a group: 1 / P(two of its rollouts agree), unbiased below the line.

    P = mean over groups of Σ_c n_c (n_c - 1) / (n (n-1)); groups of at least two rollouts; inverse Simpson.
    Where no two rollouts ever agree only a lower bound is known.

    Args:
        rows: rollouts of each group.
        equal_pairs: Σ_c n_c (n_c - 1) of each group.
        prompts: prompt key of each group.

    >>> effective(np.full(12, 4), np.full(12, 4), np.arange(12, dtype=np.uint64)).value
    3.0
    """
    several = rows >= 2
    if np.unique(prompts[several]).size < 2:
        return None
    size = rows[several].astype(np.float64)
    agree = equal_pairs[several] / (size * (size - 1))
    weights = leave_out(folds_of(prompts[several]))
    share = (weights @ agree) / weights.sum(axis=1)
    number, rollouts = int(np.unique(prompts[several]).size), int(size.sum())
    unit, method = "classes/group", "inverse probability that two rollouts agree, jackknife over prompts"
    if (share <= 0).any():
        pairs = float((size * (size - 1) / 2).sum())
        return Estimate(
            None, min(pairs / 3.0, float(rollouts)), None, LEVEL, unit, "no two rollouts agree", number, rollouts
        )
    return estimate(1 / share, unit=unit, method=method, prompts=number, rollouts=rollouts, bounds=(1.0, float("inf")))


def next_new(species: Species, rows: NDArray[np.int64]) -> Estimate | None:
    """Estimates the probability that a rollout shows an accepted class that no other of its prompt shows: f1 / N.

    Like `good_turing` it is unbiased for one rollout less per prompt, so a little high for the next rollout.

    Args:
        species: counts over *accepted* rows.
        rows: all scored rows of each prompt.

    >>> s = Species(np.full(12, 2), np.full(12, 2), np.full(12, 2), np.zeros(12, int), np.arange(12, dtype=np.uint64))
    >>> next_new(s, np.full(12, 8)).value
    0.25
    """
    return ratio(
        species.once.astype(np.float64),
        rows.astype(np.float64),
        species.prompts,
        unit="probability",
        method="Good-Turing over accepted classes",
        rollouts=int(rows.sum()),
    )


def pass_at(
    n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64], mixing: Mixing | None
) -> dict[str, Estimate]:
    """Estimates pass@k: unbiased up to the logged group size, by the mixture to four times that, then bounds.

    1 - C(n-c, k) / C(n, k), averaged over the groups with n >= k (Chen et al., arXiv 2107.03374); E[1 - (1-s)^k]
    under the mixture beyond. "inf" is between the share of prompts ever solved and 1: 0 of n is a bound on s, not 0.

    >>> n, k = np.full(40, 4), np.tile([0, 4], 20)
    >>> round(pass_at(n, k, np.arange(40, dtype=np.uint64), None)["2"].value, 6)
    0.5
    """
    size = int(np.median(n))
    result: dict[str, Estimate] = {}
    for tries in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        if tries <= size:
            found = _unbiased(n, k, prompts, tries)
            if found is not None:
                result[str(tries)] = found
        elif mixing is not None and tries <= 4 * size and size >= 4:
            result[str(tries)] = estimate(
                mixing.mean(lambda s, tries=tries: 1 - (1 - s) ** tries),
                unit="probability",
                method="mixture, beyond the logged group size",
                prompts=mixing.prompts,
                rollouts=mixing.rollouts,
                bounds=(0.0, 1.0),
                slack=FAR if tries > 2 * size else 0.0,
                stretch=STRETCH,
            )
    keys, position = np.unique(prompts, return_inverse=True)
    solved = float((np.bincount(position, weights=k) > 0).mean())
    result["inf"] = Estimate(
        None, solved, 1.0, 1.0, "probability", "between ever solved and 1", int(keys.size), int(n.sum())
    )
    return result


def _unbiased(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64], tries: int) -> Estimate | None:
    from scipy.special import gammaln

    enough = n >= tries
    size, miss = n[enough].astype(np.float64), (n - k)[enough].astype(np.float64)
    with np.errstate(invalid="ignore"):
        log = (
            gammaln(miss + 1) - gammaln(np.maximum(miss - tries, 0) + 1) - gammaln(size + 1) + gammaln(size - tries + 1)
        )
    fail = np.where(miss >= tries, np.exp(log), 0.0)
    return mean(
        1 - fail,
        prompts[enough],
        unit="probability",
        method="unbiased, jackknife over prompts",
        rollouts=int(size.sum()),
    )
