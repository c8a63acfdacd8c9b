"""Plain entropies and mutual information of counted tables, in bits.

These are the definitions. They are exact for probabilities and biased for small counts; what corrects the bias
(`mixing`, `levels`, `intercept`) lives beside them and is tested against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

UNIT = "bits/rollout"


def binary_entropy(p: ArrayLike) -> NDArray[np.float64]:
    """Computes h(p) = -p log2 p - (1-p) log2 (1-p) in bits, elementwise; h(0) = h(1) = 0.

    >>> binary_entropy([0.0, 0.5, 1.0]).tolist()
    [0.0, 1.0, 0.0]
    """
    q = np.clip(np.asarray(p, dtype=np.float64), 0.0, 1.0)
    return _plogp(q) + _plogp(1.0 - q)


def entropy(counts: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """Computes the plug-in entropy H = -Σ f log2 f of counts along an axis, in bits.

    It is biased downwards by about (cells - 1) / (2 N ln 2) bits when N draws were counted.

    >>> float(entropy([1, 1, 1, 1]))
    2.0
    """
    table = np.asarray(counts, dtype=np.float64)
    total = table.sum(axis=axis, keepdims=True)
    share = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    result: NDArray[np.float64] = _plogp(share).sum(axis=axis)
    return result


def mutual_information(table: ArrayLike) -> float:
    """Computes I(A;B) = H(A) + H(B) - H(A,B) of a two-way table of counts, in bits.

    It is biased upwards by about (rows-1)(columns-1) / (2 N ln 2) bits: independent variables never read zero.

    >>> mutual_information([[10, 0], [0, 10]])
    1.0
    """
    joint = np.asarray(table, dtype=np.float64)
    bits = entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint.ravel())
    return max(0.0, float(bits))


def conditional_mutual_information(tables: ArrayLike) -> float:
    """Computes I(A;B|Q) = Σ_q N_q/N I(A;B|Q=q) of a stack of two-way tables (q, a, b), in bits.

    With few rollouts per prompt it invents about .1 bit from nothing (bias per prompt as above): use
    `intercept.shared_bits` for logs, this for exact worlds.

    >>> conditional_mutual_information([[[5, 0], [0, 5]], [[3, 3], [3, 3]]]) == 10 / 22
    True
    """
    stack = np.asarray(tables, dtype=np.float64)
    weights = stack.sum(axis=(1, 2))
    bits = np.array([mutual_information(table) for table in stack])
    return float((weights * bits).sum() / weights.sum())


def _plogp(share: NDArray[np.float64]) -> NDArray[np.float64]:
    positive = np.where(share > 0, share, 1.0)
    return np.abs(share * np.log2(positive))  # abs: no -0.0; every term is >= 0 for shares
