"""What several criteria say together: ten criteria that repeat two things carry two criteria's worth of bits.

By the chain rule H(S_1 … S_m|Q) = Σ_j H(S_j|S_1 … S_{j-1}, Q): every criterion adds what those before it have not said.
What a criterion says that all the others together have not, H(S_j|S_others, Q), is its own: a matter that no other
criterion looks at, or the judge's noise. What is left of the joint bits when all of that is taken off, at least two
criteria agree on:

    agreed = H(S_1 … S_m|Q) - Σ_j H(S_j|S_others, Q)

(the dual total correlation: 0 where criteria are unrelated, and untouched by noise that each of them has for itself).

Every term is the smaller of two upper bounds: contrast bits less the bits shared with a score made of the other
criteria (`intercept`), and the cross-fitted code length of a logistic regression on them and on the rest of the group.
The first is sharp where criteria have little in common, the second where one repeats another.

References: Han, Information and Control 36 (1978) 133 (dual total correlation); Cover & Thomas, ch. 2 (chain rule).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.intercept import Cells, leave_out_bits, leave_out_effects
from freshbits.information.mixing import fit_weighted
from freshbits.information.resampling import estimate, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

    Floats = NDArray[np.float64]

FOLDS = 10
LEVELS = 8  # of the score made of the other criteria
STEPS_OF_A_SCALE = 3  # verdicts "at least this much" that a criterion with more than two levels is told by
SLACK = 0.03  # largest bias measured per criterion, bits
FEWEST = 4  # rollouts per group
RIDGE = 10.0
SURE = 1e-4  # a regression on finite data is never surer than this


@dataclass(frozen=True)
class Together:
    """Holds what several criteria say of one rollout.

    Attributes:
        alone: the sum of their contrast bits: what they would carry if they had nothing in common.
        joint: contrast bits of all of them together.
        agreed: the part of `joint` that at least two criteria say.
        own: per criterion, what none of the others says: a matter of its own, or noise.
    """

    alone: Estimate
    joint: Estimate
    agreed: Estimate
    own: tuple[Estimate, ...]


def together(levels: NDArray[np.int64], group: NDArray[np.uint64], prompts: NDArray[np.uint64]) -> Together | None:
    """Estimates what m criteria say together, in bits per rollout, with 95 % intervals over prompts.

    Args:
        levels: level of every rollout on every criterion, 0 to L-1 in the order of the scale, shape (rollouts, m).
            More than four levels are told in four steps.
        group: group of each rollout.
        prompts: prompt key of each rollout.

    Returns:
        None with fewer than two criteria that vary, two prompts, or four rollouts in the median group.

    It does not know noise from a matter of its own: only asking the judge again tells. Relations between criteria are
    taken to be the same in all prompts and additive in log-odds; others are missed, so `joint` and `own` are on the
    high side there. Measured in `benchmarks/calibration`, study "together".

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(150), 8); rate = rng.random((150, 2))
    >>> two = (rng.random((q.size, 2)) < rate[q]).astype(np.int64)
    >>> found = together(np.repeat(two, 3, axis=1), q.astype(np.uint64), q.astype(np.uint64))  # two things, thrice
    >>> round(found.alone.value / 6, 1), round(found.joint.value / (found.alone.value / 6), 1)
    (0.7, 2.0)
    """
    size = float(np.median(np.unique(group, return_counts=True)[1])) if group.size else 0.0
    varying = [column for column in levels.T if np.unique(column).size > 1]
    if len(varying) < 2 or size < FEWEST or np.unique(prompts).size < 2:
        return None
    rows = _Rows.of(group, prompts)
    steps = [_steps(column) for column in levels.T]
    sums = np.zeros(1 + rows.folds)
    joint, alone, own = sums.copy(), sums.copy(), []
    said: list[Floats] = []
    for at, column in enumerate(steps):
        others = [step for place, other in enumerate(steps) if place != at for step in other]
        here = sums.copy()
        for number, step in enumerate(column):
            before = column[:number]
            joint = joint + rows.bits(step, [*said, *before])
            alone = alone + rows.bits(step, before)
            here = here + rows.bits(step, [*others, *before])
        said += column
        own.append(here)
    most = float(sum(np.log2(len(column) + 1) for column in steps))
    return Together(
        alone=_estimate(rows, alone, "sum of the contrast bits of each", most, len(steps)),
        joint=_estimate(rows, joint, "chain rule over the criteria, jackknife over prompts", most, len(steps)),
        agreed=_estimate(rows, joint - np.sum(own, axis=0), "joint bits less what each alone says", most, len(steps)),
        own=tuple(_estimate(rows, bits, "contrast bits given the others", most, 1) for bits in own),
    )


@dataclass(frozen=True)
class _Rows:
    """Holds where each rollout stands: its group, its fold, and the size of its group."""

    group: NDArray[np.uint64]
    prompts: NDArray[np.uint64]
    place: NDArray[np.intp]
    size: Floats
    fold: NDArray[np.intp]
    folds: int

    @classmethod
    def of(cls, group: NDArray[np.uint64], prompts: NDArray[np.uint64]) -> _Rows:
        _, place = np.unique(group, return_inverse=True)
        fold = folds_of(prompts, FOLDS)
        return cls(group, prompts, place, np.bincount(place).astype(np.float64), fold, int(fold.max()) + 1)

    def bits(self, verdict: Floats, others: list[Floats]) -> Floats:
        """Returns H(verdict|others, Q) for all prompts and with each fold left out."""
        if verdict.min() == verdict.max():
            return np.zeros(1 + self.folds)
        contrast = self._contrast(verdict)
        if not others:
            return contrast
        known = np.column_stack(others)
        less = np.maximum(contrast - self._shared(verdict, known), 0.0)
        told = self._code_length(verdict, known)
        return less if less[0] <= told[0] else told

    def _contrast(self, verdict: Floats) -> Floats:
        hits = np.bincount(self.place, weights=verdict).astype(np.int64)
        fold = np.zeros(self.size.size, dtype=np.intp)
        fold[self.place] = self.fold
        grid, mass, _ = fit_weighted(self.size.astype(np.int64), hits, np.ones(hits.size), fold, self.folds)
        found: Floats = mass @ binary_entropy(grid)
        return found

    def _shared(self, verdict: Floats, others: Floats) -> Floats:
        """Returns the bits shared with a score made of the others, in eight levels."""
        score = self._regressed(verdict, others, self._rate_of_group(verdict))[1]
        cells = Cells.count(self.group, _cut(score), verdict, self.prompts).informative()
        if cells.n.shape[1] < 2:
            return np.zeros(1 + self.folds)
        fold = folds_of(cells.prompts, FOLDS)
        return leave_out_bits(cells, leave_out_effects(cells, fold, self.folds), fold, self.folds)

    def _code_length(self, verdict: Floats, others: Floats) -> Floats:
        """Returns the cross-fitted code length of a verdict, given the others and the rest of its own group."""
        total = self.size[self.place]
        hits = np.bincount(self.place, weights=verdict)[self.place] - verdict
        prior = 2 * float(verdict.mean())
        rest = np.log((hits + prior) / (total - 1 - hits + 2 - prior))
        chance = np.clip(self._regressed(verdict, others, rest)[0], SURE, 1 - SURE)
        weight = 1 / total  # groups count equally
        loss = -weight * np.log2(np.where(verdict == 1.0, chance, 1 - chance))
        lost = np.bincount(self.fold, weights=loss, minlength=self.folds)
        rows = np.bincount(self.fold, weights=weight, minlength=self.folds)
        return np.concatenate([[lost.sum() / rows.sum()], (lost.sum() - lost) / (rows.sum() - rows)])

    def _rate_of_group(self, verdict: Floats) -> Floats:
        hits = np.bincount(self.place, weights=verdict)
        rate: Floats = np.log((hits + 0.5) / (self.size - hits + 0.5))[self.place]
        return rate

    def _regressed(self, verdict: Floats, others: Floats, prompt: Floats) -> tuple[Floats, Floats]:
        """Returns the chance of acceptance and the others' part of its log-odds, from the other folds."""
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        seen = np.column_stack([others, prompt])
        chance, score = np.full(verdict.size, float(verdict.mean())), np.zeros(verdict.size)
        with threadpool_limits(1):
            for fold in range(self.folds):
                here = self.fold == fold
                if np.unique(verdict[~here]).size < 2:
                    continue
                model = LogisticRegression(C=RIDGE, max_iter=300).fit(seen[~here], verdict[~here])
                chance[here] = model.predict_proba(seen[here])[:, 1]
                score[here] = others[here] @ model.coef_[0][:-1]
        return chance, score


def _steps(level: NDArray[np.int64]) -> list[Floats]:
    """Tells a scale by verdicts "at least this much": one fewer than its levels, at most three.

    >>> [step.tolist() for step in _steps(np.array([0, 1, 2]))]
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    values = np.unique(level)[1:]
    if values.size > STEPS_OF_A_SCALE:
        cuts = np.quantile(level, np.arange(1, STEPS_OF_A_SCALE + 1) / (STEPS_OF_A_SCALE + 1), method="higher")
        values = np.unique(np.maximum(cuts, values[0]))
    return [(level >= value).astype(np.float64) for value in values]


def _cut(score: Floats) -> NDArray[np.int64]:
    """Cuts a score into its values while there are few, else into eight levels of equal size."""
    values, level = np.unique(score.round(6), return_inverse=True)
    if values.size > LEVELS:
        cuts = np.unique(np.quantile(score, np.arange(1, LEVELS) / LEVELS))
        _, level = np.unique(np.searchsorted(cuts, score), return_inverse=True)
    return level.astype(np.int64)


def _estimate(rows: _Rows, replicates: Floats, method: str, most: float, criteria: int) -> Estimate:
    return estimate(
        replicates,
        unit=UNIT,
        method=method,
        prompts=int(np.unique(rows.prompts).size),
        rollouts=int(rows.group.size),
        bounds=(0.0, most),
        slack=SLACK * criteria,
    )
