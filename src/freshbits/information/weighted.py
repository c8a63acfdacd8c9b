"""Shares of a part of a log from a labelled sample of its rows: weighted, with prompts as the unit.

Two things vary: which prompts the log happened to ask, and which of its rows were labelled. Both are in the variance,
by the influence that every prompt has on the share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAIL = (1.0 - LEVEL) / 2


@dataclass(frozen=True)
class Sample:
    """Holds how rows were labelled.

    Attributes:
        weight: 1 / inclusion probability of each row.
        stratum: stratum of each row, numbered from 0.
        prompt: number of each row's prompt, from 0.
        held: rows of the whole log per prompt and stratum, shape (prompts, strata); None where not known.
    """

    weight: NDArray[np.float64]
    stratum: NDArray[np.int64]
    prompt: NDArray[np.intp]
    held: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        weight: NDArray[np.float64],
        stratum: NDArray[np.int64],
        prompts: NDArray[np.uint64],
        log: tuple[NDArray[np.uint64], NDArray[np.float64]] | None = None,
    ) -> Sample:
        """Numbers the prompts; `log` gives the prompt keys of groups and their rows per stratum (groups, strata)."""
        if (weight < 1).any() or not np.isfinite(weight).all():
            raise ValueError("a weight is 1 / inclusion probability, so at least 1")
        if log is None:
            return cls(weight, stratum, np.unique(prompts, return_inverse=True)[1])
        keys, place = np.unique(np.concatenate([log[0], prompts]), return_inverse=True)
        here = place[: log[0].size]
        columns = [np.bincount(here, weights=column, minlength=keys.size) for column in log[1].T]
        held = np.stack(columns, axis=1).astype(np.float64)
        return cls(weight, stratum, place[log[0].size :], held)


@dataclass(frozen=True)
class Share:
    """Holds a share with what its interval is made of.

    Attributes:
        value: the share.
        influence: by how much each prompt moves it; their squares sum to the variance.
        extra: variance that is not the prompts': strata whose size in the log is known by their sum only.
        edge: trials behind a share of 0 or 1, which has no spread of its own.
        freedom: degrees of freedom of the variance.
        rows: labelled rows in the domain.
        prompts: their prompts.
    """

    value: float
    influence: NDArray[np.float64]
    extra: float
    edge: float
    freedom: int
    rows: int
    prompts: int
    most: float = np.inf

    @property
    def variance(self) -> float:
        """Returns the variance of the share."""
        return float(self.influence @ self.influence) + self.extra

    @property
    def size(self) -> float:
        """Returns the effective number of trials: value (1 - value) / variance, corrected for few prompts."""
        from scipy.special import ndtri, stdtrit

        variance = self.variance
        inside = 0.0 < self.value < 1.0 and variance > 0
        size = min(self.value * (1.0 - self.value) / variance, self.most) if inside else self.edge
        return size * float(ndtri(TAIL) / stdtrit(max(self.freedom, 1), TAIL)) ** 2

    def interval(self) -> tuple[float, float]:
        """Returns the ends of the 95 % interval; a share of 0 starts at 0, a share of 1 ends at 1."""
        from scipy.special import betaincinv

        size = self.size
        if self.value in (0.0, 1.0):  # rule of three: none seen is not none
            bound = 1.0 - TAIL ** (1.0 / size)
            return (0.0, bound) if self.value == 0.0 else (1.0 - bound, 1.0)
        hits = self.value * size
        low, high = betaincinv(hits + 0.5, size - hits + 0.5, [TAIL, 1 - TAIL]).tolist()
        return min(low, self.value), max(high, self.value)


def share(
    hit: NDArray[np.bool_],
    domain: NDArray[np.bool_],
    sample: Sample,
    unseen: NDArray[np.bool_] | None = None,
) -> Share | None:
    """Estimates P(hit | domain) over a log from labelled rows of it; None where no labelled row is in the domain.

    r = Σ w d y / Σ w d. A row's linearised part is u = d (y - r) / Σ w d; rows outside the domain stay in as zeros,
    because inside a stratum of equal verdicts the spread of u *is* the share of the domain. With ū_h the weighted
    mean of u in stratum h, the influence of prompt q is Σ_labelled w (u - ū_h) + Σ_all rows of q ū_h, and
    var = Q/(Q-1) Σ_q influence²: the draw of prompts and the draw of labels together (two-phase sampling). Where the
    strata of unlabelled rows are not known, the second sum is replaced by its variance for independent rows.
    The interval is the Beta posterior under Jeffreys' prior with r (1-r) / var trials, times (z/t)² for few prompts.

    It takes the rollouts of different prompts as independent, and the labels of a stratum as drawn at random.

    Args:
        hit: whether each labelled row is a hit.
        domain: whether each labelled row counts.
        sample: how the rows were labelled.
        unseen: rows among which the missing kind would have shown itself (the domain where None), for shares of 0 and
            1: their mean weight is what one more row would have stood for.

    References: Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), 5.5-5.7 and ch. 9; Korn & Graubard,
    Confidence intervals for proportions with small expected number of positive counts (1998).

    >>> hit = np.array([True, True, False, False]); everything = np.ones(4, dtype=bool)
    >>> drawn = Sample.of(np.array([2.0, 2.0, 10.0, 10.0]), np.array([0, 0, 1, 1]), np.arange(4, dtype=np.uint64))
    >>> round(share(hit, everything, drawn).value, 4)  # 2 + 2 accepted rows stand for 4, the rejected ones for 20
    0.1667
    """
    weight = sample.weight
    total = float(weight[domain].sum())
    if total <= 0:
        return None
    value = float(weight[domain & hit].sum()) / total
    if not (domain & ~hit).any():
        value = 1.0
    part = np.where(domain, hit - value, 0.0) / total
    strata = int(sample.stratum.max()) + 1
    mass = np.bincount(sample.stratum, weights=weight, minlength=strata)
    centre = np.bincount(sample.stratum, weights=weight * part, minlength=strata) / np.maximum(mass, 1e-300)
    prompts = int(sample.prompt.max()) + 1 if sample.held is None else sample.held.shape[0]
    residual = weight * (part - centre[sample.stratum])
    influence = np.bincount(sample.prompt, weights=residual, minlength=prompts).astype(np.float64)
    extra = 0.0
    if sample.held is None:
        extra = float(mass @ centre**2)
    else:
        influence += sample.held @ centre
    labelled = int(np.count_nonzero(np.bincount(sample.prompt)))
    influence *= float(np.sqrt(labelled / max(labelled - 1, 1)))
    inside = int(np.count_nonzero(np.bincount(sample.prompt[domain])))
    rows = int(domain.sum())
    shown = unseen if unseen is not None and unseen.any() else domain
    return Share(
        value,
        influence,
        extra,
        edge=total / float(weight[shown].mean()) * inside / rows,
        freedom=labelled - strata,
        rows=rows,
        prompts=inside,
        most=float(rows) if np.ptp(weight) == 0 else np.inf,
    )
