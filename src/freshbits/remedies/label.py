"""Which rollouts to label: a seeded probability sample, half accepted and half rejected, spread over prompts.

Rows are put into strata by verdict (two values) or by score quarter, each stratum gets an equal share of the
labels, and inside a stratum rows are taken at equal steps along a random order of prompts, regions kept together
(systematic sampling). So every row of a stratum has the same, exactly known inclusion probability n_h / N_h, regions
get their share, and a prompt is not asked twice while its stratum has others to offer.

References: Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), 3.4 and 3.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.labels import row_key
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log

QUARTERS = 4
BITS_TIMES_ROWS = 12.0  # labelled rows times bits at which openness is seen nine times in ten (study "openness")


@dataclass(frozen=True)
class Draw:
    """Holds which rows were drawn and with which probability.

    Attributes:
        rows: positions of the drawn rows, in increasing order.
        probability: inclusion probability of each drawn row.
        stratum: stratum of each drawn row.
    """

    rows: NDArray[np.int64]
    probability: NDArray[np.float64]
    stratum: NDArray[np.int64]


def draw_rows(
    score: NDArray[np.float64], prompt: NDArray[np.uint64], region: NDArray[np.int64], count: int, seed: int
) -> Draw:
    """Draws about `count` of the scored rows, with known inclusion probabilities.

    Args:
        score: verdict or score of each row; NaN rows are never drawn.
        prompt: prompt key of each row.
        region: region number of each row.
        count: labels wanted; all rows of a stratum are taken where it is smaller than its share.
        seed: the same seed draws the same rows.

    >>> score = np.tile([0.0, 1.0], 50); prompt = np.arange(100, dtype=np.uint64) // 2
    >>> drawn = draw_rows(score, prompt, np.zeros(100, dtype=np.int64), 20, seed=0)
    >>> drawn.rows.size, float(drawn.probability[0])
    (20, 0.2)
    """
    rng = np.random.default_rng(seed)
    strata = _strata(score)
    sizes = np.bincount(strata[strata >= 0])
    quotas = _quotas(sizes, count)
    rows, probability, stratum = [], [], []
    for number, quota in enumerate(quotas):
        members = np.flatnonzero(strata == number)
        order = members[_spread(prompt[members], region[members], rng)]
        step = members.size / quota if quota else np.inf
        taken = order[np.floor(rng.random() * step + step * np.arange(quota)).astype(np.int64)] if quota else order[:0]
        rows.append(taken)
        probability.append(np.full(quota, quota / max(members.size, 1)))
        stratum.append(np.full(quota, number))
    position = np.concatenate(rows)
    sort = np.argsort(position, kind="stable")
    return Draw(position[sort], np.concatenate(probability)[sort], np.concatenate(stratum)[sort])


def expected_width(count: int, share: float = 0.5, rate: float = 0.8) -> float:
    """Computes the half width of a 95 % interval of a rate read on `share` of `count` labels, prompts all distinct.

    1.96 sqrt(rate (1 - rate) / (share · count)); rates nearer to 0 or 1 come out narrower.

    >>> round(expected_width(300), 3)
    0.064
    """
    return float(1.96 * np.sqrt(rate * (1 - rate) / max(share * count, 1)))


def label(log: Log, signal: str | None, count: int, seed: int = 0) -> tuple[pl.DataFrame, list[str]]:
    """Draws the rows of a log to label and returns them with their texts, and what to expect in words.

    Columns: `row` (position in the log), `key` (checks that labels return to the same log), `prompt`, `completion`,
    the signal, an empty `truth`, `inclusion_probability`. Without a signal (a set that nobody scored) rows are drawn by
    prompt alone.

    Raises:
        InputError: if the signal is not in the log or scores nothing, or the log has no completions.
    """
    if signal is not None and signal not in log.signals:
        raise InputError(f"there is no signal {signal!r} in the log", mend=f"choose among {', '.join(log.signals)}")
    if "completion" not in log.schema:
        raise InputError("the log has no completions to label", mend="add them with --join FILE")
    drawn, scored, prompts = _draw(log, signal, count, seed)
    table = _texts(log, signal, drawn)
    asked = min(count, scored)
    words = [
        f"{table.height} of {scored:,} scored rollouts, "
        f"{table['prompt'].n_unique()} of {prompts:,} prompts, seed {seed}",
    ]
    if signal is None:
        words.append(f"share of the set that is right to about ± {expected_width(table.height, share=1.0):.2f} (95 %)")
        return table, words
    words.append(f"true and false positive rates of {signal} to about ± {expected_width(table.height):.2f} (95 %)")
    if log.made is None:
        least = BITS_TIMES_ROWS / max(asked, 1)
        words.append(f"openness: a signal that brings {least:.2f} bit per rollout or more should be seen")
    else:
        width = expected_width(table.height)
        words.append(f"precision of what {signal} keeps, and so its expected gain, to about ± {width:.2f}")
    return table, words


def _draw(log: Log, signal: str | None, count: int, seed: int) -> tuple[Draw, int, int]:
    """Reads keys, regions and scores of the log and draws; also the number of scored rows and prompts."""
    from freshbits.outputs.keys import name_keys, prompt_keys

    scores, prompts, regions = [], [], []
    column = None if signal is None else SIGNAL + signal
    wanted = [c for c in ("prompt", "prompt_id", "region", column) if c in log.schema]
    for batch in log.batches(wanted):
        scores.append(np.zeros(batch.height) if column is None else batch[column].to_numpy())
        name = "prompt" if "prompt" in batch.columns else "prompt_id"
        keys = prompt_keys(batch[name]) if name == "prompt" else name_keys(batch[name])
        prompts.append(keys.fill_null(0).to_numpy())
        regions.append(batch["region"].fill_null("").to_list() if "region" in batch.columns else [""] * batch.height)
    score = np.concatenate(scores).astype(np.float64) if scores else np.zeros(0)
    if not (~np.isnan(score)).any():
        raise InputError(f"{signal} scores no rollout")
    prompt = np.concatenate(prompts)
    region = np.unique([r for part in regions for r in part], return_inverse=True)[1].astype(np.int64)
    scored = ~np.isnan(score)
    return (
        draw_rows(score, prompt, region, count, seed),
        int(scored.sum()),
        int(np.unique(prompt[scored]).size),
    )


def _texts(log: Log, signal: str | None, drawn: Draw) -> pl.DataFrame:
    """Reads the texts of the drawn rows."""
    name = "prompt" if "prompt" in log.schema else "prompt_id"
    column = None if signal is None else SIGNAL + signal
    wanted = [c for c in log.schema if c in (name, "completion", "opponent", column)]
    chosen = pl.DataFrame({"row": drawn.rows, "inclusion_probability": drawn.probability})
    parts, seen = [], 0
    for batch in log.batches(wanted):
        rows = batch.with_row_index("row", offset=seen).with_columns(pl.col("row").cast(pl.Int64))
        parts.append(rows.join(chosen, on="row", how="inner", maintain_order="left"))
        seen += batch.height
    table = pl.concat(parts)
    keys = [row_key(p, c) for p, c in zip(table[name], table["completion"], strict=True)]
    return table.select(
        "row",
        pl.Series("key", keys, dtype=pl.String),
        pl.col(name).alias("prompt"),
        *(pl.col(c) for c in ("completion", "opponent") if c in table.columns),
        *([] if column is None else [pl.col(column).alias(column.removeprefix(SIGNAL))]),
        pl.lit(None, pl.Int64).alias("truth"),
        "inclusion_probability",
    )


def _strata(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the stratum of each row (-1 unscored): the two verdicts, else quarters of the score."""
    strata = np.full(score.size, -1, dtype=np.int64)
    scored = ~np.isnan(score)
    values = np.unique(score[scored])
    if values.size <= 2:
        strata[scored] = np.searchsorted(values, score[scored])
        return strata
    cuts = np.unique(np.quantile(score[scored], np.arange(1, QUARTERS) / QUARTERS))
    strata[scored] = np.unique(np.searchsorted(cuts, score[scored], side="left"), return_inverse=True)[1]
    return strata


def _quotas(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Shares `count` labels equally among the strata; what a small stratum cannot take goes to the others."""
    quotas = np.zeros(sizes.size, dtype=np.int64)
    left = min(count, int(sizes.sum()))
    while left > 0:
        room = np.flatnonzero(quotas < sizes)
        share, extra = divmod(left, room.size)
        step = np.minimum(share + (np.arange(room.size) < extra), sizes[room] - quotas[room])
        quotas[room] += step
        left -= int(step.sum())
    return quotas


def _spread(prompt: NDArray[np.uint64], region: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Orders rows by region, then by a random order of prompts, then at random."""
    _, position = np.unique(prompt, return_inverse=True)
    shuffled = rng.permutation(position.max() + 1)[position] if position.size else position
    return np.lexsort((rng.random(prompt.size), shuffled, region))
