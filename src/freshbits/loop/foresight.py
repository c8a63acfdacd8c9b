"""The forecast of a run from its first rounds, beside what came: the fitted operator on the run's own rollouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.dynamics import forms
from freshbits.dynamics.panel import Panel
from freshbits.errors import InputError
from freshbits.results import Estimate

if TYPE_CHECKING:
    from freshbits.dynamics.forms import Band
    from freshbits.loop.rounds import Rounds

LEVEL = 0.9
SHARE = "share of rollouts right"
UNLIKE = "chance that two rollouts of a prompt differ"


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """Holds what was forecast of a later round, beside what came.

    Attributes:
        since: the last round that the forecast knew.
        round: the round that was forecast.
        accuracy: forecast of the share of rollouts that are right, with its 90 % interval.
        variety: forecast of the chance that two rollouts of a prompt differ.
        accuracy_came, variety_came: what that round's rollouts showed.
    """

    since: int
    round: int
    accuracy: Estimate
    variety: Estimate
    accuracy_came: float
    variety_came: float


def foresee(rounds: Rounds, since: int, last: int) -> Foreseen:
    """Forecasts a run's last round from its first ones by the fitted law of resampling and selection.

    The law (`dynamics.fit`: filter strength, n_e, fresh share, by likelihood) is the one of `freshbits forecast`; that
    asks for 200 prompts, so that what it shows is narrow. Here there may be fewer, and the interval says how open it
    is. It counts rollouts on the prompts that are trained on, and assumes that the loop goes on with the same rules.
    It does not know that a network shares between prompts: n_e and the filter's strength are effective values.

    Raises:
        InputError: if the run is not that long, or has no truth.
    """
    if not 2 <= since < last < rounds.done:
        raise InputError(f"the run has rounds 0 to {rounds.done - 1}", mend="forecast a later round from three or more")
    panel = panel_of(rounds, last + 1)
    course = forms.operator(panel.until(since + 1), np.array([last - since], dtype=np.int64))
    came, unlike = panel.accuracy()[0], panel.diversity()
    assert course.diversity is not None
    assert unlike is not None
    return Foreseen(
        since=since,
        round=last,
        accuracy=_estimate(course.accuracy, SHARE, panel, since),
        variety=_estimate(course.diversity, UNLIKE, panel, since),
        accuracy_came=float(came[last]),
        variety_came=float(unlike[0][last]),
    )


def panel_of(rounds: Rounds, count: int) -> Panel:
    """Counts the first rounds of a run: rollouts, right ones, unlike pairs, by prompt and round."""
    rows = pl.concat([rounds.rollouts(number) for number in range(count)])
    if "truth" not in rows.columns or rows["truth"].null_count():
        raise InputError("not every rollout of the run has truth", file=rounds.directory, mend="name meter.truth")
    pairs = rows.group_by("round", "prompt", "completion").len().with_columns(pairs=pl.col("len") * (pl.col("len") - 1))
    counted = (
        rows.group_by("round", "prompt")
        .agg(n=pl.len().cast(pl.Int64), x=pl.col("truth").sum().cast(pl.Int64))
        .join(pairs.group_by("round", "prompt").agg(equal=pl.col("pairs").sum().cast(pl.Int64)), on=["round", "prompt"])
        .with_columns(unlike=pl.col("n") * (pl.col("n") - 1) - pl.col("equal"))
        .sort("prompt", "round")
    )
    prompts, row = np.unique(counted["prompt"].to_numpy(), return_inverse=True)
    column = counted["round"].to_numpy()
    tables = []
    for name in ("n", "x", "unlike"):
        table = np.zeros((prompts.size, count), dtype=np.int64)
        table[row, column] = counted[name].to_numpy()
        tables.append(table)
    return Panel(np.arange(count, dtype=np.int64), *tables)


def _estimate(band: Band, unit: str, panel: Panel, since: int) -> Estimate:
    rollouts = int(panel.n[:, : since + 1].sum())
    value, low, high = float(band.value[0]), float(band.low[0]), float(band.high[0])
    return Estimate(value, low, high, LEVEL, unit, "resampling and selection, fitted", panel.n.shape[0], rollouts)
