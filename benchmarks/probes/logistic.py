"""The probability that the spurious feature is relied on, from three gaps: agreement, AULC, PSI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.probes.read import Runs
    from numpy.typing import NDArray

NAMES = ("agreement", "AULC", "PSI")


def fitted(runs: Runs, names: tuple[str, ...] = NAMES, ridge: float = 1.0) -> NDArray[np.float64]:
    """Fits intercept and slopes by maximum likelihood with a small ridge on slopes of standardised gaps."""
    from scipy.optimize import minimize

    columns = np.stack([runs.says[name] for name in names], axis=1)
    spread = columns.std(axis=0)
    x = np.column_stack([np.ones(len(columns)), columns / spread])
    sign = np.where(runs.relied, 1.0, -1.0)

    def loss(w: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0.0, -sign * (x @ w)).sum() + ridge / 2 * (w[1:] ** 2).sum())

    found = minimize(loss, np.zeros(x.shape[1]), method="BFGS").x
    return np.concatenate([found[:1], found[1:] / spread])


def told(weights: NDArray[np.float64], runs: Runs, names: tuple[str, ...] = NAMES) -> NDArray[np.float64]:
    """Returns the probability for each run."""
    logit = weights[0] + np.stack([runs.says[name] for name in names], axis=1) @ weights[1:]
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def calibration(p: NDArray[np.float64], yes: NDArray[np.bool_], bins: int = 5) -> list[dict[str, float]]:
    """Returns the calibration curve in bins of equal width: mean probability said, share that came true, runs."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return [
        {
            "said": round(float(p[place == k].mean()), 3),
            "so": round(float(yes[place == k].mean()), 3),
            "runs": int((place == k).sum()),
        }
        for k in range(bins)
        if (place == k).any()
    ]
