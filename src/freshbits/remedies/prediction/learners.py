"""What learns pass rates from encoded prompts: the mean of a field's level, a regression on words, boosted trees.

All take successes and rollouts of prompts, weighted so that a prompt's rollouts count as what they tell about others:
n rollouts of one prompt are worth n / (1 + (n - 1) ρ), ρ the share of the variance that lies between prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.prediction.encode import Encoded

SHRINK = 2.0  # rollouts that the base rate is worth in the mean of a level
PENALTY = 3.0  # inverse strength of the ridge
TREES, LEAVES, RATE, SMALLEST = 150, 15, 0.06, 20
FLOOR = 0.005  # no learner claims more certainty than this


@dataclass(frozen=True)
class Tried:
    """Holds what came of the prompts that were tried.

    Attributes:
        successes, rollouts: of each prompt; earlier rounds count less, so they need not be whole numbers.
        share: ρ, the share of the variance of verdicts that lies between prompts.
    """

    successes: NDArray[np.float64]
    rollouts: NDArray[np.float64]
    share: float

    @property
    def weight(self) -> NDArray[np.float64]:
        """What one rollout of each prompt is worth."""
        return np.asarray(1 / (1 + np.maximum(self.rollouts - 1, 0) * self.share), dtype=np.float64)

    @property
    def base_rate(self) -> float:
        """Pass rate over all, kept off 0 and 1."""
        weight = self.weight
        return float((weight @ self.successes + 0.5) / (weight @ self.rollouts + 1))

    def take(self, rows: NDArray[np.int64]) -> Tried:
        """Returns some of the prompts."""
        return Tried(self.successes[rows], self.rollouts[rows], self.share)


class Learner(Protocol):
    """Describes what predicts the pass rates of encoded prompts."""

    def predict(self, encoded: Encoded) -> NDArray[np.float64]:
        """Returns a pass rate per prompt."""
        ...


@dataclass(frozen=True)
class Mean:
    """Predicts the mean of a field's level, drawn to the base rate by two rollouts; the base rate without a field."""

    field: str | None
    base: float
    means: NDArray[np.float64]

    @classmethod
    def fit(cls, encoded: Encoded, tried: Tried, field: str | None) -> Self:
        """Takes the means of the levels."""
        if field is None:
            return cls(None, tried.base_rate, np.zeros(0))
        number = encoded.fields[field] + 1
        count = int(number.max(initial=0)) + 1
        passed = np.bincount(number, weights=tried.weight * tried.successes, minlength=count)
        asked = np.bincount(number, weights=tried.weight * tried.rollouts, minlength=count)
        base = tried.base_rate
        return cls(field, base, np.asarray((passed + SHRINK * base) / (asked + SHRINK), dtype=np.float64))

    def predict(self, encoded: Encoded) -> NDArray[np.float64]:
        """Returns the mean of each prompt's level."""
        if self.field is None:
            return np.full(encoded.dense.shape[0], self.base)
        number = encoded.fields[self.field] + 1
        found = np.where(number < self.means.size, self.means[np.minimum(number, self.means.size - 1)], self.base)
        return np.asarray(np.where(number == 0, self.base, found), dtype=np.float64)


@dataclass(frozen=True)
class Regression:
    """Predicts by a ridge-penalised logistic regression on words, levels and numbers."""

    model: Any

    @classmethod
    def fit(cls, encoded: Encoded, tried: Tried) -> Self:
        """Fits the regression; both verdicts have to occur."""
        from scipy.sparse import csr_array, vstack
        from sklearn.linear_model import LogisticRegression

        rows, verdict, weight = _doubled(tried)
        table = csr_array(vstack([encoded.sparse, encoded.sparse], format="csr"))[rows]
        return cls(LogisticRegression(C=PENALTY, max_iter=300).fit(table, verdict, sample_weight=weight))

    def predict(self, encoded: Encoded) -> NDArray[np.float64]:
        """Returns the regression's pass rates."""
        return _kept_off(self.model.predict_proba(encoded.sparse)[:, 1])


@dataclass(frozen=True)
class Boosting:
    """Predicts by boosted trees on counts of the surface, numbers, embeddings and levels."""

    model: Any

    @classmethod
    def fit(cls, encoded: Encoded, tried: Tried) -> Self:
        """Grows the trees; both verdicts have to occur."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows, verdict, weight = _doubled(tried)
        table = np.concatenate([encoded.dense, encoded.dense])[rows]
        trees = HistGradientBoostingClassifier(
            max_iter=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=SMALLEST, l2_regularization=1.0,
            categorical_features=encoded.levels, early_stopping=False, random_state=0,
        )  # fmt: skip
        return cls(trees.fit(table, verdict, sample_weight=weight))

    def predict(self, encoded: Encoded) -> NDArray[np.float64]:
        """Returns the trees' pass rates."""
        return _kept_off(self.model.predict_proba(encoded.dense)[:, 1])


def _doubled(tried: Tried) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Returns rows of the table written twice, as passed and as failed, that weigh anything; verdicts and weights."""
    weight = np.concatenate([tried.weight * tried.successes, tried.weight * (tried.rollouts - tried.successes)])
    rows = np.flatnonzero(weight > 0)
    verdict = (rows < tried.rollouts.size).astype(np.int64)
    return rows, verdict, weight[rows]


def _kept_off(rates: Any) -> NDArray[np.float64]:
    return np.asarray(np.clip(rates, FLOOR, 1 - FLOOR), dtype=np.float64)
