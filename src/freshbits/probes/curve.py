"""The curve of one online pass: how soon a probe tells the texts apart, and what that makes of the signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.probes.targets import LEAN, binary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.probes.targets import Target

BLOCKS = 8
LEARNED = 0.6  # accuracy below which a probe has not learned a feature
LEAST = 1e-6  # probability that is the least a probe is charged for


@dataclass(frozen=True)
class Curve:
    """Holds what one pass says of one feature.

    Attributes:
        aulc: mean accuracy before each update, weighted: area under the learning curve; .5 where nothing is learned.
        blocks: max(.5, accuracy) in eight equal parts of the pass.
        accuracy: accuracy in the last quarter of the pass.
        learned: whether that is .6 or more, and surely above one half (by 2.6 standard errors).
        price_bits: description length of the feature for this family: its prequential code length, the sum of the
            losses before each update over all pairs that differ in it. Where it is not learned, this is about the
            number of pairs, and only a lower bound on its price.
        psi: prequential signal information in bits per pair: share · mean_b [1 - h(a acc_b + (1-a)(1-acc_b))],
            a = max(agreement, 1 - agreement): what a learner of this family can route through the feature.
    """

    aulc: float
    blocks: tuple[float, ...]
    accuracy: float
    learned: bool
    price_bits: float
    psi: float


def curve(margin: NDArray[np.float64], asked: Target) -> Curve:
    """Reads the curve off the margins before each update.

    Args:
        margin: f(higher text) - f(lower text) in nats of log odds, shape (pairs that differ,), in the order met.
        asked: the target; its weights say how much each pair counts.

    >>> from freshbits.probes.targets import target
    >>> asked = target(np.array([1.0] * 16), np.ones(16))
    >>> found = curve(np.full(16, 20.0), asked)
    >>> found.aulc, round(found.psi, 3), round(found.price_bits, 3)
    (1.0, 1.0, 0.0)
    """
    if margin.size == 0:
        return Curve(0.5, (0.5,) * BLOCKS, 0.5, False, 0.0, 0.0)
    right = np.where(margin > 0, 1.0, np.where(margin < 0, 0.0, 0.5))
    loss = np.minimum(np.logaddexp(0.0, -margin) / np.log(2.0), -np.log2(LEAST))
    weight = asked.weight
    parts = np.array_split(np.arange(margin.size), BLOCKS)
    blocks = tuple(max(0.5, _mean(right[part], weight[part])) for part in parts)
    last = np.arange(margin.size)[-max(margin.size // 4, 1) :]
    accuracy = _mean(right[last], weight[last])
    told = float(weight[last].sum()) ** 2 / max(float((weight[last] ** 2).sum()), 1e-12)
    return Curve(
        aulc=_mean(right, weight),
        blocks=blocks,
        accuracy=accuracy,
        learned=accuracy >= LEARNED and (2 * accuracy - 1) * float(np.sqrt(told)) > LEAN,
        price_bits=_mean(loss, weight) * margin.size,
        psi=routed(blocks, asked.agreement, asked.share),
    )


def routed(blocks: tuple[float, ...], agreement: float, share: float) -> float:
    """Returns the signal bits per pair that can be routed through a feature that is learned as `blocks` say.

    >>> round(routed((0.5,) * 8, 1.0, 1.0), 6), round(routed((1.0,) * 8, 1.0, 0.5), 6)
    (0.0, 0.5)
    """
    a, accuracy = max(agreement, 1 - agreement), np.array(blocks)
    told = 1.0 - binary(a * accuracy + (1 - a) * (1 - accuracy))
    return max(share * float(told.mean()), 0.0)


def _mean(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    total = float(weight.sum())
    return float(values @ weight) / total if total > 0 else 0.5
