"""How often a verdict is wrong: TPR, FPR, J, LR, precision and base rate from labelled rows, as they were drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL
from freshbits.information.weighted import Sample, Share, share
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "labels weighted by design, Beta posterior with prompts as the unit"


@dataclass(frozen=True)
class Rates:
    """Holds the rates of a verdict against truth; None where no labelled row tells.

    Attributes:
        tpr: P(S=1 | C=1).
        fpr: P(S=1 | C=0).
        j: TPR - FPR (Youden's J).
        lr: TPR / FPR; its value or its upper end is None where FPR may be zero.
        ppv: P(C=1 | S=1), the precision.
        base_rate: P(C=1).
        agreement: P(S=C).
    """

    tpr: Estimate | None
    fpr: Estimate | None
    j: Estimate | None
    lr: Estimate | None
    ppv: Estimate | None
    base_rate: Estimate | None
    agreement: Estimate | None


def rates(verdict: NDArray[np.bool_], right: NDArray[np.bool_], sample: Sample) -> Rates:
    """Estimates the rates of a verdict from labelled rows; every interval is 95 %, prompts as the unit.

    Where every row of a log is labelled the values are the direct counts over rollouts. The interval of J joins those
    of TPR and FPR with their correlation ρ over prompts (the square-and-add method): its lower half width is
    √(a² + b² - 2 ρ a b) with a = TPR - low(TPR) and b = high(FPR) - FPR. LR is treated alike on the log scale.

    It does not know labels that are themselves wrong, nor labels chosen by what they would show.

    Args:
        verdict: whether the signal accepted each labelled row.
        right: whether the row is right.
        sample: how the rows were labelled.

    References: Youden (1950); Zou & Donner, Construction of confidence limits about effect measures (2008).

    >>> right = np.tile([True, False], 50); everything = np.ones(100)
    >>> drawn = Sample.of(everything, np.zeros(100, dtype=np.int64), np.arange(100, dtype=np.uint64))
    >>> found = rates(right, right, drawn)
    >>> found.tpr.value, found.fpr.value, found.lr.value, found.lr.high
    (1.0, 0.0, None, None)
    """
    tpr = share(verdict, right, sample, unseen=~verdict)
    fpr = share(verdict, ~right, sample, unseen=verdict)
    ppv = share(right, verdict, sample, unseen=verdict)
    j = lr = None
    if tpr is not None and fpr is not None:
        rho = correlation(tpr, fpr)
        j = _difference(tpr, fpr, rho)
        lr = _ratio(tpr, fpr, rho)
    base, same = _everywhere(right, sample), _everywhere(verdict == right, sample)
    return Rates(_estimate(tpr), _estimate(fpr), j, lr, _estimate(ppv), base, same)


def differs(
    verdict: NDArray[np.bool_],
    weight: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    log: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]],
) -> tuple[float, float, float]:
    """Computes (pass rate of the labelled rows, pass rate of the log, p-value of their being equal but for chance).

    z² = D² / Σ_q d_q², where d_q is what prompt q contributes to the difference D of the two weighted means.

    Args:
        verdict: whether the signal accepted each labelled row.
        weight: 1 / inclusion probability of each labelled row.
        prompts: prompt key of each labelled row.
        log: scored rollouts, accepted rollouts and prompt key of every group of the log.

    >>> q = np.arange(100, dtype=np.uint64); n = np.full(100, 8); k = np.tile([8, 0], 50)
    >>> differs(np.ones(50, dtype=bool), np.ones(50), q[:50], (n, k, q))[2] < 1e-6
    True
    """
    from scipy.stats import norm

    n, k, groups = log
    _, place = np.unique(np.concatenate([groups, prompts]), return_inverse=True)
    here, labelled = place[: groups.size], place[groups.size :]
    rate, shown = float(k.sum() / n.sum()), float(weight @ verdict / weight.sum())
    parts = np.bincount(labelled, weights=weight * (verdict - shown) / weight.sum(), minlength=place.max() + 1)
    parts -= np.bincount(here, weights=(k - rate * n) / n.sum(), minlength=place.max() + 1)
    spread = float(np.sqrt(parts @ parts))
    if abs(shown - rate) < 1e-12:
        return shown, rate, 1.0
    return shown, rate, float(2 * norm.sf(abs(shown - rate) / spread)) if spread > 0 else 0.0


def correlation(one: Share, two: Share) -> float:
    """Computes the correlation of two shares over prompts; 0 where one of them has no spread.

    >>> a = Share(0.5, np.array([1.0, 0.0]), 0.0, 2, 1, 2, 2); b = Share(0.5, np.array([0.0, 1.0]), 0.0, 2, 1, 2, 2)
    >>> correlation(a, a), correlation(a, b)
    (1.0, 0.0)
    """
    spread = np.sqrt(one.variance * two.variance)
    return float(np.clip(one.influence @ two.influence / spread, -1.0, 1.0)) if spread > 0 else 0.0


def _difference(tpr: Share, fpr: Share, rho: float) -> Estimate:
    (low_t, high_t), (low_f, high_f) = tpr.interval(), fpr.interval()
    value = tpr.value - fpr.value
    low = value - _joined(tpr.value - low_t, high_f - fpr.value, rho)
    high = value + _joined(high_t - tpr.value, fpr.value - low_f, rho)
    return _combined(tpr, fpr, value, max(low, -1.0), min(high, 1.0), "TPR - FPR", "joint interval of both shares")


def _ratio(tpr: Share, fpr: Share, rho: float) -> Estimate:
    """Returns TPR / FPR: unbounded above where FPR may be 0, and 0 below where TPR may be."""
    (low_t, high_t), (low_f, high_f) = tpr.interval(), fpr.interval()
    value = tpr.value / fpr.value if fpr.value > 0 else None
    low: float = 0.0
    high: float | None = None
    if value is None:
        low = low_t / high_f
    elif tpr.value > 0:
        if low_t > 0:
            low = value * float(np.exp(-_joined(np.log(tpr.value / low_t), np.log(high_f / fpr.value), rho)))
        if low_f > 0:
            high = value * float(np.exp(_joined(np.log(high_t / tpr.value), np.log(fpr.value / low_f), rho)))
    elif low_f > 0:
        high = high_t / low_f
    return _combined(tpr, fpr, value, low, high, "TPR / FPR", "joint interval of both shares on the log scale")


def _joined(one: float, two: float, rho: float) -> float:
    return float(np.sqrt(max(one**2 + two**2 - 2 * rho * one * two, 0.0)))


def _combined(
    one: Share, two: Share, value: float | None, low: float, high: float | None, unit: str, method: str
) -> Estimate:
    return Estimate(value, low, high, LEVEL, unit, method, one.prompts + two.prompts, one.rows + two.rows)


def _everywhere(hit: NDArray[np.bool_], sample: Sample) -> Estimate | None:
    """Returns the share of hits among all rows: Σ_h W_h r_h over strata.

    A stratum of large weight that showed no hit has no spread, yet may hold some: the interval is at least the one
    joined from the strata's own, √Σ W_h² (r_h - low_h)² below and likewise above.
    """
    found = share(hit, np.ones(hit.size, dtype=bool), sample)
    plain = _estimate(found)
    strata = np.unique(sample.stratum)
    if found is None or plain is None or plain.low is None or plain.high is None or strata.size < 2:
        return plain
    below = above = 0.0
    for stratum in strata:
        here = sample.stratum == stratum
        part = share(hit, here, sample)
        if part is not None:
            (low, high), mass = part.interval(), float(sample.weight[here].sum() / sample.weight.sum())
            below += (mass * (part.value - low)) ** 2
            above += (mass * (high - part.value)) ** 2
    low, high = max(found.value - np.sqrt(below), 0.0), min(found.value + np.sqrt(above), 1.0)
    return replace(plain, low=float(min(low, plain.low)), high=float(max(high, plain.high)))


def _estimate(found: Share | None) -> Estimate | None:
    if found is None:
        return None
    low, high = found.interval()
    return Estimate(found.value, low, high, LEVEL, "share", METHOD, found.prompts, found.rows)
