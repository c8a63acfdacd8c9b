"""Bits between truth and verdict inside a prompt, I(C;S|Q), where every prompt may have a channel of its own.

Real verifiers err by prompt: one task's tests let everything pass, another's are right. The pooled formula, exact for
one channel only, is then off by up to a factor of two. Here (p, TPR, FPR) are distributed jointly over prompts: the
channel on a few atoms, and with each atom its own distribution of the base rate p. The pooled formula is the case of
one atom. Two labelled rows in a prompt are the least that say anything about how it differs from others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.accepted import surprise
from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.mixing import fit_weighted
from freshbits.information.resampling import LEVEL, estimate, folds_of, jackknife_interval
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ATOMS = 6
PRICE = 4.0  # nats of likelihood that one more atom must gain
CELLS = 30  # of the base rate
STEPS, TRIAL_STEPS, WARM_STEPS = 60, 12, 25
SPLIT = 1.0  # distance of the halves of a split atom from it, in logits
EDGE = 1e-3  # atoms stay this far from 0 and 1
SLIGHT = 1.0  # over the root of the rows in a group: a |J| below this is not told from none there
STRETCH = 1.15  # replicates keep the number of atoms, which makes the jackknife a little too sure


@dataclass(frozen=True)
class Joint:
    """Holds what the mixture says: the bits, the share of prompts with J < 0, and the atoms (share, TPR, FPR).

    `accepted` is the part of the bits that lies in accepted rollouts (`information.accepted`). `kinds` are the atoms as
    the mixture holds them: (TPR, FPR, mass of every base rate on `grid`), the masses of all summing to 1.
    """

    bits: Estimate
    negative_j: Estimate
    atoms: list[tuple[float, float, float]]
    accepted: Estimate
    kinds: tuple[tuple[float, float, NDArray[np.float64]], ...] = field(compare=False)
    grid: NDArray[np.float64] = field(compare=False)


@dataclass(frozen=True)
class _Mixture:
    """Atoms of the channel, and the mass of every (atom, base rate); `fit` is the log-likelihood in nats."""

    mass: NDArray[np.float64]
    tpr: NDArray[np.float64]
    fpr: NDArray[np.float64]
    fit: float = -np.inf


@dataclass(frozen=True)
class _Data:
    """Distinct groups of counts (right accepted, right rejected, wrong accepted, wrong rejected)."""

    counts: NDArray[np.float64]
    base: NDArray[np.float64]
    grid: NDArray[np.float64]
    start: NDArray[np.float64]
    weights: NDArray[np.float64]


def joint_information(counts: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Joint:
    """Estimates E_q I(C;S|q) in bits per rollout from the 2 × 2 counts of groups.

    I_q = h(p TPR + (1-p) FPR) - p h(TPR) - (1-p) h(FPR), averaged over the mixture. Its likelihood for a group is
    p^(a+b) (1-p)^(c+d) TPR^a (1-TPR)^b FPR^c (1-FPR)^d. EM from one atom; an atom is split in two, in the direction
    that fits best, while that gains 4 nats. The interval is the jackknife over 20 folds of prompts.
    `negative_j` is the mixture's share of prompts with J < 0; its ends are those of the shares with J < -1/√n and
    J < 1/√n at n labelled rows per group, because so few rows do not tell a slight J from none.

    It takes labelled rows as drawn without looking at the verdict, and the verdicts of a prompt as independent given
    truth. Measured in `benchmarks/calibration` from 8 labelled rows per prompt on.

    Args:
        counts: right accepted, right rejected, wrong accepted, wrong rejected, shape (groups, 4).
        prompts: prompt key of each group.

    References: Laird (1978); Lindsay (1983), nonparametric maximum likelihood of mixtures.

    >>> counts = np.tile([[4, 0, 0, 4]], (100, 1))  # every prompt: half right, never misjudged
    >>> round(joint_information(counts, np.arange(100, dtype=np.uint64)).bits.value, 2)
    0.99
    """
    fold = folds_of(prompts)
    data = _prepare(counts, fold)
    best = _grow(data)
    fits = [best, *(_climb(data, weights, best, WARM_STEPS) for weights in data.weights[1:])]
    number, rollouts = int(np.unique(prompts).size), int(counts.sum())
    atoms = best.tpr.size
    method = f"mixture over base rate and channel ({atoms} kind{'s' if atoms > 1 else ''}), jackknife over prompts"
    bits, accepted = (
        estimate(
            np.array([part(data, fit) for fit in fits]),
            unit=UNIT,
            method=method,
            prompts=number,
            rollouts=rollouts,
            bounds=(0.0, 1.0),
            stretch=STRETCH,
        )
        for part in (_bits, _accepted)
    )
    shares = best.mass.sum(axis=1)
    found = sorted(zip(shares.tolist(), best.tpr.tolist(), best.fpr.tolist(), strict=True), reverse=True)
    kinds = tuple(zip(best.tpr.tolist(), best.fpr.tolist(), best.mass, strict=True))
    slight = SLIGHT / float(np.sqrt(np.median(counts.sum(axis=1))))
    return Joint(bits, _negative(fits, slight, number, rollouts), found, accepted, kinds, data.grid)


def _negative(fits: list[_Mixture], slight: float, prompts: int, rollouts: int) -> Estimate:
    """Returns the share of prompts with J < 0; without a value where the log does not tell."""
    least, middle, most = (
        np.array([float(fit.mass.sum(axis=1)[fit.tpr - fit.fpr < at].sum()) for fit in fits])
        for at in (-slight, 0.0, slight)
    )
    unseen = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / prompts)  # a share of prompts that may well show nothing
    low = float(np.clip(jackknife_interval(least, stretch=STRETCH)[1], 0.0, 1.0))
    high = float(np.clip(max(jackknife_interval(most, stretch=STRETCH)[2], middle[0] + unseen), 0.0, 1.0))
    value = float(middle[0]) if high - low < 0.5 else None
    method = f"mixture, from J below {-slight:.2f} to J below {slight:.2f}"
    return Estimate(value, low, high, LEVEL, "share of prompts", method, prompts, rollouts)


def _prepare(counts: NDArray[np.int64], fold: NDArray[np.intp]) -> _Data:
    """Joins equal groups, weights them per replicate, and starts the base rate at its best Beta."""
    rows, place = np.unique(counts, axis=0, return_inverse=True)
    folds = int(fold.max()) + 1
    flat = np.bincount(fold * rows.shape[0] + place.ravel(), minlength=folds * rows.shape[0])
    by_fold = flat.reshape(folds, -1).astype(np.float64)
    weights = np.vstack([by_fold.sum(axis=0), by_fold.sum(axis=0) - by_fold])
    right, size = rows[:, 0] + rows[:, 1], rows.sum(axis=1)
    grid, start = _base_rates(size, right, weights[0])
    log = right[:, None] * np.log(np.maximum(grid, 1e-300)) + (size - right)[:, None] * np.log(
        np.maximum(1.0 - grid, 1e-300)
    )
    base = np.exp(log - log.max(axis=1, keepdims=True))
    return _Data(rows.astype(np.float64), base, grid, start, weights)


def _base_rates(
    size: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns a grid of base rates, 0 and 1 included, and their distribution over all groups, nowhere empty."""
    fine, mass, _ = fit_weighted(size, right, weight, np.zeros(size.size, dtype=np.intp), 1)
    inner = mass[0, 1:-1].reshape(CELLS, -1).sum(axis=1)
    centres = np.sin(np.pi / 2 * (np.arange(CELLS) + 0.5) / CELLS) ** 2
    start = np.concatenate([mass[0, :1], inner, mass[0, -1:]])
    return np.concatenate([fine[:1], centres, fine[-1:]]), 0.9 * start + 0.1 / start.size


def _grow(data: _Data) -> _Mixture:
    """Fits one atom, then splits atoms while that pays."""
    right_accepted, right_rejected, wrong_accepted, wrong_rejected = data.weights[0] @ data.counts
    tpr = _inside(np.array([(right_accepted + 0.05) / (right_accepted + right_rejected + 0.1)]))
    fpr = _inside(np.array([(wrong_accepted + 0.05) / (wrong_accepted + wrong_rejected + 0.1)]))
    best = _climb(data, data.weights[0], _Mixture(data.start[None, :], tpr, fpr), STEPS)
    while best.tpr.size < MOST_ATOMS:
        trials = [
            _climb(data, data.weights[0], _split(best, atom, SPLIT * one, SPLIT * two), TRIAL_STEPS)
            for atom in range(best.tpr.size)
            for one, two in ((1, 1), (1, -1), (1, 0), (0, 1))
        ]
        grown = _climb(data, data.weights[0], max(trials, key=lambda trial: trial.fit), STEPS)
        if grown.fit - best.fit < PRICE:
            break
        best = grown
    return best


def _split(old: _Mixture, atom: int, one: float, two: float) -> _Mixture:
    """Replaces an atom by two of half its mass, moved apart on the logit scale."""

    def apart(rate: NDArray[np.float64], by: float) -> NDArray[np.float64]:
        odds = np.log(rate[atom] / (1 - rate[atom]))
        new = np.append(rate, 1 / (1 + np.exp(by - odds)))
        new[atom] = 1 / (1 + np.exp(-by - odds))
        return _inside(new)

    mass = np.vstack([old.mass, old.mass[atom] / 2])
    mass[atom] /= 2
    return _Mixture(mass, apart(old.tpr, one), apart(old.fpr, two))


def _climb(data: _Data, weights: NDArray[np.float64], fit: _Mixture, steps: int) -> _Mixture:
    """Takes EM steps; the atoms keep a twentieth of a row of either kind, so that none is lost at an edge."""
    mass, tpr, fpr, total = fit.mass, fit.tpr, fit.fpr, weights.sum()
    for _ in range(steps):
        channel = _likelihood(data.counts, tpr, fpr)
        joint = (data.base @ mass.T) * channel
        ratio = weights / joint.sum(axis=1)
        sums = (joint * ratio[:, None]).T @ data.counts
        mass = mass * ((channel * ratio[:, None]).T @ data.base) / total
        tpr = _inside((sums[:, 0] + 0.05) / (sums[:, 0] + sums[:, 1] + 0.1))
        fpr = _inside((sums[:, 2] + 0.05) / (sums[:, 2] + sums[:, 3] + 0.1))
    joint = (data.base @ mass.T) * _likelihood(data.counts, tpr, fpr)
    return _Mixture(mass, tpr, fpr, float(weights @ np.log(joint.sum(axis=1))))


def _likelihood(counts: NDArray[np.float64], tpr: NDArray[np.float64], fpr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the channel's likelihood of every group at every atom, floored so that no group is impossible."""
    log = counts @ np.log(np.stack([tpr, 1 - tpr, fpr, 1 - fpr]))
    return np.asarray(np.exp(np.maximum(log, -600.0)))


def _bits(data: _Data, fit: _Mixture) -> float:
    p, tpr, fpr = data.grid[None, :], fit.tpr[:, None], fit.fpr[:, None]
    bits = binary_entropy(p * tpr + (1 - p) * fpr) - p * binary_entropy(tpr) - (1 - p) * binary_entropy(fpr)
    return float((fit.mass * bits).sum())


def _accepted(data: _Data, fit: _Mixture) -> float:
    p, tpr, fpr = data.grid[None, :], fit.tpr[:, None], fit.fpr[:, None]
    bits = surprise(p * tpr + (1 - p) * fpr) - p * surprise(tpr) - (1 - p) * surprise(fpr)
    return float((fit.mass * bits).sum())


def _inside(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(rate, EDGE, 1.0 - EDGE)
