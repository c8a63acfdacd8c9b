"""How varied the things are that a set holds: distinct, effective, unseen, and how many a random part would keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import estimate, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate

FOLDS = 20
MOSTLY = 0.5  # of the probability seen before; with less, the few pairs that agree tell an effective number badly


@dataclass(frozen=True)
class Variety:
    """Holds how varied labels are: how many differ, their effective number, what the next would show.

    Attributes:
        distinct: different labels seen.
        effective: 1 / P(two random rows agree), the inverse Simpson index; None where no two agree.
        good_turing: probability that a further row shows a label seen before.
        chao1: lower bound on the labels there are, seen and unseen.
    """

    distinct: int
    effective: Estimate | None
    good_turing: Estimate
    chao1: Estimate


def variety(label: NDArray[np.int64], prompts: NDArray[np.uint64], *, unit: str) -> Variety:
    """Estimates how varied labels are, rows of one population taken together.

    Effective number N (N-1) / Σ n (n-1) (Simpson 1949, without its bias), coverage 1 - f1/N (Good 1953), richness
    D + f1 (f1-1) / (2 (f2+1)) (Chao 1984). Intervals are 95 %, jackknife over prompts. A fold left out takes its rows'
    labels along, so what was seen twice may be seen once; the interval of the richness is rough.

    Args:
        label: number of each row's label, from 0.
        prompts: prompt key of each row.
        unit: what is counted ("openings").

    >>> made = variety(np.repeat(np.arange(4), 25), np.arange(100, dtype=np.uint64), unit="labels")
    >>> made.distinct, round(made.effective.value, 2), made.good_turing.value
    (4, 4.12, 1.0)
    """
    counts, numbers = _by_fold(label, prompts)
    values = np.array([_of(part) for part in counts])
    number, rows = int(np.unique(prompts).size), int(label.size)

    def made(column: NDArray[np.float64], unit: str, method: str, bounds: tuple[float, float]) -> Estimate:
        words = f"{method}, jackknife over prompts"
        return estimate(column, unit=unit, method=words, prompts=number, rollouts=rows, bounds=bounds)

    agree, endless = values[:, 0], float("inf")
    method = "inverse probability that two rows agree"
    return Variety(
        distinct=numbers,
        effective=made(1.0 / agree, unit, method, (1.0, endless)) if (agree > 0).all() else None,
        good_turing=made(values[:, 1], "probability", "Good-Turing", (0.0, 1.0)),
        chao1=made(values[:, 2], unit, "Chao1 lower bound", (float(numbers), endless)),
    )


def mostly(found: Variety) -> bool:
    """Tells whether most of what there is was seen (Good-Turing .5 or more), so that an effective number means much.

    >>> mostly(variety(np.arange(50), np.arange(50, dtype=np.uint64), unit="labels"))
    False
    """
    return (found.good_turing.value or 0.0) >= MOSTLY


def left_of_variety(
    label: NDArray[np.int64], kept: NDArray[np.bool_], prompts: NDArray[np.uint64]
) -> tuple[Estimate | None, int, float]:
    """Estimates what a filter leaves of the effective number of labels, and how many labels of how many expected.

    Returns:
        (effective number among kept rows / among all, 95 %, jackknife over prompts, None where most is unseen;
        labels among the kept rows; labels that a random part of the same size would hold on average).

    >>> label = np.tile([0, 1], 50); prompts = np.arange(100, dtype=np.uint64)
    >>> found = left_of_variety(label, label == 0, prompts)
    >>> round(found[0].value, 2), found[1], round(found[2], 2)
    (0.49, 1, 2.0)
    """
    whole, _ = _by_fold(label, prompts)
    some, _ = _by_fold(np.where(kept, label, -1), prompts, int(label.max()) + 1)
    agree = np.array([[_agree(part) for part in side] for side in (whole, some)])
    ratio = None
    seen = min(_of(side[0])[1] for side in (whole, some))
    if seen >= MOSTLY and (agree > 0).all():
        ratio = estimate(
            agree[0] / agree[1], unit="share of the effective number", method="ratio, jackknife over prompts",
            prompts=int(np.unique(prompts).size), rollouts=int(label.size),
        )  # fmt: skip
    return ratio, int((some[0] > 0).sum()), rarefied(whole[0], int(kept.sum()))


def rarefied(counts: NDArray[np.float64], size: int) -> float:
    """Computes the labels expected in a random part of `size` rows: Σ 1 - C(N-n, size)/C(N, size) (Hurlbert 1971).

    >>> rarefied(np.array([2.0, 2.0]), 2)  # both alike in one of three draws
    1.6666666666666665
    """
    from scipy.special import gammaln

    counts = counts[counts > 0]
    whole = counts.sum()
    rest = whole - counts
    possible = rest >= size
    log = gammaln(rest + 1) - gammaln(np.maximum(rest - size, 0) + 1) - gammaln(whole + 1) + gammaln(whole - size + 1)
    return float((1.0 - np.where(possible, np.exp(log), 0.0)).sum())


def _by_fold(
    label: NDArray[np.int64], prompts: NDArray[np.uint64], labels: int | None = None
) -> tuple[list[NDArray[np.float64]], int]:
    """Returns the counts of labels over all rows and with each fold left out; rows of label -1 count nowhere."""
    fold = folds_of(prompts, FOLDS)
    size = int(label.max()) + 1 if labels is None else labels
    total = np.bincount(label[label >= 0], minlength=size).astype(np.float64)
    left = [
        total - np.bincount(label[(fold == each) & (label >= 0)], minlength=size) for each in range(int(fold.max()) + 1)
    ]
    return [total, *left], int((total > 0).sum())


def _of(counts: NDArray[np.float64]) -> tuple[float, float, float]:
    once, twice = float((counts == 1).sum()), float((counts == 2).sum())
    seen = float((counts > 0).sum())
    size = max(float(counts.sum()), 1.0)
    return _agree(counts), 1.0 - once / size, seen + once * (once - 1) / (2 * (twice + 1))


def _agree(counts: NDArray[np.float64]) -> float:
    size = float(counts.sum())
    return float((counts * (counts - 1)).sum()) / max(size * (size - 1), 1.0)
