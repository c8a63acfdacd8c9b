"""The labelled groups: every row of the groups that hold a row with truth, for what is judged against truth.

Whole groups are kept because the model's own state about a row (its votes) is read from the other rows of its group.
Few labels on a large log are all kept; of many labels, those of the prompts with the smallest keys are.
"""

from __future__ import annotations

import polars as pl

MOST_ROWS = 200_000


def draw_labelled(narrow: pl.LazyFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Returns the rows of the groups that hold labels, prompts taken whole up to 200,000 rows, in a fixed order.

    Args:
        narrow: the narrow frame.
        groups: one row per group, with `truth` counting its labelled rows; without that column nothing is labelled.

    >>> narrow = pl.LazyFrame({"row": [0, 1], "prompt": [1, 2], "group": [1, 2], "truth": [None, 1.0]})
    >>> draw_labelled(narrow, pl.DataFrame({"group": [1, 2], "prompt": [1, 2], "rows": [1, 1], "truth": [0, 1]})).height
    1
    """
    if "truth" not in groups.columns:
        return narrow.head(0).collect()
    chosen = choose_labelled(groups)
    rows = narrow.join(chosen.lazy(), on="group", how="semi").collect(engine="streaming")
    content = [name for name in rows.columns if name not in ("row", "prompt", "group")]
    return rows.sort("prompt", "group", *content, "row", nulls_last=True)


def choose_labelled(groups: pl.DataFrame) -> pl.DataFrame:
    """Chooses the groups that hold labels, prompts taken whole by their keys up to 200,000 rows.

    >>> choose_labelled(pl.DataFrame({"group": [1, 2], "prompt": [1, 2], "rows": [1, 1], "truth": [0, 1]}))["group"][0]
    2
    """
    held = groups.filter(pl.col("truth") > 0)
    prompts = held.group_by("prompt").agg(pl.col("rows").sum()).sort("prompt")
    prompts = prompts.with_columns(pl.col("rows").cum_sum().alias("upto"))
    kept = prompts.filter((pl.col("upto") <= MOST_ROWS) | (pl.int_range(pl.len()) == 0))
    return held.join(kept.select("prompt"), on="prompt", how="semi").select("group")
