"""What is held fixed while effects are measured: the group, else prompt and source, else the source by its own means.

Rollouts of one group come from one source, so a mark of the better model is no feature of a group. Where every source
wrote one rollout per prompt nothing varies inside a group; then sources are compared on one prompt, and what each of
them scores and writes on average, among equally right rollouts, is taken off first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Held:
    """Holds what is held fixed.

    Attributes:
        unit: rows that are compared with each other.
        source: number of the source of each row whose own mean is taken off; None where a unit holds one source.
    """

    unit: NDArray[np.uint64]
    source: NDArray[np.intp] | None = None

    def fixed(self, columns: NDArray[np.float64], right: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        """Returns columns without what the sources are on average, shape (rows, k)."""
        if self.source is None:
            return columns
        if right is None:
            return without_sources(columns, self.unit, self.source)
        found = columns.copy()
        for among in (right, ~right):
            if among.any():
                found[among] = without_sources(columns[among], self.unit[among], self.source[among])
        return found


def held(rows: pl.DataFrame, *, pairs: bool) -> list[Held]:
    """Lists what to hold fixed, the strictest first: the group; prompt and source over all rounds; sources' means.

    Args:
        rows: narrow rows.
        pairs: whether rows are judged pairs, which are one unit.
    """
    if pairs:
        return [Held(np.zeros(rows.height, dtype=np.uint64))]
    found = [Held(_keys(rows, ["group"])), Held(_keys(rows, [n for n in ("prompt", "source") if n in rows.columns]))]
    if "source" in rows.columns and rows["source"].n_unique() > 1:
        source = _keys(rows, ["source"]).astype(np.intp) - 1
        found.append(Held(_keys(rows, ["prompt", "round"]), source))
    return found


def without_sources(
    columns: NDArray[np.float64], cell: NDArray[np.uint64], source: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Takes the sources' effects off: y - γ_s of the least squares fit y = a_cell + γ_s, γ averaging 0 over the rows.

    Args:
        columns: shape (rows, k).
        cell: rows that share a cell share a mean.
        source: number of each row's source.

    References: Frisch & Waugh, Econometrica 1 (1933) 387.

    >>> y = np.array([[1.0], [3.0], [5.0], [7.0]])  # source 1 scores 2 more in both cells
    >>> without_sources(y, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])).ravel().round(6).tolist()
    [2.0, 2.0, 6.0, 6.0]
    """
    from scipy.sparse import csr_array

    _, place, size = np.unique(cell, return_inverse=True, return_counts=True)
    sources = int(source.max()) + 1
    counts = csr_array((np.ones(place.size), (place, source)), shape=(size.size, sources))
    held_by = np.bincount(source, minlength=sources).astype(np.float64)
    inner = np.diag(held_by) - (counts.T @ counts.multiply(1.0 / size[:, None])).toarray()
    means = np.stack([np.bincount(place, weights=column) / size for column in columns.T], axis=1)
    inside = columns - means[place]
    outer = np.stack([np.bincount(source, weights=column, minlength=sources) for column in inside.T], axis=1)
    effect = np.linalg.pinv(inner, rcond=1e-9) @ outer
    effect -= (held_by @ effect) / held_by.sum()
    return np.asarray(columns - effect[source], dtype=np.float64)


def _keys(rows: pl.DataFrame, names: list[str]) -> NDArray[np.uint64]:
    return rows.select(names).to_struct("key").rank("dense").to_numpy().astype(np.uint64)
