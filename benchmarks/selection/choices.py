"""The ways to choose rows that are set against each other: all of the same number, from the same accepted rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.select import select
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.selected import Selected

WAYS = ("random", "length-balanced", "de-duplicated", "select", "select, passing")
SHARES = (0.1, 0.25, 0.5)
QUARTERS = 4
PASSING = 0.25


def chosen(
    rows: pl.DataFrame, way: str, share: float, seed: int, accept: str
) -> tuple[NDArray[np.int64], Selected | None]:
    """Returns places of the chosen rows among those whose column `accept` is 1.

    random: by lot. length-balanced: by lot, as many from each quarter of the accepted rows' lengths. de-duplicated: by
    lot among rows whose prompt and exact text have not been seen. select: `freshbits select --share`; passing: among
    prompts that pass in at least a quarter of their rollouts (`--least-pass .25`).
    """
    accepted = np.flatnonzero(rows[accept].to_numpy() == 1.0)
    count = max(round(share * accepted.size), 1)
    rng = np.random.default_rng([seed, round(100 * share)])
    if way.startswith("select"):
        log = read(rows.select("prompt", "completion", accept).with_row_index("row"), ReadOptions(signals=(accept,)))
        kept, found = select(log, count, seed=seed, least_pass=PASSING if way.endswith("passing") else None)
        return kept["extra.row"].to_numpy().astype(np.int64), found
    if way == "random":
        return rng.choice(accepted, count, replace=False), None
    if way == "de-duplicated":
        mixed = rng.permutation(accepted)
        texts = rows[mixed].select("prompt", "completion").with_row_index("at")
        once = mixed[texts.unique(["prompt", "completion"], keep="first", maintain_order=True)["at"].to_numpy()]
        return once[:count], None
    length = rows["completion"].str.len_chars().to_numpy()[accepted]
    cuts = np.quantile(length, np.arange(1, QUARTERS) / QUARTERS)
    quarter = np.searchsorted(cuts, length, side="left")
    order = rng.permutation(accepted.size)
    rank = np.empty(accepted.size, dtype=np.int64)
    for each in range(QUARTERS):
        inside = order[quarter[order] == each]
        rank[inside] = np.arange(inside.size)
    return accepted[np.lexsort((rng.random(accepted.size), rank))[:count]], None
