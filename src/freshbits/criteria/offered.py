"""What one round, or one window of steps, offers: the numbers that a running loop can afford to look at.

The audit's own estimators where they are cheap (contrast bits, dead groups, the mean verdict), surprise bits by
counting instead of by the ensemble, and counts of what is distinct. Arrays in, estimates out; the loop's ledger and
the hooks of the trainers call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.sampled import verdict_levels
from freshbits.information import levels, mixing
from freshbits.information.counted import counted_surprise
from freshbits.information.entropy import binary_entropy
from freshbits.information.resampling import MIN_PROMPTS, mean
from freshbits.information.scores import centred_bins, count_levels
from freshbits.results import Estimate  # noqa: TC001  JSON is read back by the annotations
from freshbits.tally.values import MOST_LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VERDICTS = ({0.0, 1.0}, {-1.0, 1.0})  # values that say by themselves which of them accepts
BINS = 4
STATE = ("is_plurality", "vote_share", "tie", "n_classes")  # belief columns that make cells, the most telling first
FEWEST = 4  # rollouts per group that give a value and not bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Holds what the verdicts of one signal offered.

    Attributes:
        kind: "binary", "levels" (three or four values), "score", "constant" or "unscored", as the audit calls them.
        scored: rollouts that have a score.
        unscored: rollouts that have none.
        verdicts: distinct (prompt, answer class) pairs among the scored; None where classes are not known.
        mean: mean score, groups counting equally.
        accepted: share accepted, groups counting equally; None unless the values are 0 and 1, or -1 and 1.
        contrast_bits: E h(s_q), all that a group-relative update can use; None under ten prompts, and where the median
            group has fewer than four rollouts, which give bounds only (the audit computes them, at a price).
        surprise_bits: H_V(S|B) by counting; None where no belief is known.
        dead_groups: share of groups of two or more whose scores are all equal.
        all_wrong: share of groups with every rollout rejected; None unless `accepted` is known.
        all_right: share of groups with every rollout accepted.
    """

    kind: str
    scored: int
    unscored: int
    verdicts: int | None
    mean: Estimate | None
    accepted: Estimate | None
    contrast_bits: Estimate | None
    surprise_bits: Estimate | None
    dead_groups: Estimate | None
    all_wrong: Estimate | None
    all_right: Estimate | None


def offered(
    score: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    answer_class: NDArray[np.uint64] | None = None,
    belief: NDArray[np.float64] | None = None,
) -> Offered:
    """Measures what the scores of one round offer.

    Which value accepts is read from the values themselves, never from the round alone: a round of nothing but 0 is
    all wrong, not all right. The two currencies, contrast and surprise bits, are never added.

    It does not know whether the bits are about the task, nor whether groups were left out before (dynamic sampling):
    a filtered round hides its dead groups.

    Args:
        score: score of each rollout, NaN = unscored, shape (rows,).
        group: group key of each rollout.
        prompt: prompt key of each rollout; prompts are the unit of resampling.
        answer_class: key of the class of each rollout's answer, where known.
        belief: columns of the model's own state, most telling first, shape (rows, columns).

    >>> q = np.repeat(np.arange(40, dtype=np.uint64), 4)
    >>> found = offered(np.tile([0.0, 1.0, 1.0, 1.0], 40), q, q)
    >>> found.accepted.value, found.dead_groups.value, round(found.contrast_bits.value, 1)
    (0.75, 0.0, 0.8)
    """
    known = ~np.isnan(score)
    unscored = int((~known).sum())
    score, group, prompt = score[known], group[known], prompt[known]
    if score.size == 0:
        return _nothing(unscored)
    order = np.argsort(group, kind="stable")  # scores are binned group by group
    score, group, prompt = score[order], group[order], prompt[order]
    values = np.unique(score)
    kind = _kind(values)
    _, first, size = np.unique(group, return_index=True, return_counts=True)
    by_prompt = prompt[first]
    enough = np.unique(by_prompt).size >= MIN_PROMPTS
    low, high = np.minimum.reduceat(score, first), np.maximum.reduceat(score, first)
    telling = any(set(values.tolist()) <= pair for pair in VERDICTS)
    k = np.add.reduceat(score == values[-1], first)
    accepted = np.add.reduceat(score == 1.0, first) if telling else None
    several = size >= 2
    total = int(score.size)
    verdicts = None
    if answer_class is not None:
        verdicts = np.unique(np.stack([prompt, answer_class[known][order]]), axis=1).shape[1]
    return Offered(
        kind=kind,
        scored=total,
        unscored=unscored,
        verdicts=verdicts,
        mean=_mean(np.add.reduceat(score, first) / size, by_prompt, "score", total, (-np.inf, np.inf)),
        accepted=None if accepted is None else _mean(accepted / size, by_prompt, "share accepted", total),
        contrast_bits=_contrast(kind, score, group, prompt, (size, k, by_prompt))
        if enough and np.median(size) >= FEWEST
        else None,
        surprise_bits=None
        if belief is None or not enough
        else counted_surprise(verdict_levels(score), belief[known][order], group, prompt),
        dead_groups=_share(low == high, several, by_prompt, total),
        all_wrong=None if accepted is None else _share(accepted == 0, several, by_prompt, total),
        all_right=None if accepted is None else _share(accepted == size, several, by_prompt, total),
    )


def contrast_points(
    scores: Sequence[NDArray[np.float64]], group: NDArray[np.uint64], prompt: NDArray[np.uint64]
) -> list[float | None]:
    """Estimates the contrast bits of `offered` for several signals at once and without intervals, much cheaper.

    The correction for few prompts comes with the interval and is not made: it is .01 bit or less from 60 groups on.

    Args:
        scores: per signal the score of each rollout, NaN = unscored, shape (rows,).
        group: group key of each rollout.
        prompt: prompt key of each rollout.

    Returns:
        Bits per rollout of every signal; None under ten prompts, or where the median group has fewer than four scored
        rollouts.

    >>> q = np.repeat(np.arange(40, dtype=np.uint64), 4); one = np.tile([0.0, 1.0, 1.0, 1.0], 40)
    >>> [round(bits, 1) for bits in contrast_points([one, np.ones(160)], q, q)]
    [0.8, 0.0]
    """
    order = np.argsort(group, kind="stable")
    group, prompt = group[order], prompt[order]
    place = np.unique(group, return_inverse=True)[1]
    groups = int(place.max()) + 1 if place.size else 0
    found: list[float | None] = []
    verdicts: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
    for at, given in enumerate(scores):
        score = given[order]
        known = ~np.isnan(score)
        size = np.bincount(place[known], minlength=groups)
        if np.unique(prompt[known]).size < MIN_PROMPTS or np.median(size[size > 0]) < FEWEST:
            found.append(None)
            continue
        values = np.unique(score[known])
        found.append(0.0)
        if values.size == 2:
            hits = np.bincount(place[known], weights=score[known] == values[1], minlength=groups).astype(np.int64)
            verdicts.append((at, size[size > 0], hits[size > 0]))
        elif values.size > 2:
            keys, table = _counts(_kind(values), score[known], group[known])
            found[at] = float(levels.mean_entropy(table, np.arange(keys.size) % 2, 2)[0])
    if verdicts:
        for (at, _, _), bits in zip(verdicts, _verdict_bits(verdicts), strict=True):
            found[at] = float(bits)
    return found


def _verdict_bits(verdicts: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]) -> NDArray[np.float64]:
    """Fits the mixtures of several verdicts in one go."""
    wide = max(int(size.max()) for _, size, _ in verdicts) + 1
    codes = [size * wide + hits for _, size, hits in verdicts]
    pairs = np.unique(np.concatenate(codes))
    weights = np.stack([np.bincount(np.searchsorted(pairs, code), minlength=pairs.size) for code in codes])
    grid, mass = mixing.fit_pairs(pairs // wide, pairs % wide, weights.astype(np.float64))
    return np.asarray(mass @ binary_entropy(grid))


def _nothing(unscored: int) -> Offered:
    return Offered(
        kind="unscored",
        scored=0,
        unscored=unscored,
        verdicts=None,
        mean=None,
        accepted=None,
        contrast_bits=None,
        surprise_bits=None,
        dead_groups=None,
        all_wrong=None,
        all_right=None,
    )


def _kind(values: NDArray[np.float64]) -> str:
    if values.size > MOST_LEVELS:
        return "score"
    return ("constant", "binary", "levels", "levels")[values.size - 1]


def _contrast(
    kind: str,
    score: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    counts: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]],
) -> Estimate | None:
    """Returns the contrast bits as the audit estimates them."""
    if kind in ("binary", "constant"):
        return mixing.contrast_bits(*counts)
    keys, table = _counts(kind, score, group)
    return levels.contrast_bits(table, prompt[np.searchsorted(group, keys)])


def _counts(
    kind: str, score: NDArray[np.float64], group: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the keys of the groups and how often each shows each level: the value, or the bin inside the group."""
    if kind == "score":
        return count_levels(group, centred_bins(score, group, BINS))
    return count_levels(group, np.unique(score, return_inverse=True)[1].astype(np.int64))


def _mean(
    values: NDArray[np.float64],
    prompt: NDArray[np.uint64],
    unit: str,
    rollouts: int,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate | None:
    return mean(
        values,
        prompt,
        unit=unit,
        method="mean over groups, jackknife over prompts",
        rollouts=rollouts,
        bounds=bounds,
    )


def _share(
    mask: NDArray[np.bool_], several: NDArray[np.bool_], prompt: NDArray[np.uint64], rollouts: int
) -> Estimate | None:
    return mean(
        mask[several].astype(np.float64),
        prompt[several],
        unit="share of groups",
        method="groups of two or more, jackknife over prompts",
        rollouts=rollouts,
    )
