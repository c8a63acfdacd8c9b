"""The texts of a few rows, fetched in a second pass: to find words that a signal follows, and to quote examples.

The first pass keeps no text. Which rows are worth quoting is known only afterwards, so the log is read once more, and
of the rows wanted the beginning is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.outputs.features.ngrams import Ngrams, ngrams

if TYPE_CHECKING:
    from freshbits.rollouts.log import Log

MOST_ROWS = 20_000
BEGINNING = 4_000  # characters kept of a text


@dataclass(frozen=True)
class Quotes:
    """Holds the beginnings of the texts of some rows.

    Attributes:
        rows: `row` (position among the rows that have a prompt, in reading order), `prompt`, `completion`; by row.
        words: which completions hold which words and pairs of words, in the order of `rows`.
    """

    rows: pl.DataFrame
    words: Ngrams

    def places(self, row: pl.Series) -> pl.Series:
        """Returns where each row stands in `rows`; null where its text was not kept.

        >>> quotes = Quotes(pl.DataFrame({"row": [3, 8], "prompt": ["p", "p"], "completion": ["a", "b"]}), ngrams([]))
        >>> quotes.places(pl.Series([8, 5])).to_list()
        [1, None]
        """
        known = self.rows.select(pl.col("row").cast(pl.Int64), pl.int_range(pl.len()).alias("place"))
        wanted = pl.DataFrame({"row": row.cast(pl.Int64)})
        return wanted.join(known, on="row", how="left", maintain_order="left")["place"]


def quotes(log: Log, wanted: pl.DataFrame) -> Quotes | None:
    """Fetches the texts of the wanted rows; None for a log without completions.

    Args:
        log: the log that was tallied.
        wanted: narrow rows with `row` and `prompt`; prompts are taken whole, in the order of their keys, up to 20,000
            rows.

    >>> from freshbits.rollouts.read import read
    >>> log = read(pl.DataFrame({"prompt": ["p", "q"], "completion": ["yes", "no"], "reward": [1.0, 0.0]}))
    >>> quotes(log, pl.DataFrame({"row": [1], "prompt": [7]})).rows["completion"].to_list()
    ['no']
    """
    if "completion" not in log.schema or wanted.height == 0:
        return None
    kept = wanted.select("row", "prompt").unique().sort("prompt", "row").head(MOST_ROWS)["row"].sort().to_numpy()
    naming = [name for name in ("prompt", "prompt_id") if name in log.schema]
    parts: list[pl.DataFrame] = []
    before = 0
    for batch in log.again([*naming, "completion"]):
        # Rows without a prompt were left out of the tally, and rows are numbered without them.
        rows = batch.filter(pl.any_horizontal(pl.col(naming).is_not_null())) if naming else batch
        here = kept[np.searchsorted(kept, before) : np.searchsorted(kept, before + rows.height)]
        if here.size:
            prompt = pl.coalesce(*naming, pl.lit("")) if naming else pl.lit("")
            found = rows[here - before].select(
                pl.Series("row", here),
                prompt.cast(pl.String).str.slice(0, BEGINNING).alias("prompt"),
                pl.col("completion").fill_null("").str.slice(0, BEGINNING),
            )
            # A slice of a text is a view that holds all text of its batch: values are copied.
            parts.append(pl.DataFrame({name: found[name].to_list() for name in found.columns}, schema=found.schema))
        before += rows.height
        if before > kept[-1]:
            break
    if not parts:
        return None
    texts = pl.concat(parts)
    return Quotes(texts, ngrams(texts["completion"].to_list()))
