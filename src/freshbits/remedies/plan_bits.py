"""What a signal offers per rollout: to group-relative updates, and to filtering."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.channel import SEVERAL, SEVERAL_LARGE, SURE, count_groups
from freshbits.criteria.labelled import labelled
from freshbits.information.accepted import accepted_bits, most_accepted_bits
from freshbits.information.joint import joint_information

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled
    from freshbits.information.joint import Joint
    from freshbits.results import Budget, Channel, Estimate


@dataclass(frozen=True)
class Offered:
    """Holds the task bits offered to group-relative updates and to filtering, and the mixture behind them if any."""

    grpo: Estimate | None = None
    rft: Estimate | None = None
    joint: Joint | None = None


def offered(evidence: Evidence, signal: str, carried: Budget, told: Channel) -> Offered:
    """Estimates the task bits offered to group-relative updates and to filtering; bounds where truth is not known.

    The first are the channel's. The second are the part of them in accepted rollouts, by the same mixture where the
    labels allow one, else as if there were one channel; only verdicts have one.
    """
    if carried.contrast_bits is None or evidence.pairs:
        return Offered()
    groups = evidence.tally.of(signal)
    verdict = evidence.tally.values[signal].kind == "binary"
    if told.status == "judged":
        rows = labelled(evidence.tally, signal) if verdict else None
        if rows is None or told.bits is None:
            return Offered(told.bits)
        return Offered(told.bits, *_accepted(evidence, signal, rows, told))
    high = carried.contrast_bits.high if carried.contrast_bits.high is not None else carried.contrast_bits.value
    bound = replace(carried.contrast_bits, value=None, low=0.0, high=high, method="no truth: at most the contrast bits")
    return Offered(bound, most_accepted_bits((groups.n, groups.k, groups.prompt)) if verdict else None)


def _accepted(evidence: Evidence, signal: str, rows: Labelled, told: Channel) -> tuple[Estimate | None, Joint | None]:
    """Returns the bits in accepted rollouts, by the way that the channel's bits were estimated."""
    verdict: NDArray[np.bool_] = rows.score == evidence.tally.values[signal].high
    counts, keys = count_groups(rows, verdict)
    several, large = counts.sum(axis=1) >= 2, counts.sum(axis=1) >= 8
    blind = bool(np.ptp(rows.weight) == 0)
    if blind and (np.unique(keys[several]).size >= SEVERAL or np.unique(keys[large]).size >= SEVERAL_LARGE):
        joint = joint_information(counts[several], keys[several])
        bits = joint.accepted
        return replace(bits, low=0.0) if told.p_value is not None and told.p_value > SURE else bits, joint
    groups = evidence.tally.of(signal)
    part = accepted_bits((groups.n, groups.k, groups.prompt), verdict, rows.right, rows.weight, rows.prompt)
    return part, None
