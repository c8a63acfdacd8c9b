"""How far a belief may be trusted: whether the variances it expected were those that groups then showed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REMEMBERED = 0.9  # of earlier groups, per batch
FIRM = 0.1  # summed squares of expected variances that full trust counts as: about fifty groups


@dataclass(frozen=True, slots=True)
class Track:
    """Holds weighted sums over groups of what was expected, x, and what was seen, y: s(n-s) / (n(n-1)), unbiased.

    Attributes:
        groups: sum of weights.
        expected: sum of x.
        seen: sum of y.
        squares: sum of x².
        products: sum of xy.
    """

    groups: float = 0.0
    expected: float = 0.0
    seen: float = 0.0
    squares: float = 0.0
    products: float = 0.0

    def batch(self, expected: NDArray[np.float64], passed: NDArray[np.float64], asked: NDArray[np.float64]) -> Track:
        """Adds a batch; groups of one rollout show nothing."""
        some = asked >= 2
        if not some.any():
            return self
        x, s, n = expected[some], passed[some], asked[some]
        y = s * (n - s) / (n * (n - 1))
        return Track(
            REMEMBERED * self.groups + len(x),
            REMEMBERED * self.expected + float(x.sum()),
            REMEMBERED * self.seen + float(y.sum()),
            REMEMBERED * self.squares + float((x * x).sum()),
            REMEMBERED * self.products + float((x * y).sum()),
        )

    @property
    def trust(self) -> float:
        """Elasticity of what is seen to what is expected, from 0 to 1: slope · mean expected / mean seen; 1 at first.

        >>> Track().trust
        1.0
        >>> rng = np.random.default_rng(0)
        >>> random = Track().batch(rng.random(500) / 4, rng.integers(0, 9, 500) * 1.0, np.full(500, 8.0))
        >>> random.trust < 0.2
        True
        """
        if self.groups == 0 or self.seen <= 0:
            return 1.0
        across = self.squares - self.expected**2 / self.groups
        along = self.products - self.expected * self.seen / self.groups
        elasticity = (along * self.expected / self.seen + FIRM) / (across + FIRM)
        return float(np.clip(elasticity, 0.0, 1.0))

    def to_json(self) -> dict[str, Any]:
        """Returns the sums as plain data."""
        return asdict(self)
