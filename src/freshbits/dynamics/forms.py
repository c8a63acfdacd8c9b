"""Forms that a trajectory may take: the fitted operator, an exponential to a plateau, a power law, the last value.

A form looks at the first rounds of a panel and says where accuracy and diversity go, with 90 % intervals for the mean
over the log's own prompts. Which form is shown is chosen by backtest (`choice`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.ahead import NORMAL, Paths, ahead
from freshbits.dynamics.fit import Fitted, fit
from freshbits.dynamics.tolerance import likely

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.dynamics.panel import Panel

    Array = NDArray[np.float64]

DEPTHS = np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.97])  # what one round leaves of a gap
KNEES = np.array([0.3, 1.0, 3.0, 8.0])  # rounds after which a power law bends
DRIFT = 0.02  # how far a quantity without a law may wander per √round


@dataclass(frozen=True)
class Band:
    """Holds a forecast of one quantity by rounds ahead (0 is the last logged round): value, 90 % interval, hit chance.

    `hit` is the chance, by the form itself, that the value is within 10 % or .03 of what comes.
    """

    value: Array
    low: Array
    high: Array
    hit: Array


@dataclass(frozen=True)
class Course:
    """Holds what a form says of a log: bands of accuracy and diversity, and the fit where the form is the operator."""

    form: str
    accuracy: Band
    diversity: Band | None
    fitted: Fitted | None = None
    paths: Paths | None = None


Form = "Callable[[Panel, NDArray[np.int64]], Course]"


def operator(panel: Panel, ahead_rounds: NDArray[np.int64]) -> Course:
    """Forecasts by the fitted resampling–selection operator; `ahead_rounds` counts rounds of the log from its last."""
    fitted = fit(panel)
    steps = np.ceil(np.asarray(ahead_rounds) / panel.unit).astype(np.int64)
    paths = ahead(fitted, int(steps.max()))
    accuracy = _of_paths(paths.accuracy[:, steps], paths.accuracy_sd[:, steps])
    diversity = None
    if paths.diversity is not None and paths.diversity_sd is not None:
        diversity = _of_paths(paths.diversity[:, steps], paths.diversity_sd[:, steps])
    return Course("resampling and selection", accuracy, diversity, fitted, paths)


def exponential(panel: Panel, ahead_rounds: NDArray[np.int64]) -> Course:
    """Forecasts by y_t = c + d ρ^t, ρ weighted by how well it fits."""
    return _curves("exponential to a plateau", panel, ahead_rounds, lambda t: DEPTHS[:, None] ** t[None, :])


def power(panel: Panel, ahead_rounds: NDArray[np.int64]) -> Course:
    """Forecasts by y_t = c + d (1 + t/τ)^-1, a loop of many speeds: fast first, then ever more slowly."""
    return _curves("power law", panel, ahead_rounds, lambda t: 1.0 / (1.0 + t[None, :] / KNEES[:, None]))


def last(panel: Panel, ahead_rounds: NDArray[np.int64]) -> Course:
    """Forecasts that all stays as it was in the last round."""
    found: list[Band | None] = []
    for series in _series(panel):
        if series is None:
            found.append(None)
            continue
        spread = np.hypot(series[1][-1], DRIFT * np.sqrt(np.asarray(ahead_rounds) / panel.unit))
        found.append(_normal(np.full(len(ahead_rounds), series[0][-1]), spread))
    assert found[0] is not None
    return Course("last value", found[0], found[1])


def _curves(name: str, panel: Panel, ahead_rounds: NDArray[np.int64], shapes: Callable[[Array], Array]) -> Course:
    """Fits y = c + d·shape by Bayesian least squares for every shape and mixes them by evidence."""
    past = (panel.rounds - panel.rounds[0]) / panel.unit
    future = past[-1] + np.asarray(ahead_rounds) / panel.unit
    found: list[Band | None] = []
    for series in _series(panel):
        if series is None:
            found.append(None)
            continue
        y, se = series
        noise = np.maximum(se, 1e-3) * 0.7  # the same prompts in every round: part of the error is shared
        means, sds, evidence = [], [], []
        for was, will in zip(shapes(past), shapes(future), strict=True):
            design = np.stack([np.ones_like(was), was], axis=1) / noise[:, None]
            # c within about [0, 1], d no larger: wide, but an end of the world away is not on offer.
            precision = design.T @ design + np.diag([1.0 / 0.35**2, 1.0 / 0.35**2])
            prior = np.array([0.35**-2 * y.mean(), 0.0])
            covariance = np.linalg.inv(precision)
            beta = covariance @ (design.T @ (y / noise) + prior)
            off = y / noise - design @ beta
            excess = max(1.0, float(off @ off) / max(y.size - 2, 1))
            ahead_design = np.stack([np.ones_like(will), will], axis=1)
            means.append(ahead_design @ beta)
            sds.append(np.sqrt(excess * np.einsum("ti,ij,tj->t", ahead_design, covariance, ahead_design)))
            shrink = (beta - np.array([y.mean(), 0.0])) / 0.35
            evidence.append(-0.5 * (off @ off + shrink @ shrink) - 0.5 * np.linalg.slogdet(precision)[1])
        weight = np.exp(np.array(evidence) - max(evidence))
        number = np.maximum(np.round(24 * weight / weight.sum()).astype(np.int64), 0)
        rows = np.repeat(np.arange(number.size), number)
        found.append(_of_paths(np.clip(np.array(means)[rows], 0.0, 1.0), np.array(sds)[rows]))
    assert found[0] is not None
    return Course(name, found[0], found[1])


def _series(panel: Panel) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
    return panel.accuracy(), panel.diversity()


def _of_paths(mean: Array, spread: Array) -> Band:
    columns = [likely(mean[:, t], spread[:, t]) for t in range(mean.shape[1])]
    value, low, high, hit = (np.array(column) for column in zip(*columns, strict=True))
    return Band(value, low, high, hit)


def _normal(mean: Array, spread: Array) -> Band:
    return _of_paths(mean[None, :], spread[None, :])


__all__ = ["NORMAL", "Band", "Course", "Form", "exponential", "last", "operator", "power"]
