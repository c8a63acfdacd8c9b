"""The sample: whole prompts, chosen by their keys, for statistics that are too dear for every row.

Keys are hashes of the prompt's text, so taking the smallest is a random draw that depends on nothing else: the same
prompts are drawn whatever the order, the split or the machine.
"""

from __future__ import annotations

import polars as pl

MOST_PROMPTS = 2_000  # per region
MOST_ROWS = 20_000


def choose(groups: pl.DataFrame) -> pl.DataFrame:
    """Chooses groups: prompts by key, regions in turn, up to 2,000 prompts a region and 20,000 rows in all.

    A prompt is taken whole unless it alone would overflow the sample; then its first groups are.

    >>> groups = pl.DataFrame({"group": [1, 2], "prompt": [5, 9], "rows": [15_000, 15_000], "round": [0, 0]})
    >>> choose(groups)["group"].to_list()
    [1]
    """
    region = pl.col("region").fill_null("") if "region" in groups.columns else pl.lit("")
    prompts = (
        groups.with_columns(region.alias("region"))
        .group_by("prompt")
        .agg(pl.col("region").min(), pl.col("rows").sum())
        .sort("prompt")
        .with_columns(pl.int_range(pl.len()).over("region").alias("turn"))
        .filter(pl.col("turn") < MOST_PROMPTS)
        .sort("turn", "region")
        .with_columns(pl.col("rows").cum_sum().alias("upto"))
    )
    kept = prompts.filter(pl.col("upto") <= MOST_ROWS)
    if kept.height == 0:
        first = groups.filter(pl.col("prompt") == prompts["prompt"][0]).sort("round", "group")
        upto = first["rows"].cum_sum()
        return first.filter((upto <= MOST_ROWS) | (pl.int_range(pl.len()) == 0)).select("group")
    return groups.join(kept.select("prompt"), on="prompt", how="semi").select("group")


def draw(narrow: pl.LazyFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Returns the narrow rows of the chosen groups, sorted by what they hold, not by where they stood."""
    chosen = choose(groups)
    rows = narrow.join(chosen.lazy(), on="group", how="semi").collect(engine="streaming")
    content = [name for name in rows.columns if name not in ("row", "prompt", "group")]
    return rows.sort("prompt", "group", *content, "row", nulls_last=True)
