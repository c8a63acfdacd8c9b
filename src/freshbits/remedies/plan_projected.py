"""Where a way to train would lead, on the prompts of the log, and how much that rests on what is assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.grpo import advance, fitted_step
from freshbits.dynamics.projection import project
from freshbits.dynamics.selection import Sampled, course
from freshbits.dynamics.situation import Situation
from freshbits.errors import OutOfRegimeError
from freshbits.information.mixing import fit
from freshbits.information.rates import rates
from freshbits.information.weighted import Sample
from freshbits.planned import Ahead
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.labelled import Labelled
    from freshbits.information.joint import Joint
    from freshbits.tally.tally import GroupCounts

POINTS = 100  # pass rates that stand for the distribution over prompts
FEW_LABELS = 30  # labelled rows
NEARLY_ALL = 0.9  # share of the rollouts that are labelled, above which base rates are those of truth
LEAST_J = 0.1
MOST = 32  # rollouts per prompt with which kinds of prompts are compared
NEAR = 0.03
FEWEST = 0.02  # TPR and FPR are kept so far apart, at least
LEVEL = 0.9


@dataclass(frozen=True)
class Start:
    """Holds where a loop would begin.

    Attributes:
        rates: base rates of as many equal parts of the prompts.
        known: whether by truth, else read off the pass rates.
        samples: rollouts per prompt.
        prompts: prompts.
        rollouts: rollouts behind the base rates.
        tpr: true positive rate: value, low, high.
        fpr: false positive rate: value, low, high.
    """

    rates: NDArray[np.float64]
    known: bool
    samples: int
    prompts: int
    rollouts: int
    tpr: tuple[float, float, float]
    fpr: tuple[float, float, float]


def start(groups: GroupCounts, rows: Labelled, high: float) -> Start | str:
    """Reads where a loop would begin off the log's last round, or says why it cannot.

    Rates of errors are those of the round's labelled rows. Base rates are the fitted mixture of right rollouts where
    nearly all are labelled, else p = (s - FPR)/J, clipped to [0, 1], over the fitted distribution of pass rates s: as
    if every rollout had the same channel.

    Args:
        groups: counts of the signal.
        rows: labelled rows that it scored.
        high: the value that accepts.
    """
    number = int(groups.round.max())
    last, here = groups.where(groups.round == number), rows.round == number
    if here.sum() < FEW_LABELS or rows.right[here].all() or not rows.right[here].any():
        return f"a projection begins from the last round, and fewer than {FEW_LABELS} of its rows are labelled"
    weight, prompts, right = rows.weight[here], rows.prompt[here], rows.right[here]
    found = rates(rows.score[here] == high, right, Sample.of(weight, rows.stratum[here], prompts))
    tpr, fpr = _rate(found.tpr), _rate(found.fpr)
    if tpr is None or fpr is None or tpr[0] - fpr[0] < FEWEST:
        return "a projection needs a verdict whose TPR lies above its FPR"
    known = bool(here.sum() >= NEARLY_ALL * last.n.sum())
    if not known and tpr[0] - fpr[0] < LEAST_J:
        return "TPR and FPR are too close to each other to tell base rates from pass rates: label nearly all rows"
    if known:
        keys, first, place = np.unique(rows.group[here], return_index=True, return_inverse=True)
        k = np.bincount(place, weights=right, minlength=keys.size).astype(np.int64)
        base = _quantiles(np.bincount(place).astype(np.int64), k, prompts[first])
    else:
        base = _unmixed(_quantiles(last.n, last.k, last.prompt), tpr[0], fpr[0])
    return Start(
        rates=base,
        known=known,
        samples=int(np.median(last.n)),
        prompts=int(np.unique(last.prompt).size),
        rollouts=int(last.n.sum()),
        tpr=tpr,
        fpr=fpr,
    )


def filtered(begin: Start, rounds: int) -> list[Ahead]:
    """Projects filtering and retraining on the accepted rows: accuracy, 90 % (see `dynamics.projection`)."""
    found = project(_situation(begin, rounds))
    return [Ahead(round=row["round"], accuracy=row["accuracy"]) for row in found.trajectory[: rounds + 1]]


def differing(begin: Start, joint: Joint, rounds: int) -> str | None:
    """Says so where the kinds of prompts that the log shows would lead elsewhere than one pair of rates.

    Each kind has TPR, FPR and base rates of its own; chance over kinds leaves no interval that was measured, so there
    is no projection then. None where both come within .03 of each other.
    """
    samples = min(begin.samples, MOST)

    def after(tpr: float, fpr: float, rates_: NDArray[np.float64], mass: NDArray[np.float64]) -> float:
        return float(course(Sampled(samples, tpr, fpr), rates_, mass, rounds).rate[-1])

    one = after(begin.tpr[0], begin.fpr[0], begin.rates, np.ones(begin.rates.size))
    several = sum(float(mass.sum()) * after(tpr, fpr, joint.grid, mass) for tpr, fpr, mass in joint.kinds)
    if abs(one - several) <= NEAR:
        return None
    return (
        f"prompts have channels of their own: one pair of rates would promise {100 * one:.0f} % right after {rounds} "
        f"rounds, the {len(joint.kinds)} kinds that the log shows {100 * several:.0f} %, and neither has an interval"
    )


def ends(begin: Start, rounds: int, name: str) -> tuple[float, float, list[float]]:
    """Projects the last round's accuracy of filtering at both ends of one assumption: (low, high, accuracies)."""
    exact = replace(begin, tpr=(begin.tpr[0],) * 3, fpr=(begin.fpr[0],) * 3)
    pass_rates = begin.rates * (begin.tpr[0] - begin.fpr[0]) + begin.fpr[0]
    low, high = {
        "tpr": begin.tpr[1:],
        "fpr": begin.fpr[1:],
        "rollouts per prompt": (max(begin.samples / 2, 1), begin.samples * 2),
    }[name]
    found = []
    for end in (low, high):
        if name == "rollouts per prompt":
            moved = replace(exact, samples=round(end))
        else:
            # The log's pass rates are what they are: another rate of errors means other base rates, but for truth.
            tpr, fpr = (end, exact.fpr[0]) if name == "tpr" else (exact.tpr[0], end)
            fpr = min(fpr, tpr - FEWEST)
            base = begin.rates if begin.known else _unmixed(pass_rates, tpr, fpr)
            moved = replace(exact, tpr=(tpr,) * 3, fpr=(fpr,) * 3, rates=base)
        found.append(filtered(moved, rounds)[-1].accuracy.value or 0.0)
    return float(low), float(high), found


def reinforced(groups: GroupCounts, begin: Start, rounds: int) -> list[Ahead] | str:
    """Projects group-relative updates by the step that the log's rounds show, or says why there is none.

    The step is fitted to the mean pass rates of the first and the last round. The interval joins that of the change
    between them and that of the last round's mean, the prompts being the unit; not the chance of the rounds to come.
    """
    first, last = int(groups.round.min()), int(groups.round.max())
    if first == last:
        return "how far a policy gradient moves per round can only be fitted: it needs two logged rounds"
    tpr, fpr = begin.tpr[0], begin.fpr[0]
    one, two = groups.where(groups.round == first), groups.where(groups.round == last)
    both = np.intersect1d(one.prompt, two.prompt)
    if both.size < 10:
        return "the first and the last round share fewer than ten prompts"
    means = [_means(each, both) for each in (one, two)]
    change = means[1] - means[0]
    error = 1.645 * float(change.std(ddof=1) / np.sqrt(both.size))
    same = one.where(np.isin(one.prompt, both))
    began = _unmixed(_quantiles(same.n, same.k, same.prompt), tpr, fpr)
    now = float(np.mean(began)) + float(change.mean()) / (tpr - fpr)
    spread = error / (tpr - fpr)
    apart = int(np.unique(groups.round).size) - 1
    try:
        steps = [fitted_step(began, now + at, tpr, fpr, rounds=apart) for at in (0.0, -spread, spread)]
    except OutOfRegimeError as error_:
        return f"the log's change is none of this law: {error_}"
    paths = [advance(begin.rates, step, tpr, fpr, rounds).mean(axis=1) for step in steps]
    around = 1.645 * float(means[1].std(ddof=1) / np.sqrt(both.size)) / (tpr - fpr)
    method = f"replicator, step {steps[0]:.3g} fitted to {apart} round{'s' if apart > 1 else ''}"
    found = []
    for at in range(rounds + 1):
        value, ends_ = float(paths[0][at]), sorted((float(paths[1][at]), float(paths[2][at])))
        low, high = (value + sign * np.hypot(end - value, around) for sign, end in zip((-1, 1), ends_, strict=True))
        told = Estimate(
            value, max(float(low), 0.0), min(float(high), 1.0), LEVEL, "share", method, begin.prompts, begin.rollouts
        )
        found.append(Ahead(round=at, accuracy=told))
    return found


def _situation(begin: Start, rounds: int) -> Situation:
    return Situation(
        base_rate=begin.rates.tolist(),
        tpr=begin.tpr,
        fpr=begin.fpr,
        samples=begin.samples,
        prompts=begin.prompts,
        rounds=rounds,
    )


def _rate(rate: Estimate | None) -> tuple[float, float, float] | None:
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return None
    # `Situation` reads 90 % intervals; those of the channel are 95 %.
    low, high = (rate.value + (end - rate.value) * 1.645 / 1.96 for end in (rate.low, rate.high))
    return rate.value, max(low, 0.0), min(high, 1.0)


def _quantiles(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Returns pass rates of equal parts of the prompts, from the fitted mixture."""
    mixing = fit(n, k, prompts)
    below = np.cumsum(mixing.mass[0]) - mixing.mass[0] / 2
    return np.asarray(np.interp((np.arange(POINTS) + 0.5) / POINTS, below, mixing.grid))


def _unmixed(rates: NDArray[np.float64], tpr: float, fpr: float) -> NDArray[np.float64]:
    return np.clip((rates - fpr) / (tpr - fpr), 0.0, 1.0)


def _means(groups: GroupCounts, prompts: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Returns the mean pass rate of each of these prompts."""
    place = np.searchsorted(prompts, groups.prompt)
    here = np.isin(groups.prompt, prompts)
    n = np.bincount(place[here], weights=groups.n[here], minlength=prompts.size)
    return np.bincount(place[here], weights=groups.k[here], minlength=prompts.size) / n
