"""Surface bits by name: what a feature says about the verdict that answer class, or truth, do not: I(φ;S|C,Q).

The same logit as `intercept`, with an intercept a_{q,c} for every (prompt, class) cell instead of one per prompt:
P(S=1 | q, c, φ=l) = σ(a_{q,c} + β_l). β comes from inside the cells alone; cells count by their rows. Where classes
mean the same in every prompt (right and wrong) their intercepts are fitted apart, and β_{c,l} differs by class where
the two differ by more than chance.

It does not see a feature whose effect changes sign from prompt to prompt (an effect that varies by prompt reads up to
.02 bit low), nor one that never varies inside a cell. Given truth it is within .006 of the bits of the model above;
given answers up to .015 off, where groups of 4 show a strong effect or wrong answers are many and rare
(`benchmarks/calibration`, studies "beyond" and "surface").
Counting instead of modelling would invent about .1 bit from nothing at 8 rollouts per prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT
from freshbits.information.intercept import (
    FOLDS,
    Cells,
    across_prompts_test,
    leave_out_bits,
    leave_out_effects,
    within_group_test,
)
from freshbits.information.resampling import LEVEL, estimate_bits, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

MIN_CELLS = 30  # cells in which both the feature and the verdict vary; fewer say nothing
STRETCH = 1.25  # the jackknife is too sure of itself inside small cells (benchmarks/calibration, study "beyond")


@dataclass(frozen=True)
class SurfaceBits:
    """Holds bits of a feature beyond the class, the lean of the verdict, and how surely it is not chance.

    Attributes:
        bits: I(φ;S|C,Q).
        effect: β of the highest level less β of the lowest, in nats of log-odds (the first class where they differ).
        p_value: the larger of two: verdicts shuffled inside cells, and prompts as the unit.
        interaction: whether the effect differs by class.
    """

    bits: Estimate
    effect: float
    p_value: float
    interaction: bool


def surface_bits(
    group: NDArray[np.uint64],
    answer_class: NDArray[np.uint64],
    level: NDArray[np.int64],
    accepted: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> SurfaceBits | None:
    """Estimates I(φ;S|[Y]_π,Q) in bits per rollout for answer classes that mean something in their own prompt only.

    Args:
        group: group of each scored row.
        answer_class: its answer class.
        level: its level of the feature, 0 to L-1.
        accepted: 1 where the verdict accepts it, else 0.
        prompts: its prompt key.

    Returns:
        None where fewer than 30 cells hold both verdicts and two levels of the feature.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(200), 8).astype(np.uint64)
    >>> level = rng.integers(0, 2, q.size); accepted = (rng.random(q.size) < 0.3 + 0.4 * level) * 1.0
    >>> found = surface_bits(q, np.zeros(q.size, dtype=np.uint64), level, accepted, q)
    >>> 0.08 < found.bits.value < 0.16  # 1 - h(.3) = .119
    True
    """
    return _bits(group, answer_class, np.zeros(level.size, dtype=np.int64), level, accepted, prompts)


def spurious_bits(
    group: NDArray[np.uint64],
    truth: NDArray[np.bool_],
    level: NDArray[np.int64],
    accepted: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> SurfaceBits | None:
    """Estimates I(φ;S|C,Q), the bits a feature shares with the verdict beyond the truth C, in bits per rollout.

    Rows are labelled rows, drawn without a look at their verdicts: labels drawn by verdict shift the intercepts.
    At least 30 cells (group, truth) must hold both verdicts and two levels, so that labels spread one per prompt
    give None.

    Args:
        group: group of each labelled row.
        truth: whether it is right.
        level: its level of the feature, 0 to L-1.
        accepted: 1 where the verdict accepts it, else 0.
        prompts: its prompt key.

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(300), 8).astype(np.uint64)
    >>> right = rng.random(q.size) < 0.5; level = rng.integers(0, 2, q.size)
    >>> accepted = np.where(rng.random(q.size) < 0.3, level, right) * 1.0  # follows the feature three times in ten
    >>> 0.12 < spurious_bits(q, right, level, accepted, q).bits.value < 0.24
    True
    """
    return _bits(group, truth.astype(np.uint64), truth.astype(np.int64), level, accepted, prompts)


def _bits(
    group: NDArray[np.uint64],
    answer_class: NDArray[np.uint64],
    stratum: NDArray[np.int64],
    level: NDArray[np.int64],
    accepted: NDArray[np.float64],
    prompts: NDArray[np.uint64],
) -> SurfaceBits | None:
    """Fits the logit over (group, class) cells; cells of one stratum share their distribution of intercepts."""
    _, level = np.unique(level, return_inverse=True)
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    keys = np.stack([place.astype(np.uint64), answer_class], axis=1)
    _, first, cell = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    cells = Cells.count(cell.ravel().astype(np.uint64), level.astype(np.int64), accepted, prompts)
    weight = cells.n.sum(axis=1) / size[place[first]]
    cells = replace(cells, weight=weight)
    if _telling(cells) < MIN_CELLS:
        return None
    _, kind = np.unique(stratum[first], return_inverse=True)
    fold = folds_of(cells.prompts, FOLDS)
    folds = int(fold.max()) + 1
    effects, differ = _effects(cells, kind.astype(np.int64), fold, folds)
    total = np.zeros(1 + folds)
    for number, beta in enumerate(effects):
        here = kind == number
        of_fold = np.bincount(fold[here], weights=weight[here], minlength=folds)
        left = np.concatenate([[of_fold.sum()], of_fold.sum() - of_fold])
        total += left * leave_out_bits(_where(cells, here), beta, fold[here], folds)
    of_fold = np.bincount(fold, weights=weight, minlength=folds)
    p_value = max(within_group_test(cells), across_prompts_test(cells))
    bits = estimate_bits(
        total / np.concatenate([[of_fold.sum()], of_fold.sum() - of_fold]),
        unit=UNIT,
        method="conditional logit inside (prompt, class) cells with a mixture of intercepts, jackknife over prompts",
        prompts=int(np.unique(prompts).size),
        rollouts=int(level.size),
        top=1.0,
        stretch=STRETCH,
    )
    if p_value > 1 - LEVEL and not differ:
        bits = replace(bits, low=0.0)
    return SurfaceBits(bits, float(effects[0][0, -1] - effects[0][0, 0]), p_value, differ)


def _effects(
    cells: Cells, stratum: NDArray[np.int64], fold: NDArray[np.intp], folds: int
) -> tuple[list[NDArray[np.float64]], bool]:
    """Returns β per stratum and replicate: one for all, or one each where they differ by more than chance."""
    from scipy.stats import f as fisher

    common = leave_out_effects(cells, fold, folds)
    strata = int(stratum.max()) + 1
    if strata < 2 or any(_telling(_where(cells, stratum == number)) < MIN_CELLS for number in (0, 1)):
        return [common] * strata, False
    apart = [leave_out_effects(_where(cells, stratum == number), fold[stratum == number], folds) for number in (0, 1)]
    gap = (apart[1] - apart[0])[:, 1:]
    around = gap[1:] - gap[1:].mean(axis=0)
    spread = (folds - 1) / folds * around.T @ around
    rank = int(np.linalg.matrix_rank(spread))
    freedom = folds - 1
    if rank == 0 or freedom < rank:
        return [common] * strata, False
    statistic = float(gap[0] @ np.linalg.pinv(spread) @ gap[0]) * (freedom - rank + 1) / (freedom * rank)  # Hotelling
    differ = bool(fisher.sf(statistic, rank, freedom - rank + 1) < 1 - LEVEL)
    return (apart if differ else [common] * strata), differ


def _telling(cells: Cells) -> int:
    """Counts the cells in which both the feature and the verdict vary."""
    hits = cells.k.sum(axis=1)
    return int((((cells.n > 0).sum(axis=1) > 1) & (hits > 0) & (hits < cells.n.sum(axis=1))).sum())


def _where(cells: Cells, mask: NDArray[np.bool_]) -> Cells:
    weight = None if cells.weight is None else cells.weight[mask]
    return Cells(cells.n[mask], cells.k[mask], cells.prompts[mask], weight)
