"""How well a score ranks right answers above wrong ones: AUROC, and the bits that a coarse score holds about truth.

A score has no TPR and FPR until somebody cuts it. What can be said without a cut: how often a right rollout scores
above a wrong one, over the whole log (`auroc`) and inside a group (`group_auroc`), and how many bits the score, cut
at quantiles, shares with the truth (`quantile_information`). Prompts are the unit of resampling.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.entropy import UNIT, mutual_information
from freshbits.information.intercept import Cells, shared_bits
from freshbits.information.resampling import LEVEL, MIN_PROMPTS, estimate, estimate_bits, folds_of, mean
from freshbits.information.scores import centred_bins
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 4
SEVERAL = 100  # prompts with two or more labelled rows that a statistic inside prompts needs
CENTRED = (
    0.05  # share by which the bits of centred scores read high at most (benchmarks/calibration): rows share a mean
)
MOST = 1e-4  # the logit of an area is taken no further out than this


def auroc(
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    prompt: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates P(a right row scores above a wrong one) over the whole log, ties counting half.

    Σ_ij w_i w_j ([s_i > s_j] + ½ [s_i = s_j]) / Σ_ij w_i w_j over right i and wrong j; the interval is the
    delete-a-fold jackknife over prompts on the logit scale. Where every right row scores above every wrong one, or
    below, the bound is the exact one for as many independent pairs as there are prompts of the rarer kind.

    It does not know whether the score tells rollouts of one prompt apart or only easy prompts from hard ones
    (`group_auroc` does).

    Args:
        score: score of each row, shape (rows,).
        right: whether the row is right.
        weight: 1 / inclusion probability of the row's label.
        prompt: prompt key of each row.

    Returns:
        None where all rows are right, all are wrong, or there are fewer than 10 prompts.

    References: Hanley & McNeil, Radiology 143 (1982) 29; Obuchowski, Biometrics 53 (1997) 567 (clusters).

    >>> score, q = np.arange(40.0), np.arange(40, dtype=np.uint64)
    >>> auroc(score, score % 4 > 1, np.ones(40), q).value
    0.55
    """
    prompts = int(np.unique(prompt).size)
    if prompts < MIN_PROMPTS or right.all() or not right.any():
        return None
    fold = folds_of(prompt)
    folds = int(fold.max()) + 1
    _, place = np.unique(score, return_inverse=True)
    levels = int(place.max()) + 1
    flat = (fold * 2 + right) * levels + place
    by_fold = np.bincount(flat, weights=weight, minlength=folds * 2 * levels).reshape(folds, 2, levels)
    total = by_fold.sum(axis=0)
    kept = np.concatenate([total[None], total - by_fold])
    wrong, hit = kept[:, 0], kept[:, 1]
    above = (hit * (np.cumsum(wrong, axis=1) - wrong / 2)).sum(axis=1)
    pairs = wrong.sum(axis=1) * hit.sum(axis=1)
    method = "pairs of a right and a wrong row, jackknife over prompts"
    area = above[pairs > 0] / pairs[pairs > 0]
    if area[0] in (0.0, 1.0):
        rarer = min(int(np.unique(prompt[right]).size), int(np.unique(prompt[~right]).size))
        edge = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / rarer)
        low, high = (0.0, edge) if area[0] == 0.0 else (1.0 - edge, 1.0)
        return Estimate(float(area[0]), low, high, LEVEL, "probability", method, prompts, int(score.size))
    inner = np.clip(area, MOST, 1 - MOST)
    logit = estimate(
        np.log(inner / (1 - inner)),
        unit="probability",
        method=method,
        prompts=prompts,
        rollouts=int(score.size),
        bounds=(-np.inf, np.inf),
    )
    low, high = (None if end is None else float(1 / (1 + np.exp(-end))) for end in (logit.low, logit.high))
    return Estimate(float(area[0]), low, high, LEVEL, logit.unit, method, prompts, logit.rollouts)


def group_auroc(
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
) -> Estimate | None:
    """Estimates P(a right rollout scores above a wrong one of the same group), ties ½, groups counting equally.

    Only groups with a right and a wrong labelled row say anything. It is what selection and group-relative updates
    can use of the ranking; half means none.

    Returns:
        None where fewer than 10 prompts have such a group.

    >>> g = np.repeat(np.arange(10), 2).astype(np.uint64)
    >>> group_auroc(np.tile([0.0, 1.0], 10), np.tile([False, True], 10), np.ones(20), g, g).value
    1.0
    """
    order = np.lexsort((score, group))
    score, right, weight, group, prompt = score[order], right[order], weight[order], group[order], prompt[order]
    keys, first, place = np.unique(group, return_index=True, return_inverse=True)
    below = np.cumsum(np.where(right, 0.0, weight)) - np.where(right, 0.0, weight)  # wrong weight before each row
    _, start, tie = np.unique(np.stack([place, _dense(score)], axis=1), axis=0, return_index=True, return_inverse=True)
    tied = np.bincount(tie.ravel(), weights=np.where(right, 0.0, weight))
    beaten = below[start][tie.ravel()] - below[first][place] + tied[tie.ravel()] / 2
    hit = np.bincount(place, weights=np.where(right, weight, 0.0), minlength=keys.size)
    miss = np.bincount(place, weights=np.where(right, 0.0, weight), minlength=keys.size)
    above = np.bincount(place, weights=np.where(right, weight * beaten, 0.0), minlength=keys.size)
    mixed = (hit > 0) & (miss > 0)
    if np.unique(prompt[first][mixed]).size < MIN_PROMPTS:
        return None
    return mean(
        above[mixed] / (hit * miss)[mixed],
        prompt[first][mixed],
        unit="probability",
        method="pairs of a right and a wrong row of one group, groups equal, jackknife over prompts",
        rollouts=int(np.isin(place, np.flatnonzero(mixed)).sum()),
    )


def quantile_information(
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    group: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    *,
    bins: int = BINS,
    unit: str = UNIT,
) -> Estimate | None:
    """Estimates the bits that a score cut at quantiles shares with the truth.

    Inside prompts, I(C;L|Q), where at least 100 prompts have a group with two labelled rows of equal weight and some
    group holds a right and a wrong one: L is the quantile (4 bins) of the score less the mean of its group, and the
    bits come from the conditional logit with a mixture of intercepts (`intercept.shared_bits`); they read up to 5 %
    high, by which `low` is lowered. Otherwise pooled,
    I(C;L): L is the quantile of the score itself, rows weighted; that includes what the score knows about which
    prompts are easy, which no group-relative update can use. `method` says which of the two it is.

    The pooled plug-in reads high by Σ_lc var f_lc / 2 f_lc - Σ_l var f_l / 2 f_l - Σ_c var f_c / 2 f_c (over ln 2), the
    second-order bias of its entropies, taken off with the variances over prompts: rows of one prompt are alike.

    Args:
        score: score of each row, shape (rows,).
        right: whether the row is right.
        weight: 1 / inclusion probability of the row's label.
        group: group of each row.
        prompt: prompt key of each row.
        bins: how many quantile bins the score is cut into.
        unit: what to call it ("bits/pair" for judged pairs).

    Returns:
        None where all rows are right, all are wrong, or there are fewer than 10 prompts. Both forms are lower bounds
        on the bits of the uncut score.

    References: Miller, in Information Theory in Psychology (1955) 95; Rao & Scott, JASA 76 (1981) 221 (clusters).

    >>> rng = np.random.default_rng(0); q = np.arange(400, dtype=np.uint64); right = q % 2 == 0
    >>> round(quantile_information(right + 0.1 * rng.normal(size=400), right, np.ones(400), q, q).value, 2)
    1.0
    """
    if np.unique(prompt).size < MIN_PROMPTS or right.all() or not right.any():
        return None
    inside = _within(right, weight, group, prompt)
    if inside is not None:
        level = centred_bins(score[inside], group[inside], bins)
        bits, _ = shared_bits(Cells.count(group[inside], level, right[inside].astype(np.float64), prompt[inside]))
        low = None if bits.low is None or bits.value is None else max(bits.low - CENTRED * bits.value, 0.0)
        return Estimate(
            bits.value,
            low,
            bits.high,
            bits.level,
            unit,
            f"{bins} quantile bins inside groups, {bits.method}",
            bits.prompts,
            bits.rollouts,
        )
    fold = folds_of(prompt)
    level = _quantiles(score, weight, bins)
    kept = [np.ones(score.size, dtype=np.bool_), *(fold != each for each in range(int(fold.max()) + 1))]
    each = np.array([_pooled(level[rows], right[rows], weight[rows], prompt[rows]) for rows in kept])
    found = estimate_bits(
        each[:, 0] - each[:, 1],
        unit=unit,
        method=f"{bins} quantile bins over all prompts (pooled), less its bias, jackknife over prompts",
        prompts=int(np.unique(prompt).size),
        rollouts=int(score.size),
        top=1.0,
    )
    if found.high is None:
        return found
    return replace(found, high=min(max(found.high, _most(each[0, 0], each[0, 1], int(level.max()))), 1.0))


def _within(
    right: NDArray[np.bool_], weight: NDArray[np.float64], group: NDArray[np.uint64], prompt: NDArray[np.uint64]
) -> NDArray[np.bool_] | None:
    """Returns the rows of groups that can be looked into, or None where those are too few.

    Labels drawn by score inside a group would bend the group's own quantiles, so their weights must agree.
    """
    _, first, place, size = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    unlike = np.bincount(place, weights=np.abs(weight - weight[first][place])) > 1e-9 * weight[first]
    hits = np.bincount(place, weights=right)
    usable = (size >= 2) & ~unlike
    if np.unique(prompt[first][usable]).size < SEVERAL or not ((hits > 0) & (hits < size))[usable].any():
        return None
    rows: NDArray[np.bool_] = usable[place]
    return rows


def _quantiles(score: NDArray[np.float64], weight: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Returns the quantile bin of each row; the values themselves where they are as few."""
    values, place = np.unique(score, return_inverse=True)
    if values.size <= bins:
        return place.astype(np.int64)
    share = np.cumsum(np.bincount(place, weights=weight))
    cuts = np.searchsorted(share, share[-1] * np.arange(1, bins) / bins - 1e-9)
    _, level = np.unique(np.searchsorted(np.unique(cuts), np.arange(values.size), side="left"), return_inverse=True)
    result: NDArray[np.int64] = level.astype(np.int64)[place]
    return result


def _pooled(
    level: NDArray[np.int64], right: NDArray[np.bool_], weight: NDArray[np.float64], prompt: NDArray[np.uint64]
) -> tuple[float, float]:
    """Returns I(C;L) of weighted rows, and its second-order bias with the variances of clustered rows."""
    share = weight / weight.sum()
    keys, place = np.unique(prompt, return_inverse=True)
    levels = int(level.max()) + 1
    cell = level * 2 + right
    parts = np.bincount(place * 2 * levels + cell, weights=share, minlength=keys.size * 2 * levels).astype(np.float64)
    by_prompt = parts.reshape(keys.size, levels, 2)
    table = by_prompt.sum(axis=0)
    mass = by_prompt.sum(axis=(1, 2))
    bias = _spread(by_prompt.reshape(keys.size, -1), mass)
    bias -= _spread(by_prompt.sum(axis=2), mass) + _spread(by_prompt.sum(axis=1), mass)
    return mutual_information(table), bias


def _most(bits: float, bias: float, freedom: int) -> float:
    """Returns the upper end near zero, where the jackknife is too sure: bits · freedom / bias is noncentral χ².

    Its scale, bias / freedom, is 1 / (2 N ln 2) for as many independent rows N as the clustered ones are worth.
    """
    from scipy.optimize import brentq
    from scipy.stats import ncx2

    if bias <= 0 or freedom < 1 or bits <= 0:
        return 0.0
    statistic, tail = bits * freedom / bias, (1 - LEVEL) / 2

    def excess(centre: float) -> float:
        return float(ncx2.cdf(statistic, freedom, centre)) - tail

    if excess(1e-9) <= 0:
        return 0.0
    return float(brentq(excess, 1e-9, 10 * statistic + 100)) * bias / freedom


def _spread(parts: NDArray[np.float64], mass: NDArray[np.float64]) -> float:
    """Returns Σ_k var f_k / (2 f_k ln 2) of shares f_k = Σ_q parts_qk, as ratios over prompts."""
    share = parts.sum(axis=0)
    seen = share > 0
    linear = parts[:, seen] - mass[:, None] * share[seen]
    count = mass.size
    variance = count / max(count - 1, 1) * (linear**2).sum(axis=0)
    return float((variance / share[seen]).sum() / (2 * np.log(2)))


def _dense(score: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.unique(score, return_inverse=True)[1].astype(np.int64)
