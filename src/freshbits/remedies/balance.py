"""Balance while training: groups in which a feature says nothing about the reward, or a reward that pays it nothing.

Two ways, both added knowingly by the person who trains:

- `Balance.keep` chooses, in every group, rows with as many accepted as rejected ones for every level of the feature, or
  drops the group: what is left cannot be learned from.
- `Balance.controlled` returns r - β (φ - mean of φ in the group): the reward at equal features. β is the slope of the
  reward on the feature inside groups, over the groups seen lately.

Without truth β holds what the feature is worth as a skill, too: control takes both away. Name features that are no part
of the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.outputs.features.own import parse_features
from freshbits.remedies.matched import matched
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MEMORY = 0.95  # weight of what was seen before a batch, when the next one comes
FEWEST = 200  # rows (weighted) from which a slope is subtracted; before that rewards stay as they are
RIDGE = 1e-6  # of a feature's own variance


class Balance:
    """Balances the rewards of groups against features, batch after batch.

    Args:
        against: names of counted features: `characters`, `bullets`, `bold`, …
        seed: of the rows that are kept.
        memory: weight of earlier batches in the slope; 1 forgets nothing.
        features: features of one's own, as `freshbits audit --feature` takes them, to be named in `against`.

    Raises:
        InputError: if a feature is unknown.

    >>> balance = Balance(["characters"])
    >>> balance.keep(["long text", "a", "long test", "b"], [1, 1, 0, 0], [0, 0, 0, 0])
    [True, True, True, True]
    >>> balance.keep(["long text", "long test", "a", "b"], [1, 1, 0, 0], [0, 0, 0, 0])
    [False, False, False, False]
    """

    def __init__(
        self, against: Sequence[str], *, seed: int = 0, memory: float = MEMORY, features: Sequence[str] = ()
    ) -> None:
        known = {feature.name: feature for feature in CORE if feature.name != "first_token"}
        known |= {feature.name: feature for feature in parse_features(features)}
        for name in against:
            if name not in known:
                raise InputError(
                    f"{name!r} is no feature that can be counted" + nearest(name, known),
                    mend=f"choose among {', '.join(known)}",
                )
        self.features = tuple(known[name] for name in against)
        self.seed, self.memory = seed, memory
        self._batches = 0
        count = len(self.features)
        self._inner: NDArray[np.float64] = np.zeros((count, count))
        self._outer: NDArray[np.float64] = np.zeros(count)
        self._rows = 0.0

    def keep(self, completions: Sequence[str], rewards: Sequence[float | None], groups: Sequence[int]) -> list[bool]:
        """Chooses the rows to train on; a group of which nothing is kept is to be dropped.

        A level of a count is below, at or above the median of its group. Rows without a reward are never kept.

        Args:
            completions: texts of the batch.
            rewards: their rewards; accepted are those above the mean of their group.
            groups: number of each row's group.
        """
        score = _numbers(rewards)
        group = np.asarray(groups, dtype=np.int64)
        table = self._table(completions)
        scored = ~np.isnan(score)
        kept = np.zeros(score.size, dtype=bool)
        if scored.any():
            _, place = np.unique(group[scored], return_inverse=True)
            size = np.bincount(place)
            accepted = score[scored] > (np.bincount(place, weights=score[scored]) / size)[place]
            cell = np.zeros(place.size, dtype=np.int64)
            for column in table[scored].T:
                cell = 3 * cell + np.sign(column - _middle(column, place, size)[place]).astype(np.int64) + 1
            kept[scored] = matched(accepted, cell, place.astype(np.int64), self.seed + self._batches)
        self._batches += 1
        return [bool(value) for value in kept]

    def controlled(
        self, completions: Sequence[str], rewards: Sequence[float | None], groups: Sequence[int]
    ) -> list[float | None]:
        """Returns the rewards at equal features; None stays None.

        The slope is that of the batches before and this one. Until 200 rows have been seen rewards stay as they are.

        >>> balance = Balance(["characters"])
        >>> texts = ["x" * n for n in range(1, 401)]; paid = [float(np.log1p(len(t))) for t in texts]
        >>> found = balance.controlled(texts, paid, [n // 8 for n in range(400)])
        >>> bool(max(abs(a - np.mean(paid[n - n % 8 : n - n % 8 + 8])) for n, a in enumerate(found)) < 1e-4)
        True
        """
        score = _numbers(rewards)
        scored = ~np.isnan(score)
        table = self._inside(self._table(completions)[scored], np.asarray(groups, dtype=np.int64)[scored])
        own = self._inside(score[scored][:, None], np.asarray(groups, dtype=np.int64)[scored])[:, 0]
        self._inner = np.asarray(self.memory * self._inner + table.T @ table, dtype=np.float64)
        self._outer = np.asarray(self.memory * self._outer + table.T @ own, dtype=np.float64)
        self._rows = self.memory * self._rows + float(scored.sum())
        changed = score.copy()
        if self._rows >= FEWEST:
            changed[scored] = score[scored] - table @ self.slope
        return [None if np.isnan(value) else float(value) for value in changed]

    @property
    def slope(self) -> NDArray[np.float64]:
        """What one log unit of each feature is paid inside groups, given the others."""
        scale = np.maximum(np.diag(self._inner), 1e-12)
        solved = np.linalg.solve(self._inner + RIDGE * np.diag(scale), self._outer)
        return np.asarray(solved, dtype=np.float64)

    def _table(self, completions: Sequence[str]) -> NDArray[np.float64]:
        counted = measure(pl.Series(list(completions), dtype=pl.String), self.features)
        table = counted.select(pl.all().cast(pl.Float64).fill_null(0.0)).to_numpy()
        return np.asarray(np.log1p(table), dtype=np.float64)

    @staticmethod
    def _inside(columns: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
        _, place = np.unique(group, return_inverse=True)
        size = np.bincount(place)
        means = np.stack([np.bincount(place, weights=column) / size for column in columns.T], axis=1)
        return np.asarray(columns - means[place], dtype=np.float64)


def _middle(column: NDArray[np.float64], place: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the median of each place."""
    ordered = column[np.lexsort((column, place))]
    start = np.cumsum(size) - size
    return np.asarray((ordered[start + (size - 1) // 2] + ordered[start + size // 2]) / 2, dtype=np.float64)


def _numbers(rewards: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else float(value) for value in rewards], dtype=np.float64)
