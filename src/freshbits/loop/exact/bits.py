"""Bits of enumerated distributions: no estimate, no correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def plogp(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes -p log2 p elementwise, 0 at 0.

    >>> plogp(np.array([0.0, 0.5, 1.0])).tolist()
    [0.0, 0.5, 0.0]
    """
    positive = np.where(probability > 0, probability, 1.0)
    return np.asarray(np.abs(positive * np.log2(positive)))


def information(joint: NDArray[np.float64]) -> float:
    """Computes I(A;B) of a joint distribution, shape (a, b), as a mean divergence, which loses nothing near 0.

    Σ P(a,b) log2 [P(a,b) / (P(a) P(b))].

    >>> information(np.eye(2) / 2), information(np.ones((2, 2)) / 4)
    (1.0, 0.0)
    """
    one, two = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    ratio = np.divide(joint, one * two, out=np.ones_like(joint), where=seen)
    return max(0.0, float((joint * np.log2(ratio)).sum()))
