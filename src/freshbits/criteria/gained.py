"""Where a reward's gain went, block by block: "of the last +0.10, 0.07 is length".

Between two blocks of rounds Δ score = β_C Δ truth + Σ_k β_k Δ φ_k + rest, with the effects β of `information.split` and
changes of means over the prompts that both blocks asked (over all prompts where they share fewer than 30). The rest is
what nothing looked at explains: other features, a changing verifier, chance.

References: Oaxaca, Int. Econ. Rev. 14 (1973) 693; Kitagawa, J. Am. Stat. Assoc. 50 (1955) 1168.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.rounds import blocks_of
from freshbits.information.resampling import LEVEL, folds_of, jackknife_interval
from freshbits.information.split import FOLDS
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.paid import Paid
    from freshbits.results import Json

BLOCKS = 6  # blocks of the table; more say less each
ROUNDING = 1e-8  # of the score's spread
SHARED = 30  # prompts asked in both blocks, from which only they are compared


def gained(found: Paid) -> list[Json]:
    """Splits the change of the mean score from block to block, and from the first to the last.

    Returns:
        `{from, to, total, by: {truth, NAME…, rest}}` per step, each an estimate in units of the score; the last entry
        spans the whole log where there are more than two blocks. Empty for a single round, for judged pairs, and where
        sources' own means were taken off: which source wrote how much then moves the mean too.
    """
    if found.pairs or found.fixed is not None:
        return []
    blocks = blocks_of(found.round, BLOCKS)
    steps = list(pairwise(blocks))
    if len(steps) > 1:
        steps.append((blocks[0], blocks[-1]))
    return [_step(found, before, after) for before, after in steps]


def _step(found: Paid, before: tuple[int, int], after: tuple[int, int]) -> Json:
    one, other = (_between(found.round, block) for block in (before, after))
    shared = np.intersect1d(found.prompt[one], found.prompt[other])
    if shared.size >= SHARED:
        common = np.isin(found.prompt, shared)
        one, other = one & common, other & common
    truth = np.zeros(found.score.size) if found.right is None else found.right * 1.0
    every = np.column_stack([found.score, truth, found.split.columns])
    fold = folds_of(found.prompt, FOLDS)
    moved = _means(every, other, fold, found) - _means(every, one, fold, found)
    effects = np.column_stack([found.split.truth_effect, found.split.effect])
    by = effects * moved[:, 1:]
    rest = moved[:, 0] - by.sum(axis=1)
    # What did not move leaves rounding behind, of another size on another machine.
    least = ROUNDING * found.score.std()
    by, rest = np.where(np.abs(by) < least, 0.0, by), np.where(np.abs(rest) < least, 0.0, rest)
    names = ([] if found.right is None else ["truth"]) + found.names
    parts = by if found.right is not None else by[:, 1:]
    prompts = int(np.unique(found.prompt[one | other]).size)
    rollouts = int((one | other).sum())
    return {
        "from": before[0],
        "to": after[1],
        "total": _estimate(moved[:, 0], prompts, rollouts),
        "by": {
            **{name: _estimate(parts[:, _of(names, name)].sum(axis=1), prompts, rollouts) for name in names},
            "rest": _estimate(rest, prompts, rollouts),
        },
    }


def _of(names: list[str], name: str) -> list[int]:
    """Lists the places of a name: categories of one candidate share it, and what they take is one sum."""
    return [place for place, each in enumerate(names) if each == name]


def _between(round_: NDArray[np.int64], block: tuple[int, int]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (round_ >= block[0]) & (round_ <= block[1])
    return inside


def _means(
    columns: NDArray[np.float64], mask: NDArray[np.bool_], fold: NDArray[np.intp], found: Paid
) -> NDArray[np.float64]:
    """Returns means over prompts of their rows' means: of all prompts, then with each fold left out."""
    folds = int(fold.max()) + 1
    _, first, place = np.unique(found.prompt[mask], return_index=True, return_inverse=True)
    weight = found.weight[mask]
    total = np.bincount(place, weights=weight)
    means = np.stack([np.bincount(place, weights=column * weight) / total for column in columns[mask].T], axis=1)
    of_fold = fold[mask][first]
    sums = np.stack([np.bincount(of_fold, weights=column, minlength=folds) for column in means.T], axis=1)
    number = np.bincount(of_fold, minlength=folds)
    left = np.concatenate([[number.sum()], number.sum() - number])
    kept = np.concatenate([sums.sum(axis=0)[None], sums.sum(axis=0) - sums])
    return np.asarray(kept / np.maximum(left, 1)[:, None], dtype=np.float64)


def _estimate(replicates: NDArray[np.float64], prompts: int, rollouts: int) -> Json:
    value, low, high = jackknife_interval(replicates)
    method = "effects inside groups times changes of means, jackknife over prompts"
    return asdict(Estimate(value, low, high, LEVEL, "score", method, prompts, rollouts))
