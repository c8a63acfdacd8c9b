"""What is known of pass rates whose logits are normal beforehand: sums over points around the mode, prompt by prompt.

A logit θ ~ N(mean, variance), and s accepted and f rejected rollouts of the time when it was θ - offset. The posterior
has no closed form; it is log-concave, so fifteen points around its mode are enough: rates are right to .001 for
variances up to 9, to .006 up to 20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

POINTS = np.linspace(-5.25, 5.25, 15)  # in widths of the normal that fits the mode
STEPS, LONGEST = 10, 4.0  # of Newton's way to the mode, and the longest of them in logits
CHUNK = 1 << 15
MANY, KNOTS = 10_000, 1_001  # prompts from which a table is read, and its length
LEAST = 1e-12


@dataclass(frozen=True)
class Posterior:
    """Holds moments of every prompt's pass rate p and of its logit θ.

    Attributes:
        rate: E[p].
        mixed: E[p(1-p)].
        logit: E[θ].
        variance: Var[θ].
    """

    rate: NDArray[np.float64]
    mixed: NDArray[np.float64]
    logit: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def worth(self) -> NDArray[np.float64]:
        """a + b of the Beta with the same E[p] and E[p(1-p)] = E[p](1-E[p]) (a+b) / (a+b+1)."""
        room = self.rate * (1 - self.rate)
        return np.asarray(np.clip(self.mixed / np.maximum(room - self.mixed, LEAST), 1e-6, 1e6))


def posterior(
    mean: NDArray[np.float64],
    variance: float,
    successes: NDArray[np.float64],
    failures: NDArray[np.float64],
    offset: ArrayLike = 0.0,
) -> Posterior:
    """Computes the moments of every prompt, given what it showed.

    Args:
        mean: of each logit beforehand.
        variance: of the logits beforehand.
        successes: accepted rollouts, which may be weighted.
        failures: rejected ones.
        offset: logits by which each has moved since.

    >>> found = posterior(np.array([0.0, 0.0]), 1.0, np.array([0.0, 400.0]), np.array([0.0, 100.0]))
    >>> found.rate.round(3).tolist(), found.variance.round(3).tolist()
    ([0.5, 0.797], [1.0, 0.012])
    """
    moved = np.broadcast_to(np.asarray(offset, dtype=np.float64), mean.shape)
    found = np.empty((4, len(mean)))
    new = np.flatnonzero(successes + failures <= 0)
    rest = np.arange(len(mean))
    if new.size > MANY:  # what is expected of prompts that showed nothing goes by their mean alone
        table = np.linspace(mean[new].min(), mean[new].max(), KNOTS)
        zero = np.zeros(KNOTS)
        for row, values in zip(found, _moments(table, variance, zero, zero, zero), strict=True):
            row[new] = np.interp(mean[new], table, values)
        rest = np.flatnonzero(successes + failures > 0)
    for at in range(0, rest.size, CHUNK):
        some = rest[at : at + CHUNK]
        found[:, some] = _moments(mean[some], variance, successes[some], failures[some], moved[some])
    return Posterior(*found)


def conjugate(a: NDArray[np.float64], b: NDArray[np.float64]) -> Posterior:
    """Computes the moments of Beta(a, b).

    >>> found = conjugate(np.array([2.0]), np.array([2.0]))
    >>> found.rate.tolist(), found.mixed.tolist(), found.worth.round(6).tolist()
    ([0.5], [0.2], [4.0])
    """
    from scipy.special import polygamma, psi

    both = a + b
    return Posterior(a / both, a * b / (both * (both + 1)), psi(a) - psi(b), polygamma(1, a) + polygamma(1, b))


def _moments(
    mean: NDArray[np.float64],
    variance: float,
    yes: NDArray[np.float64],
    no: NDArray[np.float64],
    offset: NDArray[np.float64],
) -> NDArray[np.float64]:
    asked = yes + no
    mode = mean.copy()
    some = np.flatnonzero(asked > 0)
    at, first, s, n, moved = mode[some], mean[some], yes[some], asked[some], offset[some]
    for _ in range(STEPS if some.size else 0):
        p = sigmoid(at - moved)
        step = (s - n * p - (at - first) / variance) / (n * p * (1 - p) + 1 / variance)
        at = at + np.clip(step, -LONGEST, LONGEST)
    mode[some] = at
    p = sigmoid(mode - offset)
    width = 1 / np.sqrt(asked * p * (1 - p) + 1 / variance)
    point = mode[:, None] + width[:, None] * POINTS
    was = point - offset[:, None]
    log = yes[:, None] * was - asked[:, None] * np.logaddexp(0.0, was) - (point - mean[:, None]) ** 2 / (2 * variance)
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    rate = sigmoid(point)
    logit_mean = (weight * point).sum(axis=1)
    apart = point - logit_mean[:, None]
    return np.stack(
        [
            (weight * rate).sum(axis=1),
            (weight * rate * (1 - rate)).sum(axis=1),
            logit_mean,
            (weight * apart * apart).sum(axis=1),
        ]
    )


def logit(rates: ArrayLike) -> NDArray[np.float64]:
    """Computes ln(p / (1-p)).

    >>> logit([0.5, 0.75]).round(3).tolist()
    [0.0, 1.099]
    """
    p = np.asarray(rates, dtype=np.float64)
    return np.asarray(np.log(p) - np.log1p(-p))


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes 1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0))))
