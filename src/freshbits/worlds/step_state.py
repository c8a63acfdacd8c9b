"""The state of many loops at once: what every replica believes about every prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.worlds.step_rows import Rows

if TYPE_CHECKING:
    from freshbits.worlds.rates import Array
    from freshbits.worlds.state import Ints
    from freshbits.worlds.step_draw import Shares


@dataclass(frozen=True)
class Policies:
    """Holds the policies of many independent loops over the same prompts, in one round.

    Answers are numbered; the first `right` of them are right.

    Attributes:
        held: the rows or shares of each prompt of each replica.
        replicas: number of loops.
        right: how many answers are right.
        round: the round.
        rows: rows trained on so far per prompt, shape (replicas * prompts,); what an accumulating pool weighs.

    >>> start = Policies.of([[0.25, 0.75], [0.5, 0.5]], replicas=3)
    >>> start.shares.shape, start.rate.mean().item(), start.variety[0].tolist()
    ((3, 2, 2), 0.375, [0.375, 0.5])
    """

    held: Rows
    replicas: int
    right: int
    round: int
    rows: Array

    @classmethod
    def of(cls, shares: object, replicas: int = 1, right: int = 1, before: float = 0.0) -> Policies:
        """Starts every replica from the same shares (prompts, answers), with `before` rows per prompt in the pool."""
        given = np.asarray(shares, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] < 2 or replicas < 1:
            raise InputError("a loop starts from shares of shape (prompts, answers), two answers or more")
        if (given < 0).any() or not np.allclose(given.sum(axis=1), 1.0):
            raise InputError("the shares of the answers of a prompt do not sum to 1")
        if not 1 <= right <= given.shape[1]:
            raise InputError(f"{right} right answers of {given.shape[1]}")
        table = np.tile(np.ascontiguousarray(given.T, dtype=np.float32), (1, replicas))
        return cls(Rows.none(table), replicas, right, 0, np.full(table.shape[1], float(before)))

    @property
    def table(self) -> Shares:
        """Returns the shares of the answers, (answers, replicas * prompts); columns sum to 1."""
        return self.held.table

    @property
    def answers(self) -> int:
        """Returns the number of answers."""
        return len(self.held.beneath)

    @property
    def prompts(self) -> int:
        """Returns the number of prompts."""
        return self.rows.size // self.replicas

    @property
    def shares(self) -> Shares:
        """Returns the shares as (replicas, prompts, answers), a view."""
        return self.table.T.reshape(self.replicas, self.prompts, self.answers)

    @property
    def rate(self) -> Array:
        """Returns the share of right answers, (replicas, prompts)."""
        return self._shaped(self.table[: self.right].sum(axis=0, dtype=np.float64))

    @property
    def variety(self) -> Array:
        """Returns 1 - Σ p², the chance that two rollouts differ, (replicas, prompts)."""
        return self._shaped(1 - _squares(self.table))

    @property
    def right_variety(self) -> Array:
        """Returns 1 - Σ (p/p_right)² over the right answers, (replicas, prompts); NaN where none is left."""
        mass = self.table[: self.right].sum(axis=0, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._shaped(1 - _squares(self.table[: self.right]) / mass**2)

    @property
    def distinct(self) -> Ints:
        """Returns the number of answers that have a share, (replicas, prompts)."""
        number: Ints = (self.table > 0).sum(axis=0).reshape(self.replicas, self.prompts)
        return number

    def _shaped(self, values: Array) -> Array:
        return values.reshape(self.replicas, self.prompts)


def _squares(table: Shares) -> Array:
    squares: Array = np.einsum("aj,aj->j", table, table, dtype=np.float64)
    return squares
