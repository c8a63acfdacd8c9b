"""The total of several components: which of them takes its gain, and whether that one tells right from wrong.

The total is the weighted sum of its components, so its response and its gain split among them exactly, without any
model. Whether a component that takes them is a shortcut depends on what it goes with: one that rises when the answer is
right, inside groups, is at work; one that does not is paid for something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.paid import TOTAL, Paid
from freshbits.criteria.traits import Traits
from freshbits.information.resampling import folds_of, jackknife_interval
from freshbits.information.split import FOLDS, Split, leave_out_moments
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence


def summed(
    evidence: Evidence,
    rows: pl.DataFrame,
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    weight: NDArray[np.float64],
) -> tuple[Paid, list[bool]] | None:
    """Splits the total among its components, and says of each whether it goes with truth inside groups.

    Share of component k: w_k Cov(total, component_k) / Var(total) inside groups. It goes with truth where the lower end
    of E[component | right] - E[component | wrong] inside groups is above 0; without truth none is known to.

    Returns:
        None where the weights name no two components, some rows lack one, or nothing varies inside groups.
    """
    names = [name for name, w in evidence.weights.items() if w != 0 and SIGNAL + name in rows.columns and name != TOTAL]
    if len(names) < 2:
        return None
    parts = np.stack([rows[SIGNAL + name].to_numpy() for name in names], axis=1)
    if np.isnan(parts).any():
        return None
    weights = np.array([evidence.weights[name] for name in names])
    unit, prompt = rows["group"].to_numpy(), rows["prompt"].to_numpy()
    truth = np.zeros(score.size) if right is None else right * 1.0
    fold = folds_of(prompt, FOLDS)
    moments = leave_out_moments(np.column_stack([parts, parts @ weights, truth]), unit, weight, fold)
    whole = moments[:, len(names), len(names)]
    if not (whole > 1e-12).all():
        return None
    share = weights * moments[:, len(names), : len(names)] / whole[:, None]
    folds = len(moments) - 1
    found = Split(
        chosen=tuple(range(len(names))),
        p_value=(0.0,) * len(names),
        effect=np.tile(weights, (folds + 1, 1)),
        truth_effect=np.zeros(folds + 1),
        share=np.column_stack([np.zeros(folds + 1), share]),
        reach=None,
        looked_at=len(names),
        columns=parts,
        among=("all",) * len(names),
    )
    looked = Traits(tuple(names), ("component",) * len(names), parts, ("",) * len(names))
    paid = Paid(found, looked, score, None, unit, prompt, rows["round"].to_numpy(), weight, rows)
    return paid, [_goes_with_truth(moments, k) for k in range(len(names))]


def _goes_with_truth(moments: NDArray[np.float64], component: int) -> bool:
    """Tells whether a component is surely higher for right rollouts than for wrong ones of the same group."""
    spread = moments[:, -1, -1]
    if not (spread > 1e-12).all():
        return False
    return jackknife_interval(moments[:, component, -1] / spread)[1] > 0
