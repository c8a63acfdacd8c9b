"""Example rollouts of a finding: texts to look at, quoted as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.results import Example

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.paid import Paid

MOST = 3
LENGTH = 600  # characters quoted of a completion


def examples(evidence: Evidence, found: Paid, column: int, *, more: bool) -> list[Example]:
    """Quotes up to three rollouts that show a feature and are paid for it: wrong ones, of different prompts, if any.

    Args:
        evidence: what the criteria judge by.
        found: the split with its rows.
        column: the feature's column.
        more: whether more of the feature is paid for, or less.
    """
    if evidence.quotes is None or "row" not in found.rows.columns:
        return []
    value = found.traits.values[:, column]
    shows = value if more else -value
    right = np.zeros(value.size, dtype=bool) if found.right is None else found.right
    order = (
        pl.DataFrame(
            {
                "at": np.arange(value.size),
                "place": evidence.quotes.places(found.rows["row"]),
                "right": right,
                "score": found.score,
                "shows": shows,
                "prompt": found.prompt,
            }
        )
        .filter(pl.col("place").is_not_null())
        .sort("right", "score", "shows", "prompt", "at", descending=[False, True, True, False, False])
        .unique("prompt", keep="first", maintain_order=True)
        .head(MOST)
    )
    texts = evidence.quotes.rows[order["place"].to_list()]
    return [
        Example(
            prompt=prompt[:LENGTH],
            completion=completion[:LENGTH],
            score=score,
            truth=None if found.right is None else float(is_right),
        )
        for prompt, completion, score, is_right in zip(
            texts["prompt"], texts["completion"], order["score"], order["right"], strict=True
        )
    ]
