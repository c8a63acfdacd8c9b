"""The exact ledger: bits held, offered and injected, round by round, beside accuracy and diversity.

The criterion of the paper can be read off it: what is held about the task grows by no more than what the signal
injects, held_{t+1} - held_t <= I(X; S_t | Y_t, Z_t), because Y_t is drawn from Z_t alone and Z_{t+1} is made of Z_t,
Y_t and S_t. A closed loop injects nothing, so what it holds never rises, *while its accuracy may*.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

import numpy as np

from freshbits.loop.exact.bits import information
from freshbits.loop.exact.step import advance, start
from freshbits.plain import from_plain, to_plain

if typing.TYPE_CHECKING:
    from freshbits.loop.exact.step import Joint
    from freshbits.loop.exact.world import ExactWorld


@dataclass(frozen=True, kw_only=True)
class ExactRow:
    """Holds one round of an exact world; every number is exact to rounding.

    Attributes:
        round: the round; 0 is the start.
        held_bits: I(X; Z_t), what the state holds about the task.
        offered_bits: H(S_t | Y_t, Z_t), what this round's signal says at all: every verdict and fresh row, in order.
        injected_bits: I(X; S_t | Y_t, Z_t), what of that is about the task and not in the state.
        accuracy: chance that an answer of the state is right.
        distinct: expected number of answers that the state's rows hold.
        diversity: expected chance that two answers of the state differ, 1 - Σ p².
    """

    round: int
    held_bits: float
    offered_bits: float
    injected_bits: float
    accuracy: float
    distinct: float
    diversity: float


@dataclass(frozen=True, kw_only=True)
class ExactLedger:
    """Holds the rounds of an exact world, and H(X), the most it could ever hold."""

    task_bits: float
    rounds: list[ExactRow]

    def to_json(self) -> dict[str, Any]:
        """Returns the ledger as plain data, in the order of its fields."""
        return typing.cast("dict[str, Any]", to_plain(self))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ExactLedger:
        """Rebuilds the ledger from what `to_json` gave."""
        return typing.cast("ExactLedger", from_plain(cls, data))


def exact_ledger(world: ExactWorld, rounds: int) -> ExactLedger:
    """Computes the ledger of an exact world for rounds 0 … `rounds`, by enumeration.

    The joint distribution of (X, Z_t) is carried from round to round over all count vectors that can be reached; with
    an accumulating pool their number grows with t.

    Source: the criterion is that of Li, Sun and Deng (ICML 2026, arXiv 2605.16379), stated for one prompt.

    Raises:
        OutOfRegimeError: if a round has more outcomes than can be enumerated.

    >>> from freshbits.loop.exact.signals import Majority
    >>> from freshbits.loop.exact.world import one_of
    >>> world = one_of(3, start=[0.5, 0.25, 0.25], signal=Majority(), samples=5, accumulate=True)
    >>> closed = exact_ledger(world, 3).rounds
    >>> [round(row.accuracy, 3) for row in closed]  # a vote sharpens …
    [0.5, 0.519, 0.529, 0.534]
    >>> [round(row.held_bits, 3) for row in closed]  # … and yet less is held
    [0.309, 0.309, 0.307, 0.305]
    """
    joint = start(world)
    found = []
    for number in range(rounds + 1):
        after, offered, injected = advance(world, joint)
        found.append(_row(world, joint, number, offered, injected))
        joint = after
    return ExactLedger(task_bits=world.entropy, rounds=found)


def _row(world: ExactWorld, joint: Joint, number: int, offered: float, injected: float) -> ExactRow:
    share = world.shares(joint.states)
    law = joint.mass.sum(axis=1)  # P(x, z)
    state = law.sum(axis=0)
    return ExactRow(
        round=number,
        held_bits=information(law),
        offered_bits=offered,
        injected_bits=injected,
        accuracy=float((law * (world.right.astype(np.float64) @ share.T)).sum()),
        distinct=float(state @ (joint.states > 0).sum(axis=1)),
        diversity=float(state @ (1 - (share**2).sum(axis=1))),
    )
