"""Several criteria together: how many different things they look at, how many criteria's worth of bits they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.noise import own_noise
from freshbits.criteria.sampled import scored_sample
from freshbits.information.matters import matters
from freshbits.information.scores import centred_bins
from freshbits.information.together import together
from freshbits.results import Estimate, Together
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.information.together import Together as Bits

ROWS = 6_000  # whole groups of the sample; more change the third digit
MOST = 24  # criteria; more of them cost more than they tell
BINS = 4
STANDS = 0.9  # share of its own bits from which on a criterion has nothing to do with the others


def said_together(evidence: Evidence) -> tuple[Together, dict[str, Estimate]] | None:
    """Judges what the components say together; None with fewer than two, or where nothing can be told.

    Returns:
        The joint bits and what they are worth, and per component its bits given all the others.

    Worth = bits that at least two criteria say, and those of criteria that have nothing to do with the others (where
    every criterion was asked often enough to know its noise: all bits less the noise), over the mean bits of one. At
    most: all bits but the least noise.
    """
    names = [name for name in evidence.components() if evidence.tally.values[name].kind != "constant"][:MOST]
    if evidence.pairs or len(names) < 2:
        return None
    rows = _rows(evidence, names)
    if rows is None:
        return None
    levels, group, prompt = rows
    found = together(levels, group, prompt)
    if found is None:
        return None
    result = Together(
        criteria=len(names),
        matters=matters(levels, group),
        alone=found.alone,
        joint=found.joint,
        agreed=found.agreed,
        worth=_worth(evidence, names, found),
    )
    return result, dict(zip(names, found.own, strict=True))


def _rows(
    evidence: Evidence, names: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]] | None:
    """Returns the levels of whole groups that every component scored, with group and prompt."""
    scores = scored_sample(evidence.tally, names[0])
    frame = evidence.tally.sample
    values = np.stack([frame[SIGNAL + name].to_numpy()[scores.index].astype(np.float64) for name in names], axis=1)
    whole = ~np.isnan(values).any(axis=1)
    if not whole.any():
        return None
    values, group, prompt = values[whole], scores.group[whole], scores.prompt[whole]
    if group.size > ROWS:
        last = group[ROWS]  # rows are sorted by group, whose keys are hashes: the first groups are random ones
        kept = group < last
        values, group, prompt = values[kept], group[kept], prompt[kept]
    levels = [
        centred_bins(column, group, BINS)
        if evidence.tally.values[name].kind == "score"
        else np.unique(column, return_inverse=True)[1].astype(np.int64)
        for name, column in zip(names, values.T, strict=True)
    ]
    return np.stack(levels, axis=1), group, prompt


def _worth(evidence: Evidence, names: list[str], found: Bits) -> Estimate | None:
    """Returns how many criteria's worth of bits there are; None where the criteria carry none."""
    noises = [own_noise(evidence.tally, name) for name in names]
    known = [noise.value for noise in noises if noise is not None and noise.value is not None]
    least = sum((noise.low or 0.0) for noise in noises if noise is not None)
    each = (found.alone.value or 0.0) / len(names)
    if each < 1e-6:
        return None
    top = (found.joint.high or 0.0) - least
    if len(known) == len(names):
        bits = [(end or 0.0) - sum(known) for end in (found.joint.value, found.joint.low)]
        method = "joint bits less the judge's own noise, over the mean bits of one"
    else:
        # A criterion of which the others say less than a tenth stands for itself.
        alone = [own for own in found.own if (own.value or 0.0) > STANDS * each]
        bits = [(found.agreed.value or 0.0) + sum(own.value or 0.0 for own in alone)]
        bits += [(found.agreed.low or 0.0) + sum(own.low or 0.0 for own in alone)]
        method = "what at least two criteria say, over the mean bits of one; at most all that is not known to be noise"
    ends = (bits[0] / each, bits[1] / each, max(top, bits[0]) / each)
    value, low, high = (float(np.clip(end, 0.0, len(names))) for end in ends)
    joint = found.joint
    return Estimate(value, low, high, joint.level, "criteria", method, joint.prompts, joint.rollouts)
