"""The rows of one signal that are labelled with truth, as arrays: what openness, channel and efficiency judge by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.belief import belief
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.tally.tally import Tally


@dataclass(frozen=True)
class Labelled:
    """Holds the rows that one signal scored and truth is known of, sorted by group.

    Attributes:
        score: the signal's value.
        truth: the truth as logged, in [0, 1].
        right: whether truth is 1; a share of the full score is not right.
        weight: 1 / inclusion probability of the label; 1 where the design is unknown.
        stratum: number of the stratum: rows that were labelled with the same probability.
        group: group of each row.
        prompt: prompt key of each row.
        round: round of each row.
        size: scored rows of the row's group, labelled or not.
        belief: own-state columns, shape (rows, columns), read from all rows of the group; NaN where not logged.
        columns: names of the own-state columns.
        rows: the narrow rows themselves.
    """

    score: NDArray[np.float64]
    truth: NDArray[np.float64]
    right: NDArray[np.bool_]
    weight: NDArray[np.float64]
    stratum: NDArray[np.int64]
    group: NDArray[np.uint64]
    prompt: NDArray[np.uint64]
    round: NDArray[np.int64]
    size: NDArray[np.int64]
    belief: NDArray[np.float64]
    columns: list[str]
    rows: pl.DataFrame

    @property
    def prompts(self) -> int:
        """Number of different prompts."""
        return int(np.unique(self.prompt).size)

    def where(self, mask: NDArray[np.bool_]) -> Labelled:
        """Returns the rows that a mask keeps."""
        kept = {
            name: getattr(self, name)[mask] for name in self.__dataclass_fields__ if name not in ("columns", "rows")
        }
        return Labelled(**kept, columns=self.columns, rows=self.rows.filter(pl.Series(mask)))


def labelled(tally: Tally, signal: str, *, repeats: bool = False) -> Labelled | None:
    """Returns the labelled rows that a signal scored; None where there are none.

    Args:
        tally: the counts of the log.
        signal: the signal.
        repeats: whether to keep every presentation where a judge was asked again, else only the first.
    """
    rows = tally.labelled
    if "truth" not in rows.columns or rows.height == 0:
        return None
    state = belief(rows)
    rows = rows.with_row_index("index")
    if "repeat" in rows.columns and not repeats:
        rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
    rows = rows.filter(pl.col(SIGNAL + signal).is_not_null())
    rows = rows.with_columns(pl.len().over("group").alias("size")).filter(pl.col("truth").is_not_null())
    if rows.height == 0:
        return None
    rows = rows.sort("group", "index")
    truth = rows["truth"].cast(pl.Float64).to_numpy()
    weight = rows["truth_weight"].fill_null(1.0).to_numpy() if "truth_weight" in rows.columns else np.ones(rows.height)
    return Labelled(
        score=rows[SIGNAL + signal].to_numpy(),
        truth=truth,
        right=truth == 1.0,
        weight=weight,
        stratum=np.unique(weight, return_inverse=True)[1].astype(np.int64),
        group=rows["group"].to_numpy(),
        prompt=rows["prompt"].to_numpy(),
        round=rows["round"].to_numpy(),
        size=rows["size"].cast(pl.Int64).to_numpy(),
        belief=state.to_numpy().astype(np.float64)[rows["index"].cast(pl.Int64).to_numpy()]
        if state.width
        else np.empty((rows.height, 0)),  # a frame without columns has no rows
        columns=list(state.columns),
        rows=rows.drop("index", "size"),
    )
