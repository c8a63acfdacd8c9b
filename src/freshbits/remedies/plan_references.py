"""What a reference would say: at least the surprise of a right answer under the model as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.labelled import labelled
from freshbits.information.mixing import fit
from freshbits.information.resampling import LEVEL, MIN_PROMPTS, jackknife_interval
from freshbits.planned import Way
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

CURRENCY = "code length"
TEXT = "the code length of the whole reference needs the model's log-probability of its text"
OTHERS = "a reference settles its own prompt; what it does for other prompts is not in the log"


def references(evidence: Evidence, cost: float | None, has_references: bool) -> Way:
    """Returns supervised training on references as a way, with the least that one says; it is never ranked.

    A reference names a right answer, which takes at least E[-log2 p] bits, p the base rate of the prompt: more where
    several answers are right, and more again for its wording.
    """
    way = Way(
        signal=None,
        method="sft",
        currency=CURRENCY,
        task_bits=None,
        cost=cost,
        status="not_judged",
        code="LADDER_NO_REFERENCE",
        reason=TEXT + ("" if has_references else "; the log holds no references, so this is of ones to be written"),
        unprojected=OTHERS,
    )
    rows = (
        None
        if evidence.pairs
        else next(
            (each for each in (labelled(evidence.tally, name) for name in evidence.tally.values) if each is not None),
            None,
        )
    )
    if rows is None or rows.prompts < MIN_PROMPTS:
        why = "; without truth not even the surprise of a right answer is known"
        return replace(way, reason=(way.reason or "") + why, needs=evidence.label_command())
    _, first, place = np.unique(rows.group, return_index=True, return_inverse=True)
    n = np.bincount(place)
    k = np.bincount(place, weights=rows.right).astype(np.int64)
    if float(np.ptp(rows.weight)) > 0 or np.median(n) < 4:
        why = "; the surprise of a right answer needs truth on four or more rollouts of a prompt, drawn at random"
        return replace(way, reason=(way.reason or "") + why)
    return replace(way, task_bits=least_surprise(n.astype(np.int64), k, rows.prompt[first]))


def least_surprise(n: NDArray[np.int64], k: NDArray[np.int64], prompts: NDArray[np.uint64]) -> Estimate:
    """Bounds E[-log2 p] from below: p from the fitted mixture, but never under 1/(2n), where a log cannot see.

    `value` and `high` are None: prompts without a right rollout could be as hard as they like.

    >>> q = np.arange(100, dtype=np.uint64)
    >>> found = least_surprise(np.full(100, 16), np.full(100, 4), q)
    >>> found.value, 1.7 < found.low < 2.1, found.high  # p = 1/4 throughout: 2 bits
    (None, True, None)
    """
    mixing = fit(n, k, prompts)
    floor = 1.0 / (2.0 * float(np.median(n)))
    _, low, _ = jackknife_interval(mixing.mean(lambda p: -np.log2(np.maximum(p, floor))))
    method = f"at least: mixture of base rates, none under {floor:.2g}"
    return Estimate(None, max(low, 0.0), None, LEVEL, "bits/reference", method, mixing.prompts, mixing.rollouts)
