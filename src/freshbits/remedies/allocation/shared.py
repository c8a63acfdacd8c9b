"""What prompts share: a logistic regression of pass rates on features that follows the policy as it learns.

A Kalman filter with linearised verdicts: weights wander by a little with every update of the policy, each group of
verdicts corrects them. Prompts that nobody asked move with those that share their features. `Belief.informed` takes
its rates as the stated ones, corrects their level, and adds what each prompt showed itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.posterior import sigmoid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

START = 1.0  # prior variance of a weight, of features with variance 1
WANDER = 0.002  # variance that an update of the policy adds to every weight
APART = 2.0  # variance of a prompt's logit around what its features say
MOST = 3.0  # logits by which one group may say that the forecast was off: the linearisation holds no further


@dataclass(frozen=True)
class Shared:
    """Holds weights of features, and how sure they are; made with `of`, never changed in place.

    logit p = base + features · weights + what is the prompt's own (variance `apart`). The cost of a step grows with
    the square of the number of features: some hundreds at most.

    Attributes:
        features: one row per prompt; the first column is 1.
        weights: mean of each weight.
        covariance: of the weights.
        wander: variance that an update of the policy adds to each weight.
        base: logit of every prompt by another predictor, which the weights correct; 0 where there is none.
        apart: variance of a prompt's logit around its features.

    >>> shared = Shared.of(np.repeat([[1.0], [-1.0]], 20, axis=0))
    >>> for step in range(10):
    ...     shared = shared.observe([step, 20 + step], [7, 1], [8, 8]).moved()
    >>> shared.rates()[[19, 39]].round(2).tolist()
    [0.83, 0.17]
    """

    features: NDArray[np.float64]
    weights: NDArray[np.float64]
    covariance: NDArray[np.float64]
    base: NDArray[np.float64]
    wander: float = WANDER
    apart: float = APART

    @classmethod
    def of(
        cls,
        features: ArrayLike,
        *,
        start: float | ArrayLike = START,
        base: ArrayLike = 0.0,
        wander: float = WANDER,
        apart: float = APART,
    ) -> Shared:
        """Begins with weights of 0.

        Args:
            features: one row per prompt; a constant is added. Bring columns to about variance 1.
            start: prior variance of each weight, one for all or one per column.
            base: logit of every prompt by another predictor.
            wander: variance that an update of the policy adds to each weight; 0 where it stays as it is.
            apart: variance of a prompt's logit around what its features say.

        Raises:
            InputError: if features are no table of numbers.
        """
        table = np.asarray(features, dtype=np.float64)
        if table.ndim != 2 or not np.all(np.isfinite(table)):
            raise InputError("features have to be a table of numbers, one row per prompt")
        full = np.column_stack([np.ones(len(table)), table])
        first = np.full(full.shape[1], 4.0)
        first[1:] = start
        told = np.broadcast_to(np.asarray(base, dtype=np.float64), len(table))
        return cls(full, np.zeros(full.shape[1]), np.diag(first), told, wander, apart)

    def rates(self) -> NDArray[np.float64]:
        """Predicts the pass rate of every prompt: sigmoid of its mean logit."""
        return sigmoid(self.base + self.features @ self.weights)

    def observe(self, index: ArrayLike, successes: ArrayLike, rollouts: ArrayLike) -> Shared:
        """Corrects the weights by verdicts.

        Args:
            index: numbers of the prompts that were asked.
            successes: accepted rollouts of each.
            rollouts: scored rollouts of each; those without any are passed over.
        """
        where = np.asarray(index, dtype=np.int64).reshape(-1)
        passed = np.asarray(successes, dtype=np.float64).reshape(-1)
        asked = np.asarray(rollouts, dtype=np.float64).reshape(-1)
        where, passed, asked = where[asked > 0], passed[asked > 0], asked[asked > 0]
        if not len(where):
            return self
        rows = self.features[where]
        mean = sigmoid(self.base[where] + rows @ self.weights)
        slope = np.maximum(mean * (1 - mean), 0.02)
        off = np.clip((passed / asked - mean) / slope, -MOST, MOST)
        across = rows @ self.covariance
        noise = 1 / (asked * slope) + self.apart
        gain = np.linalg.solve(across @ rows.T + np.diag(noise), across).T
        covariance = self.covariance - gain @ across
        return replace(self, weights=self.weights + gain @ off, covariance=(covariance + covariance.T) / 2)

    def moved(self, updates: int = 1) -> Shared:
        """Takes note that the policy was updated: every weight may have wandered."""
        return replace(self, covariance=self.covariance + updates * self.wander * np.eye(len(self.weights)))
