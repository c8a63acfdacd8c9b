"""Scores of a judge or a reward model at equal features, source by source: what style was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.controlled import Controlled, Controls, Slope
from freshbits.errors import InputError
from freshbits.information.adjusted import Adjusted, adjusted_means
from freshbits.information.resampling import LEVEL, jackknife_interval
from freshbits.outputs.compact import FEATURE, compact, needed
from freshbits.outputs.features.core import CORE
from freshbits.outputs.partition import TEXT
from freshbits.results import Estimate
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log

USUAL = ("characters", "headings", "bullets", "bold")  # what judges are known to pay for: length and Markdown
COUNTED = tuple(feature.name for feature in CORE if feature.name != "first_token")
METHOD = "one slope per feature inside prompts and sources, jackknife over prompts"


def control(
    log: Log,
    features: Sequence[str] = USUAL,
    progress: Callable[[str], None] | None = None,
) -> Controls:
    """Works out every signal's mean score per source, raw and at equal features.

    Counts enter as log(1 + count). A signal is left out, with a note, where it scored fewer than two sources or where
    no feature varies once prompt and source are known.

    Args:
        log: a log with several sources that answered the same prompts.
        features: names of what is held equal.
        progress: called with what is being done, in words.

    Raises:
        InputError: if a feature is unknown or the log has a single source.

    >>> rng = np.random.default_rng(0); rows = []
    >>> for q in range(60):
    ...     for source, words in (("terse", 5), ("wordy", 60)):
    ...         n = int(words * rng.uniform(0.5, 2))
    ...         rows.append({"prompt": f"q{q}", "model": source, "completion": "word " * n, "score": np.log(n)})
    >>> from freshbits.rollouts.read import read
    >>> found = control(read(pl.DataFrame(rows)), ["characters"])
    >>> [(each.source, round(each.raw.value, 1), round(each.controlled.value, 1)) for each in found.control["score"]]
    [('terse', 1.7, 3.0), ('wordy', 4.3, 3.0)]
    """
    for name in features:
        if name not in COUNTED:
            raise InputError(
                f"{name!r} is no feature" + nearest(name, COUNTED), mend=f"choose among {', '.join(COUNTED)}"
            )
    if "source" not in log.schema or "completion" not in log.schema:
        raise InputError(
            "control compares sources, and the log does not say who wrote", mend="name the column: --map source=COLUMN"
        )
    rows = _rows(log, features, progress)
    found: dict[str, list[Controlled]] = {}
    slopes: dict[str, list[Slope]] = {}
    swapped: dict[str, int] = {}
    notes: list[str] = []
    pairs: dict[str, int] = {}
    for signal in log.signals:
        part = rows.filter(pl.col(SIGNAL + signal).is_not_null(), pl.col("source").is_not_null())
        names = part["source"].unique().sort().to_list()
        if len(names) < 2:
            notes.append(f"{signal}: scored {len(names)} source(s); control compares two or more")
            continue
        table = np.stack([_column(part[FEATURE + name]) for name in features], axis=1)
        adjusted = _adjusted(part, signal, names, table)
        if adjusted is None:
            notes.append(f"{signal}: no feature varies once prompt and source are known")
            continue
        prompts, rollouts = part["prompt"].n_unique(), part.height
        found[signal] = _sources(names, adjusted, prompts, rollouts)
        slopes[signal] = [
            Slope(
                feature=name,
                slope=_estimate(adjusted.slope[:, k], "score per log unit", prompts, rollouts),
                per_deviation=float(adjusted.slope[0, k] * table[:, k].std()),
            )
            for k, name in enumerate(features)
        ]
        swapped[signal] = _swapped(adjusted.raw[0], adjusted.controlled[0])
        pairs[signal] = len(names) * (len(names) - 1) // 2
    return Controls(control=found, slopes=slopes, swapped=swapped, pairs=pairs, notes=notes)


def _rows(log: Log, features: Sequence[str], progress: Callable[[str], None] | None) -> pl.DataFrame:
    """Reads keys, features and scores of all rows."""
    kept = ["round", "source", "prompt", *(FEATURE + name for name in features)]
    parts = []
    for batch in log.batches(needed(log.schema)):
        part = compact(batch, TEXT)
        if "repeat" in part.columns:
            part = part.filter(pl.col("repeat").fill_null(0) == 0)
        parts.append(part.select(*kept, *(SIGNAL + name for name in log.signals)))
        if progress is not None:
            progress(f"{sum(each.height for each in parts):,} rollouts read")
    return pl.concat(parts).filter(pl.col("prompt").is_not_null())


def _adjusted(part: pl.DataFrame, signal: str, names: Sequence[str], table: NDArray[np.float64]) -> Adjusted | None:
    """Compares the sources on the prompts of each round."""
    source = part["source"].replace_strict(names, list(range(len(names))), return_dtype=pl.Int64).to_numpy()
    unit = part.select("prompt", "round").to_struct("unit").rank("dense").to_numpy().astype(np.uint64)
    return adjusted_means(part[SIGNAL + signal].to_numpy(), source, table, unit, part["prompt"].to_numpy())


def _sources(names: Sequence[str], adjusted: Adjusted, prompts: int, rollouts: int) -> list[Controlled]:
    found = [
        Controlled(
            source=name,
            raw=_estimate(adjusted.raw[:, s], "score", prompts, rollouts),
            controlled=_estimate(adjusted.controlled[:, s], "score", prompts, rollouts),
            shift=_estimate(adjusted.controlled[:, s] - adjusted.raw[:, s], "score", prompts, rollouts),
        )
        for s, name in enumerate(names)
    ]
    return sorted(found, key=lambda each: (-(each.controlled.value or 0.0), each.source))


def _swapped(raw: NDArray[np.float64], controlled: NDArray[np.float64]) -> int:
    """Counts pairs of sources that stand in another order at equal features."""
    turned = np.sign(raw[:, None] - raw) * np.sign(controlled[:, None] - controlled) < 0
    return int(turned.sum() // 2)


def _column(column: pl.Series) -> NDArray[np.float64]:
    return np.asarray(np.log1p(column.cast(pl.Float64).fill_null(0.0).to_numpy()), dtype=np.float64)


def _estimate(replicates: NDArray[np.float64], unit: str, prompts: int, rollouts: int) -> Estimate:
    value, low, high = jackknife_interval(replicates)
    return Estimate(value, low, high, LEVEL, unit, METHOD, prompts, rollouts)
