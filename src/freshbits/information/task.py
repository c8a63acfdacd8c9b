"""Bits spent on the task: what of a verdict's contrast depends on the answer class alone.

By the chain rule I(Y;S|Q) = I([Y]_π;S|Q) + I(Y;S|[Y]_π,Q) (π is a function of the output): contrast bits are task bits
plus what is left inside a class. task = E h(s_q) - E h(s_{q,c}), cells (prompt, class) weighted by their rows.
η = task / total is relative to π: a finer partition never lowers it.

A class seen once in its group shows no contrast whatever its rate. Where such rows are many nothing is estimated and
only `bounds` are given, which need no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, entropy
from freshbits.information.levels import mean_entropy as group_entropy
from freshbits.information.resampling import LEVEL, estimate, folds_of, jackknife_interval
from freshbits.information.sized import mean_entropy as cell_entropy
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGLE = 0.25  # more rows than this in one-rollout cells: bounds only
SMALL = 8  # so are groups below this size, where the value was up to .03 bit off
SLACK, SLACK_SINGLE = 0.03, 0.15  # largest bias measured: .03 bit, and .15 bit times the share of one-rollout cells
SLACK_LEVELS = 0.06  # the same for more than two levels
ENOUGH = 300  # prompts; with fewer the mixture follows chance more closely, and the slack grows with their root


@dataclass(frozen=True)
class TaskBits:
    """Holds the split of a signal's contrast bits by one partition.

    Attributes:
        task: bits about the answer class, I([Y]_π;S|Q); `value` None where only bounds are known.
        total: contrast bits of the same rows.
        eta: task / total; None where the signal shows no contrast.
        single: share of the rows that are alone in their class.
    """

    task: Estimate
    total: Estimate
    eta: Estimate | None
    single: float


def task_bits(
    group: NDArray[np.uint64],
    answer_class: NDArray[np.uint64],
    level: NDArray[np.int64],
    prompts: NDArray[np.uint64],
) -> TaskBits | None:
    """Estimates task bits, contrast bits and their ratio η, in bits per rollout, with 95 % intervals over prompts.

    Args:
        group: group of each scored row.
        answer_class: its answer class under π.
        level: its verdict or level, 0 to L-1.
        prompts: its prompt key.

    Returns:
        None with fewer than two prompts.

    It does not know whether π is what the task asks for. The value reads up to .02 bit high with 300 prompts of 8
    rollouts and .03 with 100 (three levels: .04 and .06); the interval is widened for it (`benchmarks/calibration`,
    study "task").

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(200), 8).astype(np.uint64)
    >>> right = rng.random(1600) < rng.random(200)[q.astype(int)]
    >>> found = task_bits(q, right.astype(np.uint64), right.astype(np.int64), q)
    >>> found.eta.value > 0.97  # an exact verifier spends everything on the task
    True
    """
    if np.unique(prompts).size < 2:
        return None
    levels = int(level.max()) + 1
    groups, place = np.unique(group, return_inverse=True)
    _, cell = np.unique(np.stack([place.astype(np.uint64), answer_class], axis=1), axis=0, return_inverse=True)
    cell = cell.ravel()
    counts = _counts(cell, level, levels)
    whole = _counts(place, level, levels)
    owner = np.zeros(counts.shape[0], dtype=np.int64)
    owner[cell] = place
    of_group = np.zeros(groups.size, dtype=np.uint64)
    of_group[place] = prompts
    fold = folds_of(of_group)
    cells = _Cells(counts, whole.sum(axis=1)[owner], fold[owner], int(fold.max()) + 1)
    total = group_entropy(whole, fold, cells.folds)
    single = float((counts.sum(axis=1) == 1).sum() / counts.sum())
    facts = (int(np.unique(prompts).size), int(level.size))
    top = float(np.log2(max(levels, 2)))
    all_bits = _estimate(total, "contrast bits of the same rows", facts, top)
    if single > SINGLE or float(np.median(whole.sum(axis=1))) < SMALL:
        within_low, within_high = cells.bounds(levels)
        task = _bounded(total - within_high, total - within_low, UNIT, facts, top)
        eta = _ratio(total - within_high, total - within_low, total, facts)
        return TaskBits(task, all_bits, eta, single)
    slack = (SLACK if levels <= 2 else SLACK_LEVELS) * float(np.sqrt(max(ENOUGH / facts[0], 1.0)))
    slack += SLACK_SINGLE * single
    within = np.clip(cells.entropy(), 0.0, total)
    task = _estimate(total - within, "contrast bits less those inside a class (share-rate mixture)", facts, top, slack)
    eta = None
    if (total > 1e-6).all():
        eta = estimate(
            1 - within / total,
            unit="share of contrast bits",
            method="task bits / contrast bits, jackknife over prompts",
            prompts=facts[0],
            rollouts=facts[1],
            bounds=(0.0, 1.0),
            slack=slack / float(total[0]),
            correct_bias=True,
        )
    return TaskBits(task, all_bits, eta, single)


@dataclass(frozen=True)
class _Cells:
    """Counts per (cell, level), with the size of the cell's group and the fold of its prompt."""

    counts: NDArray[np.int64]
    size: NDArray[np.int64]
    fold: NDArray[np.intp]
    folds: int

    def entropy(self) -> NDArray[np.float64]:
        """Returns E H(S | class, Q) for every replicate, groups counting equally."""
        return self._splits(self.counts) / self._weight(np.ones(self.size.size, dtype=bool))

    def _splits(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns Σ weight · H(levels) of the level set in `counts`: binary splits, as in `levels`."""
        if counts.shape[1] < 2:
            return np.zeros(1 + self.folds)
        here = counts.sum(axis=1)
        seen = here > 0
        if not seen.any():
            return np.zeros(1 + self.folds)
        half = counts.shape[1] // 2
        left, right = counts[:, :half], counts[:, half:]
        own = cell_entropy(
            self.size[seen],
            here[seen],
            left[seen].sum(axis=1),
            (here / self.size)[seen],
            self.fold[seen],
            self.folds,
        )
        return own + self._splits(left) + self._splits(right)

    def bounds(self, levels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the least and the most that E H(S | class, Q) can be, for every replicate.

        Cells of two or more show how often two of their rollouts differ, d = 1 - E Σ s²: without bias, whatever the
        rates. Entropies between the extremes given d are all possible (Harremoës & Topsøe, IEEE Trans. Inf. Theory
        47 (2001) 2944). Cells of one rollout can hide anything up to the entropy of their pooled levels.
        """
        n = self.counts.sum(axis=1)
        several = n >= 2
        pairs = np.maximum(n * (n - 1), 1)
        differ = 1.0 - (self.counts * (self.counts - 1)).sum(axis=1) / pairs
        weight = self._weight(several)
        share = weight / np.maximum(self._weight(np.ones_like(several)), 1e-300)
        spread = self._sum(np.where(several, differ, 0.0) * n / self.size) / np.maximum(weight, 1e-300)
        low, high = _extremes(spread, levels)
        alone = np.stack([self._sum(np.where(several, 0.0, column / self.size)) for column in self.counts.T], axis=1)
        return share * low, share * high + (1 - share) * entropy(alone)

    def _weight(self, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return self._sum(np.where(mask, self.counts.sum(axis=1) / self.size, 0.0))

    def _sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        by_fold = np.bincount(self.fold, weights=values, minlength=self.folds)
        return np.concatenate([[values.sum()], values.sum() - by_fold])


def _extremes(differ: NDArray[np.float64], levels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the least and the largest mean entropy, in bits, at a mean probability that two draws differ."""
    flat = np.arange(1, levels + 1)
    low = np.interp(differ, 1.0 - 1.0 / flat, np.log2(flat))  # convex: uniform distributions are its corners
    first = np.linspace(1.0, 1.0 / levels, 4001)  # concave: one level apart from others that are equal
    rest = (1.0 - first) / max(levels - 1, 1)
    spread = 1.0 - first**2 - (levels - 1) * rest**2
    bits = entropy(np.column_stack([first, np.repeat(rest[:, None], max(levels - 1, 1), axis=1)]))
    return low, np.interp(differ, spread, bits)


def _counts(unit: NDArray[np.intp], level: NDArray[np.int64], levels: int) -> NDArray[np.int64]:
    units = int(unit.max()) + 1
    return np.bincount(unit * levels + level, minlength=units * levels).reshape(units, levels).astype(np.int64)


def _estimate(
    replicates: NDArray[np.float64], method: str, facts: tuple[int, int], top: float, slack: float = 0.0
) -> Estimate:
    return estimate(
        replicates,
        unit=UNIT,
        method=method,
        prompts=facts[0],
        rollouts=facts[1],
        bounds=(0.0, top),
        slack=slack,
        correct_bias=True,
    )


def _bounded(
    low: NDArray[np.float64], high: NDArray[np.float64], unit: str, facts: tuple[int, int], top: float
) -> Estimate:
    """Returns bounds widened by sampling error."""
    _, down, _ = jackknife_interval(low)
    _, _, up = jackknife_interval(high)
    ends = [float(np.clip(end, 0.0, top)) for end in (down, up)]
    method = "bounds: classes seen once hide their contrast"
    return Estimate(None, ends[0], ends[1], LEVEL, unit, method, *facts)


def _ratio(
    low: NDArray[np.float64], high: NDArray[np.float64], total: NDArray[np.float64], facts: tuple[int, int]
) -> Estimate | None:
    if (total <= 1e-6).any():
        return None
    return replace(_bounded(low / total, high / total, "share of contrast bits", facts, 1.0))
