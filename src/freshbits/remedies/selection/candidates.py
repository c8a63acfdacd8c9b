"""The rows that can be selected: accepted ones, with where they belong, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.answers import choose
from freshbits.outputs.compact import FEATURE, compact, needed
from freshbits.outputs.features.core import CORE
from freshbits.outputs.keys import combined_keys, name_keys, prompt_keys
from freshbits.remedies.selection.near import clusters, sketch
from freshbits.remedies.selection.order import Cells
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log

NUMBERS = tuple(feature.name for feature in CORE if feature.kind != "category")
LISTED = 12  # regions whose shares are told


@dataclass(frozen=True)
class Candidates:
    """Holds the accepted rows of a log.

    Attributes:
        rows: their places in the log, increasing.
        cells: prompt, answer class, text and region of each.
        told: feature, region share and truth of each, by name; NaN where not known.
        length: tokens of each, or characters.
        unit: "tokens" or "characters".
        partition: how answers were told apart.
        by_construction: whether by the signal's own parse.
        scored: scored rows, prompts and regions of the log.
        regions: whether regions are logged.
    """

    rows: NDArray[np.int64]
    cells: Cells
    told: dict[str, NDArray[np.float64]]
    length: NDArray[np.float64]
    unit: str
    partition: str
    by_construction: bool
    scored: tuple[int, int, int]
    regions: bool


def candidates(
    log: Log,
    signal: str | None,
    progress: Callable[[str], None] | None = None,
    least_pass: float | None = None,
) -> Candidates:
    """Reads the accepted rows of a log: the higher of two verdicts, else scores above the mean of their prompt.

    A completion that was judged several times counts once. Without a signal every row is accepted. With `least_pass`
    prompts are left out of which a smaller share of the scored rows is accepted.

    Raises:
        InputError: if the log holds judged pairs or no completions, or no row is accepted.
    """
    if "opponent" in log.schema:
        raise InputError("judged pairs are no rows to train on", mend="select from the rollouts themselves")
    if "completion" not in log.schema:
        raise InputError("the log has no completions to select", mend="add them with --join FILE")
    accepted, scored = _accepted(log, signal, least_pass)
    if not accepted.any():
        raise InputError(f"{signal} accepts no rollout", mend="name another one with --signal, or --accept 'NAME>=x'")
    partition, parts, bands, rows, before = None, [], [], [], 0
    for batch in log.again(needed(log.schema)):
        partition = partition or choose(batch)
        here = np.flatnonzero(accepted[before : before + batch.height])
        rows.append(before + here)
        before += batch.height
        taken = batch[here]
        narrow = compact(taken, partition)
        parts.append(narrow.select(pl.exclude(f"^{SIGNAL}.*$")))
        bands.append(sketch(taken["completion"]))
        if progress is not None:
            progress(f"{before:,} rows read")
    if partition is None:
        raise InputError("the log is empty")
    table = pl.concat(parts, how="diagonal_relaxed")
    cells = _cells(table, np.concatenate(bands), whole=not partition.repeats)
    tokens = "tokens" in table.columns and table["tokens"].null_count() == 0
    length = table["tokens" if tokens else FEATURE + "characters"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return Candidates(
        rows=np.concatenate(rows),
        cells=cells,
        told=_told(table),
        length=np.maximum(length, 1.0),
        unit="tokens" if tokens else "characters",
        partition=partition.name,
        by_construction=partition.by_construction,
        scored=scored,
        regions="region" in table.columns,
    )


def _accepted(log: Log, signal: str | None, least_pass: float | None) -> tuple[NDArray[np.bool_], tuple[int, int, int]]:
    """Returns which rows are accepted, and counts scored rows, their prompts and regions."""
    name = None if signal is None else SIGNAL + signal
    wanted = [c for c in ("prompt", "prompt_id", "region", "repeat", name) if c in log.schema]
    parts = []
    for batch in log.batches([*wanted, "completion"] if len(wanted) == 0 else wanted):
        key = "prompt" if "prompt" in batch.columns else "prompt_id"
        keys = prompt_keys(batch[key]) if key == "prompt" else name_keys(batch[key])
        again = batch["repeat"].fill_null(0) if "repeat" in batch.columns else pl.zeros(batch.height, eager=True)
        score = pl.repeat(1.0, batch.height, eager=True) if name is None else batch[name]
        region = batch["region"] if "region" in batch.columns else pl.repeat("", batch.height, eager=True)
        parts.append(
            pl.DataFrame({"prompt": keys.alias("prompt"), "score": score, "once": again == 0, "region": region})
        )
    table = pl.concat(parts).with_columns(
        score=pl.when(pl.col("once") & pl.col("prompt").is_not_null()).then(pl.col("score").fill_nan(None))
    )
    scores = table["score"].drop_nulls()
    if name is None:
        good = pl.col("score").is_not_null()
    elif scores.n_unique() <= 2:
        good = pl.col("score") == (scores.max() if scores.n_unique() == 2 else 1.0)
    else:
        good = pl.col("score") > pl.col("score").mean().over("prompt")
    if least_pass is not None:
        rate = good.cast(pl.Float64).mean().over("prompt")  # over scored rows: unscored ones are null
        good = good & (rate >= least_pass)
    known = table.filter(pl.col("score").is_not_null())
    counts = known.height, known["prompt"].n_unique(), known["region"].n_unique()
    return table.select(good.fill_null(value=False)).to_series().to_numpy(), counts


def _cells(table: pl.DataFrame, bands: NDArray[np.uint64], *, whole: bool) -> Cells:
    """Numbers prompts, answers and texts; where the answer is the whole text, near-duplicates are one answer."""
    prompt = table["prompt"].to_numpy()
    stated = table["answer_class"].fill_null(0).to_numpy()
    region = table["region"].fill_null("") if "region" in table.columns else pl.repeat("", table.height, eager=True)
    dense = [
        np.unique(each, return_inverse=True)[1].astype(np.int64) for each in (prompt, combined_keys([prompt, stated]))
    ]
    if whole:
        answer, text = clusters(np.column_stack([bands, stated]), dense[0]), dense[1]
    else:
        answer, text = dense[1], clusters(bands, dense[1])
    # A prompt that is told in several regions belongs to the first of them.
    _, first = np.unique(dense[0], return_index=True)
    regions = region.rank("dense").cast(pl.Int64).to_numpy() - 1
    return Cells(dense[0], answer, text, regions[first][dense[0]])


def _told(table: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Returns what is compared before and after: features, shares of the largest regions, truth."""
    found = {name: table[FEATURE + name].cast(pl.Float64).to_numpy() for name in NUMBERS}
    if "truncated" in table.columns:
        found["truncated"] = table["truncated"].cast(pl.Float64).to_numpy()
    if "region" in table.columns:
        names = table["region"].fill_null("").value_counts(sort=True)["region"].to_list()[:LISTED]
        for name in names if len(names) > 1 else ():
            found[f"region={name}"] = (table["region"].fill_null("") == name).cast(pl.Float64).to_numpy()
    if "truth" in table.columns:
        found["truth"] = table["truth"].cast(pl.Float64).to_numpy()
    return found
