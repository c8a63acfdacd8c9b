"""Scores against truth: AUROC over the log and inside groups, bits of quantile bins, bits above moved verdicts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study
from scipy.special import ndtr

from freshbits.information.entropy import mutual_information
from freshbits.information.moved import bits_beyond_moved
from freshbits.information.ranking import auroc, group_auroc, quantile_information
from freshbits.information.scores import centred_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAPS = {"gap 0": 0.0, "gap 1": 1.0, "gap 2": 2.0}
RATES = (0.3, 0.7)  # base rates of the two kinds of prompts
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": name} for size in (1, 8) for prompts in (120, 400) for name in GAPS
)


def draw(
    rng: np.random.Generator, prompts: int, size: int, gap: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.uint64], NDArray[np.float64]]:
    """Draws scores: gap for right rollouts, unit noise, and a level of the prompt that the truth does not follow."""
    group = np.repeat(rng.choice(2**62, prompts, replace=False).astype(np.uint64), size)
    rate = np.repeat(rng.choice(RATES, prompts), size)
    right = rng.random(group.size) < rate
    level = np.repeat(rng.normal(size=prompts), size)
    return gap * right + level + rng.normal(size=group.size), right, group, rate


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one labelled log, whole groups or one label per prompt, and reads every measure."""
    size, gap = int(cell["rollouts"]), GAPS[str(cell["world"])]
    rng = np.random.default_rng(seed)
    score, right, group, _ = draw(rng, int(cell["prompts"]), size, gap)
    one = np.ones(score.size)
    inner, pooled = reference(gap, size)
    found = [Reading.of("AUROC", auroc(score, right, one, group), float(ndtr(gap / 2)))]
    bits = quantile_information(score, right, one, group, group)
    if size == 1:
        return [*found, Reading.of("bits of quantile bins, pooled", bits, pooled)]
    answer = np.where(right, 0, rng.integers(1, 4, right.size)).astype(np.uint64)
    coin = (rng.random(right.size) < 0.5).astype(np.int64)
    return [
        *found,
        Reading.of("AUROC inside groups", group_auroc(score, right, one, group, group), float(ndtr(gap / np.sqrt(2)))),
        Reading.of("bits of quantile bins inside groups", bits, inner),
        Reading.of("bits above moved, random verdicts", bits_beyond_moved(coin, answer, group, group), 0.0),
    ]


@cache
def reference(gap: float, size: int) -> tuple[float, float]:
    """Returns I(C; quartile | Q) of centred scores and I(C; quartile) of scores, from a million rows."""
    score, right, group, rate = draw(np.random.default_rng(0), 1_000_000 // size, size, gap)
    level = centred_bins(score, group) if size > 1 else np.zeros(score.size, dtype=np.int64)
    inner = np.mean([_information(level[rate == each], right[rate == each]) for each in RATES])
    quartile = np.searchsorted(np.quantile(score, [0.25, 0.5, 0.75]), score)
    return float(inner), _information(quartile.astype(np.int64), right)


def _information(level: NDArray[np.int64], right: NDArray[np.bool_]) -> float:
    return mutual_information(np.bincount(2 * level + right, minlength=8).reshape(4, 2))


STUDY = Study("ranking", "Scores against truth: AUROC and bits of quantile bins", CELLS, measure, logs=300)
