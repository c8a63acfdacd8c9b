"""Overtaking: when wrong rollouts with a feature that is paid for will outnumber right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.onset import onset_round
from freshbits.information.resampling import LEVEL, folds_of, jackknife_interval
from freshbits.information.split import FOLDS
from freshbits.results import Estimate

if TYPE_CHECKING:
    from freshbits.criteria.paid import Paid

FEWEST = 20  # rows, right ones and wrong ones with the feature, from which their rates are known at all


def overtaking(found: Paid, place: int) -> Estimate | None:
    """Estimates in how many rounds after the last one logged a named feature overtakes truth, by `onset_round`.

    From the last round's rows: p_t, the share of right ones; p_s, of wrong ones with the feature; TPR and h_s, how
    often these are accepted. Jackknife over prompts; an end of the interval that is never reached is None.

    Args:
        found: the split.
        place: place of the feature among the named ones, from 1.

    Returns:
        None outside the law's regime: verdicts and feature of two values each, one round or more to go on from, paid
        for among wrong rows or all, 20 rows of either kind; and where it never comes at these rates.

    It holds for loops that filter by the verdict and retrain, whose verifier stays; prompts are taken together.
    """
    column = found.traits.values[:, found.split.chosen[place - 1]]
    levels = np.unique(column)
    if found.right is None or found.pairs or levels.size != 2 or found.split.among[place - 1] == "right":
        return None
    low, high = found.score.min(), found.score.max()
    if not np.isin(found.score, [low, high]).all() or low == high:
        return None
    shows = column == (levels[1] if found.split.effect[0, place - 1] > 0 else levels[0])
    last = found.round == found.round.max()
    right, lure = found.right & last, ~found.right & shows & last
    if min(right.sum(), lure.sum()) < FEWEST:
        return None
    fold = folds_of(found.prompt, FOLDS)
    accepted = found.score == high
    parts = np.stack([last, right, lure, right & accepted, lure & accepted], axis=1) * found.weight[:, None]
    by_fold = np.stack([np.bincount(fold, weights=part, minlength=int(fold.max()) + 1) for part in parts.T], axis=1)
    total = by_fold.sum(axis=0)
    every, p, q, told, lured = np.concatenate([total[None], total - by_fold]).T
    if min(p.min(), q.min(), told.min()) <= 0:
        return None
    rounds = onset_round(p / every, q / every, told / p, lured / q)
    if not np.isfinite(rounds[0]):
        return None
    ends = jackknife_interval(rounds)[1:] if np.isfinite(rounds).all() else (None, None)
    return Estimate(
        float(rounds[0]),
        None if ends[0] is None else max(ends[0], 0.0),
        ends[1],
        LEVEL,
        "rounds",
        "ln(p_t/p_s) / ln(h_s/TPR) at the last round's rates, jackknife over prompts",
        int(np.unique(found.prompt[last]).size),
        int(last.sum()),
    )
