"""Distributions of rates over prompts, with exact expectations.

A rate is a probability that differs from prompt to prompt: the base rate of right answers, a verifier's true
positive rate. Each class draws rates and also gives quadrature nodes, so that the expectation of any function
of the rate is known to about ten digits without drawing anything.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[np.float64]
Nodes = tuple[Array, Array]


class Rates(Protocol):
    """Names what every distribution of a rate can do."""

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Draws n rates."""

    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:
        """Returns many nodes and weights, exact for functions smooth between the breaks."""

    def few(self, n: int) -> Nodes:
        """Returns about n nodes and weights, for products of several distributions."""

    def expect(self, f: Callable[[Array], Array], breaks: tuple[float, ...] = ()) -> float:
        """Returns E f(rate); jumps of f belong into breaks."""


class Quadrature(ABC):
    """Gives the expectation from the nodes."""

    @abstractmethod
    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:
        """Returns many nodes and weights, exact for functions smooth between the breaks."""

    def expect(self, f: Callable[[Array], Array], breaks: tuple[float, ...] = ()) -> float:
        """Returns E f(rate), exact where f is smooth between the breaks.

        >>> round(Beta(1, 1).expect(lambda p: p**2), 12)
        0.333333333333
        """
        rates, weights = self.nodes(breaks)
        return float(np.dot(weights, f(rates)))


@dataclass(frozen=True)
class Beta(Quadrature):
    """Draws rates from Beta(a, b); E h of the uniform Beta(1, 1) is 1/(2 ln 2) bits.

    >>> round(Beta(1, 1).expect(lambda p: (special.entr(p) + special.entr(1 - p)) / math.log(2)), 10)
    0.7213475204
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        if not (self.a >= 0.05 and self.b >= 0.05):
            raise InputError(f"Beta({self.a}, {self.b}) is too close to atoms", mend="use Atoms for a, b < 0.05")

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Draws n rates."""
        return rng.beta(self.a, self.b, n)

    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:
        """Returns tanh-sinh nodes on each piece: they bear the x log x of entropies and poles at 0 and 1."""
        edges = _edges(breaks, 0.0, 1.0)
        # t = 6.05 is where p underflows; sharp humps (large a, b) need the finer step.
        step = 1 / (16 * 2.0 ** max(0, math.ceil(math.log2(math.sqrt(self.a + self.b) / 3))))
        t = np.arange(-6.05, 6.05, step)
        exponent = math.pi * np.sinh(t)
        low, high = special.expit(exponent), special.expit(-exponent)
        slope = low * high * math.pi * np.cosh(t) * step
        rates, weights = [], []
        for left, right in itertools.pairwise(edges):
            width = right - left
            with np.errstate(divide="ignore"):
                log_density = special.xlogy(self.a - 1, left + width * low)
                log_density = log_density + special.xlogy(self.b - 1, (1 - right) + width * high)
            rates.append(left + width * low)
            weights.append(np.exp(log_density - special.betaln(self.a, self.b)) * width * slope)
        return _tidy(np.concatenate(rates), np.concatenate(weights))

    def few(self, n: int) -> Nodes:
        """Returns n Gauss-Jacobi nodes and weights, or quantiles where the hump is too sharp for those."""
        if self.a + self.b > 800:
            u, spread = special.roots_legendre(n)
            return special.betaincinv(self.a, self.b, (u + 1) / 2), spread / spread.sum()
        x, weights = special.roots_jacobi(n, self.b - 1, self.a - 1)
        return (x + 1) / 2, weights / weights.sum()


@dataclass(frozen=True)
class LogitNormal(Quadrature):
    """Draws rates whose log-odds (natural) are normal with this mean and standard deviation."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise InputError(f"sd {self.sd} is not positive", mend="use Atoms for one rate")

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Draws n rates."""
        drawn: Array = special.expit(self.mean + self.sd * rng.standard_normal(n))
        return drawn

    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:
        """Returns Gauss-Legendre nodes on each piece of the normal's range (9 standard deviations)."""
        with np.errstate(divide="ignore"):
            cuts = (special.logit(np.asarray(breaks, dtype=float)) - self.mean) / self.sd
        edges = _edges(tuple(cuts), -9.0, 9.0)
        x, weight = np.polynomial.legendre.leggauss(120)
        rates, weights = [], []
        for left, right in itertools.pairwise(edges):
            z = (left + right) / 2 + (right - left) / 2 * x
            rates.append(special.expit(self.mean + self.sd * z))
            weights.append(weight * (right - left) / 2 * np.exp(-z * z / 2))
        return _tidy(np.concatenate(rates), np.concatenate(weights))

    def few(self, n: int) -> Nodes:
        """Returns n Gauss-Hermite nodes and weights."""
        z, weights = special.roots_hermitenorm(n)
        return special.expit(self.mean + self.sd * z), weights / weights.sum()


@dataclass(frozen=True)
class Atoms(Quadrature):
    """Draws rates from a list of (rate, weight); rates of 0 and 1 are allowed, weights are normalised.

    >>> Atoms([(0.0, 1), (0.5, 3)]).expect(lambda p: p)
    0.375
    """

    points: tuple[tuple[float, float], ...]

    def __init__(self, points: tuple[tuple[float, float], ...] | list[tuple[float, float]]) -> None:
        object.__setattr__(self, "points", tuple((float(rate), float(weight)) for rate, weight in points))
        if not self.points or any(not 0 <= rate <= 1 or not weight > 0 for rate, weight in self.points):
            raise InputError(f"atoms {points} are not rates in [0, 1] with positive weights")

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Draws n rates."""
        rates, weights = self.nodes()
        if rates.size == 1:
            return np.full(n, rates[0])
        return rates[np.minimum(np.searchsorted(np.cumsum(weights), rng.random(n), "right"), rates.size - 1)]

    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:  # noqa: ARG002 - atoms are exact for any function
        """Returns the atoms."""
        rates, weights = np.array(self.points).T
        return rates.copy(), weights / weights.sum()

    def few(self, n: int) -> Nodes:  # noqa: ARG002
        """Returns the atoms."""
        return self.nodes()


@dataclass(frozen=True)
class Mixture(Quadrature):
    """Draws each rate from one of several distributions, given as (weight, distribution).

    >>> hard = Mixture([(0.35, Atoms([(0.0, 1)])), (0.25, Atoms([(1.0, 1)])), (0.4, Beta(1, 1))])
    >>> round(hard.expect(lambda p: p), 12)
    0.45
    """

    parts: tuple[tuple[float, Rates], ...]

    def __init__(self, parts: tuple[tuple[float, Rates], ...] | list[tuple[float, Rates]]) -> None:
        total = sum(weight for weight, _ in parts)
        if not total > 0 or any(not weight > 0 for weight, _ in parts):
            raise InputError("the weights of a mixture are not all positive")
        object.__setattr__(self, "parts", tuple((weight / total, part) for weight, part in parts))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Draws n rates; the first m of them do not depend on n."""
        edges = np.cumsum([weight for weight, _ in self.parts])[:-1]
        which, *children = rng.spawn(1 + len(self.parts))
        drawn = np.stack([part.draw(child, n) for (_, part), child in zip(self.parts, children, strict=True)])
        return drawn[np.searchsorted(edges, which.random(n), "right"), np.arange(n)]

    def nodes(self, breaks: tuple[float, ...] = ()) -> Nodes:
        """Returns the nodes of all parts."""
        return self._join([part.nodes(breaks) for _, part in self.parts])

    def few(self, n: int) -> Nodes:
        """Returns about n nodes for each part."""
        return self._join([part.few(n) for _, part in self.parts])

    def _join(self, found: list[Nodes]) -> Nodes:
        rates = np.concatenate([rates for rates, _ in found])
        return rates, np.concatenate(
            [share * weights for (share, _), (_, weights) in zip(self.parts, found, strict=True)]
        )


def bimodal(low: float = 0.1, high: float = 0.9, share: float = 0.5, strength: float = 30.0) -> Mixture:
    """Returns two Beta humps, at low and high,; share is the weight of the low one.

    >>> round(bimodal(0.1, 0.9).expect(lambda p: p), 12)
    0.5
    """
    humps = [Beta(centre * strength, (1 - centre) * strength) for centre in (low, high)]
    return Mixture([(share, humps[0]), (1 - share, humps[1])])


def _edges(breaks: tuple[float, ...], low: float, high: float) -> list[float]:
    return [low, *sorted({float(cut) for cut in breaks if low < cut < high}), high]


def _tidy(rates: Array, weights: Array) -> Nodes:
    weights = weights / weights.sum()
    keep = weights > 1e-18
    return rates[keep], weights[keep] / weights[keep].sum()
