"""The order in which accepted rows are taken, and the probability with which each row is.

Inside a prompt: one row of every answer class first, then one row of every further text, then rows that repeat. Across
prompts in rounds: the t-th row of every prompt that still has something new comes before any prompt's (t+1)-th, which
is the greedy choice for Σ_q log(1 + distinct rows of q); repeats come when nothing new is left. In the round in which
the rows run out, regions with fewest rows so far go first.

Which row stands for a class or a text, in which order classes and texts come, and which prompts are served in the last
round is drawn by lot. So every row of a prompt that is reached has a known probability to be taken, and 1 / probability
undoes the selection in what is averaged over the rows (Horvitz & Thompson 1952).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, ANSWER, TEXT, REPEAT = range(4)
REASONS = ("first of its prompt", "new answer", "same answer, other text", "repeats a chosen row")


@dataclass(frozen=True)
class Cells:
    """Holds where each row belongs, all numbered from 0: its prompt, answer class, text and region."""

    prompt: NDArray[np.int64]
    answer: NDArray[np.int64]
    text: NDArray[np.int64]
    region: NDArray[np.int64]


@dataclass(frozen=True)
class Taken:
    """Holds the rows that are taken.

    Attributes:
        rows: their places, increasing.
        reason: for each, a place in `REASONS`.
        probability: for each, the probability with which it was to be taken.
    """

    rows: NDArray[np.int64]
    reason: NDArray[np.int64]
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Sequence:
    """Holds the order inside prompts: per row its reason and its place in the prompt, from 1."""

    reason: NDArray[np.int64]
    place: NDArray[np.int64]


def take(cells: Cells, count: int, seed: int, cap: int | None = None) -> Taken:
    """Takes `count` rows, or all where there are fewer.

    With D classes, P texts and a rows taken of a prompt, and n_c, m rows in the class and the text of a row,

        π(a) = min(a, D) / (D n_c)  +  (1 - m/n_c) / m · min(a - D, P - D)₊ / (P - D)  +  (1 - 1/m) (a - P)₊ / (n - P),

    averaged over the a that the last round may give the prompt.

    Args:
        cells: of every accepted row.
        count: rows wanted.
        seed: the same seed takes the same rows.
        cap: rows of one prompt at most.

    >>> cells = Cells(*(np.array(c) for c in ([0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 1, 2], [0, 0, 0, 0])))
    >>> found = take(cells, 3, seed=0)
    >>> found.rows[1:].tolist(), found.probability.tolist()  # one of the first two rows, which are alike
    ([2, 3], [0.5, 1.0, 1.0])
    """
    order = sequence(cells, seed)
    size = np.bincount(cells.prompt)
    most = size if cap is None else np.minimum(size, cap)
    texts = np.minimum(_distinct(cells.prompt, cells.text), most)
    allowed = order.place <= most[cells.prompt]
    again = order.reason == REPEAT
    sure, chance, taken = np.zeros(size.size, np.int64), np.zeros(size.size), np.zeros(cells.prompt.size, np.bool_)
    left = count
    for repeats, last in ((False, texts), (True, most)):
        stage = allowed & (again == repeats)
        by_place = np.bincount(order.place[stage], minlength=1)
        whole = int(np.searchsorted(np.cumsum(by_place), left, side="right"))  # the first round that does not fit
        taken |= stage & (order.place < whole)
        sure = np.maximum(sure, np.minimum(last, whole - 1))
        left -= int(by_place[:whole].sum())
        if whole < by_place.size:
            cut = np.flatnonzero(stage & (order.place == whole))
            got, share = _last(cut, left, cells, taken, seed)
            taken[got] = True
            chance[cells.prompt[cut]] = share
            break
    rows = np.flatnonzero(taken)
    return Taken(rows, order.reason[rows], probability(cells, sure, chance)[rows])


def sequence(cells: Cells, seed: int, cost: NDArray[np.float64] | None = None) -> Sequence:
    """Orders the rows of each prompt: a row of every class, of every further text, then repeats; each part by lot.

    Args:
        cells: of every accepted row.
        seed: of the lots.
        cost: where given, cheap rows come first in place of the lot.
    """
    rng = np.random.default_rng(seed)
    lot = rng.random(cells.prompt.size)
    key = lot if cost is None else cost
    phase = np.full(cells.prompt.size, REPEAT)
    phase[_heads(cells.text, key, lot)] = TEXT
    phase[_heads(cells.answer, key, lot)] = ANSWER
    after = rng.random(cells.prompt.size) if cost is None else cost
    order = np.lexsort((lot, after, phase, cells.prompt))
    size = np.bincount(cells.prompt)
    place = np.empty(cells.prompt.size, dtype=np.int64)
    place[order] = np.arange(order.size) - (np.cumsum(size) - size)[cells.prompt[order]] + 1
    phase[place == 1] = FIRST
    return Sequence(phase, place)


def probability(cells: Cells, sure: NDArray[np.int64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Computes the probability of each row to be taken; the formula stands with `take`.

    Args:
        cells: of every row.
        sure: rows that are taken of each prompt in any case.
        chance: of each prompt, the probability of one more.
    """
    counts = _distinct(cells.prompt, cells.answer), _distinct(cells.prompt, cells.text), np.bincount(cells.prompt)
    d, p, n = (each[cells.prompt].astype(np.float64) for each in counts)
    of_class = np.bincount(cells.answer)[cells.answer]
    of_text = np.bincount(cells.text)[cells.text]

    def at(a: NDArray[np.float64]) -> NDArray[np.float64]:
        new = np.minimum(a, d) / (d * of_class)
        other = (1 - of_text / of_class) / of_text * np.clip(a - d, 0, p - d) / np.maximum(p - d, 1)
        repeat = (1 - 1 / of_text) * np.clip(a - p, 0, None) / np.maximum(n - p, 1)
        return np.asarray(new + other + repeat)

    a, more = sure[cells.prompt].astype(np.float64), chance[cells.prompt]
    return np.asarray((1 - more) * at(a) + more * at(np.minimum(a + 1, n)))


def _heads(group: NDArray[np.int64], key: NDArray[np.float64], lot: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the row with the smallest key of every group."""
    order = np.lexsort((lot, key, group))
    first = np.ones(order.size, dtype=bool)
    first[1:] = group[order][1:] != group[order][:-1]
    return np.asarray(order[first], dtype=np.int64)


def _distinct(prompt: NDArray[np.int64], inner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts the inner cells of every prompt."""
    _, first = np.unique(inner, return_index=True)
    return np.bincount(prompt[first], minlength=int(prompt.max()) + 1 if prompt.size else 0)


def _last(
    cut: NDArray[np.int64], left: int, cells: Cells, taken: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draws `left` of the rows of the last round, and returns the probability of each of them."""
    regions = int(cells.region.max()) + 1
    room = np.bincount(cells.region[cut], minlength=regions)
    quota = _evened(np.bincount(cells.region[taken], minlength=regions), room, left)
    lot = np.random.default_rng([seed, 1]).random(cut.size)
    order = np.lexsort((lot, cells.region[cut]))
    rank = np.empty(cut.size, dtype=np.int64)
    rank[order] = np.arange(cut.size) - (np.cumsum(room) - room)[cells.region[cut[order]]]
    share = quota / np.maximum(room, 1)
    return cut[rank < quota[cells.region[cut]]], share[cells.region[cut]]


def _evened(had: NDArray[np.int64], room: NDArray[np.int64], left: int) -> NDArray[np.int64]:
    """Shares `left` rows among regions so that their totals come as near to each other as their room allows."""
    low, high = 0, int((had + room).max(initial=0))
    while low < high:  # the highest level that all can be filled up to
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.clip(middle - had, 0, room).sum() <= left else (low, middle - 1)
    quota = np.clip(low - had, 0, room)
    open_ = np.flatnonzero((quota < room) & (had + quota <= low))
    quota[open_[: left - int(quota.sum())]] += 1
    return np.asarray(quota, dtype=np.int64)
