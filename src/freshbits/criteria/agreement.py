"""Agreement: where two verifiers read the same text, how much of what one accepts the other rejects.

A strict and a lenient filter of one metric tell something about false negatives without any truth: what the strict one
rejects of what the lenient one accepts.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information.resampling import MIN_PROMPTS, ratio
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.results import Estimate
    from freshbits.tally.tally import Tally

MOST_VERIFIERS = 4  # of one metric; more are a panel of judges, whose pairs would fill the page


def agreement(tally: Tally, judges: Mapping[str, str]) -> list[str]:
    """Says of each two verifiers of one metric what the stricter rejects of what the other accepts.

    A = P(strict rejects | lenient accepts), over rows of the sample that both scored, prompts as the unit. It equals
    the strict one's false negative rate where the lenient one is right; it exceeds it by what the lenient one accepts
    wrongly and falls short of it by what both miss. Nothing is said on fewer than 10 prompts.

    Args:
        tally: the counts, with the sample of rows.
        judges: signal -> the verifier that gave it; signals named METRIC@VERIFIER share a metric.
    """
    found = []
    metrics: dict[str, list[str]] = {}
    for signal in judges:
        if signal in tally.values and tally.values[signal].kind == "binary":
            metrics.setdefault(signal.split("@")[0], []).append(signal)
    for signals in metrics.values():
        if len(signals) > MOST_VERIFIERS:
            continue
        for one, other in combinations(signals, 2):
            found += _sentence(tally, one, other)
    return found


def rejected_of_accepted(tally: Tally, strict: str, lenient: str) -> Estimate | None:
    """Estimates P(strict rejects | lenient accepts) on the rows of the sample that both scored."""
    a, b = SIGNAL + strict, SIGNAL + lenient
    rows = _first(tally.sample).filter(pl.col(a).is_not_null() & pl.col(b).is_not_null())
    accepted = (rows[b] == tally.values[lenient].high).to_numpy().astype(np.float64)
    rejected = (rows[a] == tally.values[strict].low).to_numpy().astype(np.float64)
    prompts = rows["prompt"].to_numpy()
    method = "rows that both scored, jackknife over prompts"
    return ratio(accepted * rejected, accepted, prompts, unit="share", method=method, rollouts=int(accepted.sum()))


def _sentence(tally: Tally, one: str, other: str) -> list[str]:
    first, second = rejected_of_accepted(tally, one, other), rejected_of_accepted(tally, other, one)
    if first is None or second is None or min(first.prompts, second.prompts) < MIN_PROMPTS:
        return []
    if first.rollouts < second.rollouts:  # the lenient one accepts more
        one, other, first, second = other, one, second, first
    return [f"{one} rejects {_shown(first)} of what {other} accepts: its false negatives, as far as {other} is right"]


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    """Returns one row per rollout where a judge was asked several times."""
    return rows.filter(pl.col("repeat").fill_null(0) == 0) if "repeat" in rows.columns else rows


def _shown(share: Estimate) -> str:
    ends = "" if share.low is None or share.high is None else f" [{100 * share.low:.0f}, {100 * share.high:.0f}]"
    return f"{100 * (share.value or 0.0):.0f} %{ends}"
