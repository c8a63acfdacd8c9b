"""The family of predictors behind every predictive information: a ridge spline-logit and gradient boosting, averaged.

Two unlike learners hedge against each other: the spline-logit is smooth and needs little data, boosting finds steps
and interactions. Everything is predicted for rows that were not fitted on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.compose import ColumnTransformer


class Design:
    """Prepares columns to learn from and columns to predict once, for any number of targets.

    Args:
        train: columns of the rows to learn from, shape (rows, columns), NaN where missing.
        test: columns of the rows to predict.

    >>> Design(np.zeros((3, 0)), np.zeros((1, 0))).chances(np.array([0, 1, 1]), np.ones(3), 2).tolist()
    [[0.375, 0.625]]
    """

    def __init__(self, train: NDArray[np.float64], test: NDArray[np.float64]) -> None:
        there = ~np.isnan(train).all(axis=0)  # a column that is missing on all rows to learn from teaches nothing
        self.train, self.test = train[:, there], test[:, there]
        self._smooth: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def chances(
        self, level: NDArray[np.int64], weight: NDArray[np.float64], levels: int, seed: int = 0
    ) -> NDArray[np.float64]:
        """Returns P(level | columns) of the ensemble for the rows to predict, shape (rows, levels).

        Without columns, or where one level is all there is to learn from, the bare rates are given.

        Args:
            level: level 0, 1, … of each row to learn from.
            weight: weight of each of these rows, on any scale.
            levels: number of levels.
            seed: seed of the boosted trees.
        """
        weight = weight / weight.mean()
        counts = np.bincount(level, weights=weight, minlength=levels) + 0.5
        seen = np.unique(level)
        if self.train.shape[1] == 0 or seen.size < 2:
            return np.repeat((counts / counts.sum())[None, :], self.test.shape[0], axis=0)
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression

        near, far = self._splined()
        logit = LogisticRegression(C=1.0, max_iter=200, tol=1e-3)
        boosting = HistGradientBoostingClassifier(
            max_iter=25, max_leaf_nodes=8, early_stopping=False, random_state=seed
        )
        mean = logit.fit(near, level, sample_weight=weight).predict_proba(far) / 2
        mean += boosting.fit(self.train, level, sample_weight=weight).predict_proba(self.test) / 2
        result = np.full((self.test.shape[0], levels), 1e-9)
        result[:, seen] = mean
        normed: NDArray[np.float64] = result / result.sum(axis=1, keepdims=True)
        return normed

    def scores(self, score: NDArray[np.float64], weight: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
        """Returns E[score | columns] of the ensemble for the rows to predict: spline ridge and boosted squares.

        >>> Design(np.zeros((2, 0)), np.zeros((1, 0))).scores(np.array([0.0, 1.0]), np.array([1.0, 3.0])).tolist()
        [0.75]
        """
        weight = weight / weight.mean()
        mean = float(np.average(score, weights=weight))
        if self.train.shape[1] == 0 or np.ptp(score) == 0:
            return np.full(self.test.shape[0], mean)
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.linear_model import Ridge

        near, far = self._splined()
        spread = float(np.sqrt(np.average((score - mean) ** 2, weights=weight)))
        target = (score - mean) / spread
        boosting = HistGradientBoostingRegressor(max_iter=25, max_leaf_nodes=8, early_stopping=False, random_state=seed)
        found = Ridge(alpha=1.0).fit(near, target, sample_weight=weight).predict(far) / 2
        found += boosting.fit(self.train, target, sample_weight=weight).predict(self.test) / 2
        result: NDArray[np.float64] = mean + spread * found
        return result

    def _splined(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns what the smooth half of the ensemble sees of the rows to learn from and of those to predict."""
        if self._smooth is None:
            wide = _with_products(self.train)
            columns = _splines(self.train.shape[1], wide.shape[1])
            self._smooth = columns.fit_transform(wide), columns.transform(_with_products(self.test))
        return self._smooth


def _splines(width: int, wide: int) -> ColumnTransformer:
    """Returns splines of the first columns beside all columns standardised."""
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    return make_column_transformer(
        (SplineTransformer(n_knots=5, knots="quantile", include_bias=False), list(range(width))),
        (StandardScaler(), list(range(wide))),
    )


def _means(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the mean of every column over the rows that have it; 0 where none has."""
    missing = np.isnan(columns)
    means: NDArray[np.float64] = np.where(missing, 0.0, columns).sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    return means


def _with_products(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the columns and their pairwise products; missing values become the column's mean."""
    filled = np.where(np.isnan(columns), _means(columns), columns)
    width = filled.shape[1]
    products = [filled[:, i] * filled[:, j] for i in range(width) for j in range(i + 1, width)]
    return np.column_stack([filled, *products]) if products else filled
