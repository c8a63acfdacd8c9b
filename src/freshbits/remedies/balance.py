"""Balance while training: groups in which a feature says nothing about the reward, or a reward that pays it nothing.

Three ways, all added knowingly by the person who trains:

- `Balance.keep` chooses, in every group, rows with as many accepted as rejected ones for every level of the feature, or
  drops the group: what is left cannot be learned from.
- `Balance.even` chooses among accepted rows, so that every level is kept as often as it was written.
- `Balance.controlled` returns r - (E[r|φ] - its mean in the group): the reward at equal features, from the effects of
  the feature inside groups, over the groups seen lately.

Without truth E[r|φ] holds what the feature is worth as a skill, too: control takes both away. Name features that are no
part of the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.outputs.features.own import parse_features
from freshbits.remedies import equal
from freshbits.remedies.matched import at_equal_rates, matched
from freshbits.rollouts.options import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MEMORY = 0.95  # weight of what was seen before a batch, when the next one comes
TURNS = 20  # of weighting groups by what is left in them
FEWEST = 200  # rows (weighted) from which effects are subtracted; before that rewards stay as they are
QUARTERS = (0.25, 0.5, 0.75)  # where a count is cut, for its levels over a batch


class Balance:
    """Balances the rewards of groups against features, batch after batch.

    Args:
        against: names of counted features: `characters`, `bullets`, `bold`, …
        seed: of the rows that are kept.
        memory: weight of earlier batches in the effects; 1 forgets nothing.
        features: features of one's own, as `freshbits audit --feature` takes them, to be named in `against`.
        scaled: whether the trainer divides by the deviation of each group, as GRPO does: effects are then those by
            which the features have no mean advantage after that; else those of least squares.

    Raises:
        InputError: if a feature is unknown.

    >>> balance = Balance(["characters"])
    >>> balance.keep(["long text", "a", "long test", "b"], [1, 1, 0, 0], [0, 0, 0, 0])
    [True, True, True, True]
    >>> balance.keep(["long text", "long test", "a", "b"], [1, 1, 0, 0], [0, 0, 0, 0])
    [False, False, False, False]
    """

    def __init__(
        self,
        against: Sequence[str],
        *,
        seed: int = 0,
        memory: float = MEMORY,
        features: Sequence[str] = (),
        scaled: bool = True,
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
        self.seed, self.memory, self.scaled = seed, memory, scaled
        self._batches = 0
        self._counts = [feature.kind == "count" for feature in self.features]
        count = len(self.features) + equal.LEVELS * sum(self._counts)
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

    def even(self, completions: Sequence[str], accepted: Sequence[bool]) -> list[bool]:
        """Chooses among accepted rows, so that every level of the features is kept as often as it was written.

        For training on what is accepted (`matched.at_equal_rates`). Levels of a count lie between, and at, the
        quartiles of the batch.

        >>> balance = Balance(["bullets"])
        >>> kept = balance.even(["- a"] * 100 + ["a"] * 300, [True] * 90 + [False] * 10 + [True, False, False] * 100)
        >>> sum(kept[:100]), sum(kept[100:])
        (33, 100)
        """
        cell = np.zeros(len(completions), dtype=np.int64)
        for column, count in zip(self._table(completions).T, self._counts, strict=True):
            cuts = np.unique(np.quantile(column, QUARTERS)) if count and column.size else np.zeros(1)
            below, upto = np.searchsorted(cuts, column), np.searchsorted(cuts, column, side="right")
            cell = (2 * len(QUARTERS) + 1) * cell + below + upto
        self._batches += 1
        passed = np.asarray(accepted, dtype=np.bool_)
        return [bool(value) for value in at_equal_rates(passed, cell, self.seed + self._batches - 1)]

    def controlled(
        self, completions: Sequence[str], rewards: Sequence[float | None], groups: Sequence[int]
    ) -> list[float | None]:
        """Returns the rewards at equal features; None stays None.

        The effects (`remedies.equal`) are those of the batches before and this one, from groups whose rewards differ;
        the others stay as they are, for there is nothing in them to follow. Until 200 rows have been seen all do.

        >>> balance = Balance(["characters"])
        >>> texts = ["x" * n for n in range(1, 401)]; paid = [float(np.log1p(len(t))) for t in texts]
        >>> found = balance.controlled(texts, paid, [n // 8 for n in range(400)])
        >>> bool(max(abs(a - np.mean(paid[n - n % 8 : n - n % 8 + 8])) for n, a in enumerate(found)) < 1e-4)
        True
        """
        score, rows, place = _differing(rewards, groups)
        wide = equal.widened(self._table(completions)[rows], self._counts)
        self._learn(wide, score[rows], place)
        if self._rows >= FEWEST:
            score[rows] -= equal.inside(wide, place) @ self._effects
        return _plain(score)

    @property
    def slope(self) -> NDArray[np.float64]:
        """What one log unit of each feature is paid inside groups, given the others and besides the levels."""
        return self._effects[: len(self.features)]

    @property
    def _effects(self) -> NDArray[np.float64]:
        return equal.effects(self._inner, self._outer, len(self.features))

    def _learn(self, wide: NDArray[np.float64], score: NDArray[np.float64], place: NDArray[np.int64]) -> None:
        columns, own = equal.inside(wide, place), equal.inside(score[:, None], place)[:, 0]
        inner, outer = self.memory * self._inner, self.memory * self._outer
        self._rows = self.memory * self._rows + score.size
        left = own
        for _ in range(TURNS if self.scaled else 1):
            told = columns * equal.weights(left, place)[:, None] if self.scaled else columns
            self._inner = np.asarray(inner + told.T @ columns, dtype=np.float64)
            self._outer = np.asarray(outer + told.T @ own, dtype=np.float64)
            left = own - columns @ self._effects

    def _table(self, completions: Sequence[str]) -> NDArray[np.float64]:
        counted = measure(pl.Series(list(completions), dtype=pl.String), self.features)
        table = counted.select(pl.all().cast(pl.Float64).fill_null(0.0)).to_numpy()
        return np.asarray(np.log1p(table), dtype=np.float64)


def _middle(column: NDArray[np.float64], place: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the median of each place."""
    ordered = column[np.lexsort((column, place))]
    start = np.cumsum(size) - size
    return np.asarray((ordered[start + (size - 1) // 2] + ordered[start + size // 2]) / 2, dtype=np.float64)


def _numbers(rewards: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else float(value) for value in rewards], dtype=np.float64)


def _differing(
    rewards: Sequence[float | None], groups: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Returns rewards, which rows are scored in groups whose rewards differ, and the places of these rows' groups."""
    score = _numbers(rewards)
    rows = ~np.isnan(score)
    group = np.asarray(groups, dtype=np.int64)
    if rows.any():
        rows[rows] = equal.differing(score[rows], np.unique(group[rows], return_inverse=True)[1].astype(np.int64))
    return score, rows, np.unique(group[rows], return_inverse=True)[1].astype(np.int64)


def _plain(score: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in score]
