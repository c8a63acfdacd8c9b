"""Selection for each token: short rows that say something new, within a budget of tokens.

The t-th row of a prompt is worth log2((t+1)/t), what it adds to Σ_q log2(1 + distinct rows of q), divided by its
tokens; a class and a text are stood for by their shortest row. Nothing is left to a lot, so there are no inclusion
probabilities: weights restore how many accepted rows each answer class, prompt and region had, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.selection.order import REPEAT, sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.selection.order import Cells


def take_tokens(
    cells: Cells, tokens: NDArray[np.float64], budget: float, seed: int, cap: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Takes rows by what they add per token until the next one does not fit; returns (rows, reasons).

    Args:
        cells: of every accepted row.
        tokens: of every row, above 0.
        budget: tokens in all.
        seed: of ties.
        cap: rows of one prompt at most.

    >>> from freshbits.remedies.selection.order import Cells
    >>> cells = Cells(*(np.array(c) for c in ([0, 0, 1], [0, 1, 2], [0, 1, 2], [0, 0, 0])))
    >>> take_tokens(cells, np.array([10.0, 5.0, 5.0]), 10.0, seed=0)[0].tolist()
    [1, 2]
    """
    order = sequence(cells, seed, tokens)
    worth = np.log2((order.place + 1) / order.place) / tokens
    inside = np.lexsort((order.place, cells.prompt))
    # What follows a dear row of its prompt cannot come before it.
    falling = np.empty(worth.size)
    falling[inside] = _falling(worth[inside], order.place[inside] == 1)
    allowed = np.flatnonzero(order.place <= (cap if cap is not None else order.place.max(initial=1)))
    queue = allowed[np.lexsort((order.place[allowed], -falling[allowed], order.reason[allowed] == REPEAT))]
    rows = np.sort(queue[np.cumsum(tokens[queue]) <= budget])
    return rows, order.reason[rows]


def _falling(worth: NDArray[np.float64], starts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns the smallest worth so far inside each run that begins where `starts` is true."""
    run = np.cumsum(starts)
    # Runs are shifted far apart, so that one running minimum over all does not reach across them.
    apart = (worth.max(initial=0.0) + 1.0) * run
    return np.asarray(np.minimum.accumulate(worth - apart) + apart)


def restoring(cells: Cells, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Computes weights under which the chosen rows of each class, prompt and region are as many as the accepted ones.

    A row stands for the accepted rows of its answer class, evenly; classes without a chosen row are shared out among
    the chosen rows of their prompt, prompts without one among those of their region, regions among all.

    >>> from freshbits.remedies.selection.order import Cells
    >>> cells = Cells(*(np.array(c) for c in ([0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3], [0, 0, 0, 0])))
    >>> restoring(cells, np.array([0, 2])).tolist()  # two rows of one class, one of another, and a prompt without any
    [2.6666666666666665, 1.3333333333333333]
    """
    weight = np.ones(rows.size)
    for cell in (cells.answer, cells.prompt, cells.region, np.zeros_like(cells.prompt)):
        have = np.bincount(cell)
        held = np.bincount(cell[rows], weights=weight, minlength=have.size)
        weight = weight * (have / np.where(held > 0, held, 1.0))[cell[rows]]
    return weight
