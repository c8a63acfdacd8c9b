"""The rows that policies were last refitted to, from which the next rows are drawn without any shares in between.

A policy refitted to n rows samples each of them with chance 1/n, so a closed loop draws indices of rows (the model of
Wright and Fisher), and a filtered one lets each drawn row pass with its answer's chance. A label is one byte where
shares are four for every answer, and the work does not grow with the number of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from freshbits.worlds.step_draw import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freshbits.worlds.state import Ints
    from freshbits.worlds.step_draw import Counts, Shares

Labels = npt.NDArray[np.unsignedinteger[Any]]

MANY = 12  # answers from which drawing rows is faster than drawing counts
WIDEST = 128  # rows up to which it is


@dataclass(frozen=True)
class Rows:
    """Holds what each prompt was last refitted to: rows where there are some, and shares beneath where there are none.

    Attributes:
        beneath: shares of the answers, shape (answers, prompts); read where a prompt has no rows.
        labels: answer of each row, shape (width, prompts); what lies behind the last row repeats the first.
        number: rows per prompt, shape (prompts,).
        moving: the prompts that have more than one answer left.

    >>> beneath = np.array([[0.5, 1.0], [0.5, 0.0]], dtype=np.float32)
    >>> rows = Rows(beneath, np.array([[1, 0], [1, 0], [0, 0], [1, 0]], np.uint8), np.array([4, 0]), np.array([0]))
    >>> rows.table.tolist()
    [[0.25, 1.0], [0.75, 0.0]]
    """

    beneath: Shares
    labels: Labels
    number: Ints
    moving: Ints

    @classmethod
    def none(cls, table: Shares, moving: Ints | None = None, width: int = 0) -> Rows:
        """Returns prompts without rows, with room for `width` of them each."""
        left = np.flatnonzero(table.max(axis=0) < 1) if moving is None else moving
        labels = np.zeros((width, table.shape[1]), dtype=np.min_scalar_type(table.shape[0] - 1))
        return cls(table, labels, np.zeros(table.shape[1], dtype=np.int64), left)

    @cached_property
    def table(self) -> Shares:
        """Returns the shares of the answers, shape (answers, prompts), counted when first read."""
        some = np.flatnonzero(self.number)
        if not some.size:
            return self.beneath
        table = np.empty_like(self.beneath) if some.size == self.number.size else self.beneath.copy()
        answers, width = self.beneath.shape[0], self.labels.shape[0]
        for at in blocks(some):
            place = np.arange(at.size)
            labels = self.labels.take(at, axis=1)
            bins = labels.astype(np.int64) * at.size + place
            counts = np.bincount(bins.ravel(), minlength=answers * at.size).reshape(answers, at.size)
            counts[labels[0], place] -= width - self.number[at]
            table[:, at] = counts / self.number[at]
        return table


def blocks(places: Ints) -> Iterator[Ints]:
    """Yields the places in parts that are handled together."""
    for start in range(0, places.size, BLOCK):
        yield places[start : start + BLOCK]


def unfixed(labels: Labels, number: Ints) -> npt.NDArray[np.bool_]:
    """Returns whether each prompt's rows show more than one answer; true where there are no rows."""
    several: npt.NDArray[np.bool_] = (labels[1:] != labels[0]).any(axis=0) | (number == 0)
    return several


def spread(counts: Counts, width: int) -> tuple[Labels, Ints]:
    """Returns the rows of counts, shape (answers, prompts), as labels (width, prompts), and how many there are.

    >>> spread(np.array([[2, 0], [1, 1]]), 3)[0].T.tolist()
    [[0, 0, 1], [1, 1, 1]]
    """
    number: Ints = counts.sum(axis=0)
    behind = counts[:-1].astype(np.min_scalar_type(width))
    for a in range(1, len(behind)):
        behind[a] += behind[a - 1]
    labels = np.empty((width, number.size), dtype=np.min_scalar_type(counts.shape[0] - 1))
    for row in range(width):  # it shows the first answer up to which there are more rows than lie before it
        (behind <= row).view(np.uint8).sum(axis=0, dtype=labels.dtype, out=labels[row])
        np.copyto(labels[row], labels[0], where=row >= number)
    return labels, number


def resampled(rng: np.random.Generator, labels: Labels, number: Ints) -> Labels:
    """Draws as many rows as there is room for, each of them any of the `number` rows of its prompt."""
    pick = _below(rng, number, labels.shape)
    pick *= number.size
    pick += np.arange(number.size)
    return labels.ravel().take(pick)


def passing(rng: np.random.Generator, labels: Labels, number: Ints, accept: Shares) -> tuple[Labels, Ints]:
    """Draws as many rows as there is room for and keeps those that pass; where none does, the rows stay.

    Args:
        rng: where the numbers come from.
        labels: rows, shape (width, prompts).
        number: rows per prompt, shape (prompts,), at least 1.
        accept: chance that each answer passes.

    >>> rows = np.array([[0, 1], [0, 1], [1, 1]], dtype=np.uint8)
    >>> new, number = passing(np.random.default_rng(1), rows, np.array([3, 1]), np.array([1, 0], dtype=np.float32))
    >>> new.T.tolist(), number[1].item()
    ([[0, 0, 0], [1, 1, 1]], 1)
    """
    drawn = resampled(rng, labels, number)
    passed = rng.random(drawn.shape, dtype=np.float32) < accept.take(drawn)
    kept: Ints = passed.sum(axis=0)
    packed = _packed(np.ascontiguousarray(drawn.T)[np.ascontiguousarray(passed.T)], kept, labels.shape[0])
    return np.where(kept > 0, packed, labels), np.where(kept > 0, kept, number)


def filled(rng: np.random.Generator, labels: Labels, number: Ints, accept: Shares) -> tuple[Labels, Ints]:
    """Draws rows until as many have passed as there is room for; where none can, the rows stay. As `passing`."""
    prompts = number.size
    chance = accept.take(labels)
    most = chance.max(axis=0)
    # Against the best row of the prompt: the law of what passes is the same, and fewer rows are drawn in vain.
    chance /= np.where(most > 0, most, 1)
    old, chances = labels.ravel(), chance.ravel()
    new = old.copy()
    left = np.flatnonzero(np.broadcast_to(most > 0, labels.shape))
    while left.size:
        prompt = left % prompts
        pick = _below(rng, number[prompt], left.shape)
        pick *= prompts
        pick += prompt
        passed = rng.random(left.size, dtype=np.float32) < chances.take(pick)
        new[left[passed]] = old.take(pick[passed])
        left = left[~passed]
    return new.reshape(labels.shape), np.where(most > 0, labels.shape[0], number)


def _below(rng: np.random.Generator, number: Ints, shape: tuple[int, ...]) -> Ints:
    """Draws whole numbers from 0 to `number` - 1, evenly up to `number` / 2³²."""
    below: Ints = rng.integers(0, 1 << 32, shape, dtype=np.uint32) * number
    below >>= 32
    return below


def _packed(rows: Labels, number: Ints, width: int) -> Labels:
    """Returns rows that follow each other prompt by prompt as (width, prompts), the first repeated behind the last."""
    within = np.arange(width) < number[:, None]
    packed = np.zeros(within.shape, dtype=rows.dtype)
    packed[within] = rows
    return (packed if len(rows) == packed.size else np.where(within, packed, packed[:, :1])).T
