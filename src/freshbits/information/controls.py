"""Signals that are known to say nothing, or nothing new: what a measure of openness must not call open.

A verdict moved to another prompt and a verdict by lot know nothing about the row they stand beside. A vote of the
other half of the group knows what the model knows, and no more. Shuffled inside its group, a verdict keeps what it
says about the prompt and loses what it says about the rollout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def moved(prompt: NDArray[np.uint64], stratum: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64]:
    """Returns, for every row, the row of another prompt of its stratum whose verdict it is given; -1 where none is.

    All rows of a prompt take from one other prompt, in its order: verdicts that resemble each other inside a prompt
    still do after the move, so the control is as clustered as the signal.

    >>> moved(np.array([1, 1, 2, 3], dtype=np.uint64), np.array([0, 0, 0, 1])).tolist()
    [2, 2, 0, -1]
    """
    rng = np.random.default_rng([seed, 1])
    _, place = np.unique(prompt, return_inverse=True)
    shuffled = rng.permutation(place.max() + 1)[place] if place.size else place
    order = np.lexsort((np.arange(prompt.size), shuffled, stratum))
    kind, lot = stratum[order], shuffled[order]
    starts = np.flatnonzero(np.r_[True, (kind[1:] != kind[:-1]) | (lot[1:] != lot[:-1])])
    sizes = np.diff(np.r_[starts, prompt.size])
    after = np.arange(1, starts.size + 1)
    last = np.r_[kind[starts][1:] != kind[starts][:-1], True]
    first_of_stratum = np.maximum.accumulate(np.where(np.r_[True, last[:-1]], np.arange(starts.size), 0))
    after = np.where(last, first_of_stratum, after)
    block = np.repeat(np.arange(starts.size), sizes)
    within = np.arange(prompt.size) - starts[block]
    donor = order[starts[after[block]] + within % sizes[after[block]]]
    result = np.full(prompt.size, -1, dtype=np.int64)
    result[order] = np.where(after[block] == block, -1, donor)
    return result


def by_lot(score: NDArray[np.float64], weight: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Draws for every row a value of the signal, as often as the signal itself has it in the log.

    >>> by_lot(np.array([1.0, 1.0]), np.ones(2)).tolist()
    [1.0, 1.0]
    """
    rng = np.random.default_rng([seed, 2])
    drawn: NDArray[np.float64] = rng.choice(score, size=score.size, p=weight / weight.sum())
    return drawn


def shuffled(group: NDArray[np.uint64], seed: int = 0) -> NDArray[np.int64]:
    """Returns, for every row, the row of its own group whose verdict it is given: a permutation inside each group.

    >>> sorted(shuffled(np.array([1, 1, 2], dtype=np.uint64))[:2].tolist())
    [0, 1]
    """
    rng = np.random.default_rng([seed, 3])
    result = np.empty(group.size, dtype=np.int64)
    result[np.argsort(group, kind="stable")] = np.lexsort((rng.random(group.size), group))
    return result


def halves(group: NDArray[np.uint64], seed: int = 0) -> NDArray[np.int64]:
    """Returns the half, 0 or 1, that each row of a group falls into by lot; of an odd group 1 is the larger.

    >>> halves(np.array([4, 4, 4, 4], dtype=np.uint64)).sum()
    np.int64(2)
    """
    rng = np.random.default_rng([seed, 4])
    order = np.lexsort((rng.random(group.size), group))
    _, start, place, size = np.unique(group[order], return_index=True, return_inverse=True, return_counts=True)
    half = np.empty(group.size, dtype=np.int64)
    half[order] = np.arange(group.size) - start[place] >= size[place] // 2
    return half


def hidden_vote(
    answer_class: NDArray[np.int64], group: NDArray[np.uint64], half: NDArray[np.int64], seed: int = 0
) -> NDArray[np.float64]:
    """Returns whether the other half of its group voted for each row's answer, ties by lot.

    >>> group = np.zeros(4, dtype=np.uint64)
    >>> hidden_vote(np.array([7, 8, 7, 7]), group, np.array([0, 0, 1, 1])).tolist()[:2]
    [1.0, 0.0]
    """
    rng = np.random.default_rng([seed, 5])
    _, place = np.unique(group, return_inverse=True)
    own = 2 * place + half
    _, named = np.unique(answer_class, return_inverse=True)
    cells, votes = np.unique(np.stack([own, named]), axis=1, return_counts=True)
    order = np.lexsort((votes + rng.random(votes.size) / 2, cells[0]))
    top = order[np.r_[np.diff(cells[0][order]) != 0, True]]
    winner = np.full(2 * int(place.max()) + 2, -1, dtype=np.int64)
    winner[cells[0][top]] = cells[1][top]
    voted: NDArray[np.float64] = (winner[2 * place + 1 - half] == named).astype(np.float64)
    return voted
