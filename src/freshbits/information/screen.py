"""Screens very many yes-or-no features at once: which of them go with a score inside a cell.

z_v = Σ_q t_qv / √(Σ_q t_qv²), t_qv = Σ_{i in q} x_iv r_i w_i, where r is the score less its mean in the cell. Prompts
are the unit, so rollouts that resemble each other are no evidence twice. It is a score test: quick, and blind to size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

LEVEL = 0.05
LIKE = 0.8  # correlation above which a weaker feature is another name of a stronger one


def screen(
    held: csr_array,
    score: NDArray[np.float64],
    cell: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    most: int = 12,
) -> list[tuple[int, float]]:
    """Returns (feature, p-value) of the features that go with the score, the surest first, no two of them alike.

    p-values are for all features together (Bonferroni, t with as many degrees of freedom as prompts less one).
    Features that vary in the cells of fewer than 20 prompts are passed over: their z has no law yet.

    Args:
        held: 1 where a row has a feature, shape (rows, features).
        score: score of each row.
        cell: cell of each row: rows that are compared with each other.
        prompt: prompt key of each row; a cell lies in one prompt.
        most: features returned at most.

    >>> from scipy.sparse import csr_array
    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(200), 8).astype(np.uint64)
    >>> x = (rng.random((q.size, 50)) < 0.3) * 1.0
    >>> paid = (rng.random(q.size) < 0.3 + 0.3 * x[:, 7]) * 1.0
    >>> [feature for feature, _ in screen(csr_array(x), paid, q, q)]
    [7]
    """
    from scipy.sparse import csr_array as sparse
    from scipy.stats import t

    if held.shape[1] == 0:
        return []
    _, place, size = np.unique(cell, return_inverse=True, return_counts=True)
    rest = (score - (np.bincount(place, weights=score) / size)[place]) / size[place]
    _, owner = np.unique(prompt, return_inverse=True)
    prompts = int(owner.max()) + 1
    gather = sparse((rest, (owner, np.arange(owner.size))), shape=(prompts, owner.size))
    parts = (gather @ held).tocsc()
    parts.data[np.abs(parts.data) < 1e-12] = 0.0
    parts.eliminate_zeros()
    telling = np.diff(parts.indptr)
    square = np.asarray(parts.multiply(parts).sum(axis=0)).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(square > 0, np.asarray(parts.sum(axis=0)).ravel() / np.sqrt(square), 0.0)
    z[telling < 20] = 0.0
    p_value = np.minimum(2 * t.sf(np.abs(z), prompts - 1) * max(int((telling >= 20).sum()), 1), 1.0)
    found: list[tuple[int, float]] = []
    columns: list[NDArray[np.float64]] = []
    for k in np.argsort(-np.abs(z), kind="stable"):
        if p_value[k] > LEVEL or len(found) == most:
            break
        column = held[:, [int(k)]].toarray().ravel()
        column = column - (np.bincount(place, weights=column) / size)[place]
        length = float(np.sqrt((column**2).sum()))
        if length < 1e-9:  # shown by all or none of every cell: nothing there tells it from the cell itself
            continue
        column /= length
        if all(abs(float(column @ other)) < LIKE for other in columns):
            found.append((int(k), float(p_value[k])))
            columns.append(column)
    return found
