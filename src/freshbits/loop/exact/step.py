"""One round of an exact world: the joint distribution of (X, judge, Z_t) to that of the next, and the round's bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import OutOfRegimeError
from freshbits.loop.exact.bits import plogp
from freshbits.loop.exact.lattice import batch, counts, multinomial, ways
from freshbits.loop.exact.signals import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from freshbits.loop.exact.lattice import Batch
    from freshbits.loop.exact.world import ExactWorld

CHUNK = 4_000_000  # numbers held at once
MOST_WORK = 100_000_000  # numbers computed in one round


@dataclass(frozen=True)
class Joint:
    """Holds the states that can be reached and P(X, judge, state).

    Attributes:
        states: count vectors, shape (states, answers).
        mass: shape (hypotheses, judges, states).
    """

    states: NDArray[np.int64]
    mass: NDArray[np.float64]


def start(world: ExactWorld) -> Joint:
    """Returns the joint distribution before the first round."""
    states = counts(world.right.shape[1], world.start_rows)
    rows = multinomial(states, world.start)
    mass = world.prior[:, None, None] * world.signal.judges(world.right)[:, :, None] * rows[:, None, :]
    return _merge(states, mass)


def advance(world: ExactWorld, joint: Joint) -> tuple[Joint, float, float]:
    """Advances one round: (the next joint distribution, offered bits, injected bits).

    offered = H(S_t | Y_t, Z_t) and injected = I(X; S_t | Y_t, Z_t), S_t being the verdict of every sample and the
    fresh rows, in order.
    """
    possible = batch(world.right.shape[1], world.samples)
    fresh = counts(world.right.shape[1], world.fresh)
    law = multinomial(fresh, world.fresh_shares)  # (hypotheses, fresh)
    work = joint.states.shape[0] * possible.of.size * fresh.shape[0]
    if work > MOST_WORK:
        raise OutOfRegimeError(f"a round of this world has {work:,} outcomes, more than can be enumerated.")
    offered = injected = 0.0
    parts = []
    for at in _chunks(joint, possible, fresh.shape[0]):
        here = joint.mass[:, :, at]
        share = world.shares(joint.states[at])
        drawn = multinomial(possible.sampled, share)  # (states, batches)
        pairs = _pairs(world, share, possible)  # (hypotheses | 1, judges | 1, states | 1, pairs)
        bits = _bits(here, drawn, pairs, possible, fresh, law)
        offered, injected = offered + bits[0], injected + bits[1]
        parts.append(_flow(world, joint.states[at], here, drawn, pairs, possible, fresh, law))
    states, mass = (
        np.concatenate(each, axis=axis) for each, axis in zip(zip(*parts, strict=True), (0, 2), strict=True)
    )
    return _merge(states, mass), offered, injected


def _chunks(joint: Joint, possible: Batch, fresh: int) -> Iterator[slice]:
    hypotheses, judges = joint.mass.shape[:2]
    per_state = possible.of.size * (hypotheses + fresh) + judges * possible.kept.shape[0] * fresh * hypotheses
    size = max(1, CHUNK // per_state)
    for first in range(0, joint.states.shape[0], size):
        yield slice(first, first + size)


def _pairs(world: ExactWorld, share: NDArray[np.float64], possible: Batch) -> NDArray[np.float64]:
    """Returns P(accepted counts | sampled counts, …) of every pair; axes of length 1 where nothing depends on them."""
    rates = world.signal.rates(Scene(world.right, share, possible.sampled))
    if rates.shape[3] > 1:
        rates = rates[:, :, :, possible.of, :]
    found = np.ones(np.broadcast_shapes(rates.shape[:-1], (1, 1, 1, possible.of.size)))
    accepted, rejected = possible.accepted, possible.rejected
    for answer in range(rates.shape[-1]):  # one answer at a time: the axis would be the largest array
        rate = rates[..., answer]
        found *= rate ** accepted[:, answer] * (1 - rate) ** rejected[:, answer]
    return np.asarray(found * possible.orders)


def _bits(
    here: NDArray[np.float64],
    drawn: NDArray[np.float64],
    pairs: NDArray[np.float64],
    possible: Batch,
    fresh: NDArray[np.int64],
    law: NDArray[np.float64],
) -> tuple[float, float]:
    """Returns (offered, injected) of the round, summed over these states with their probability.

    Verdicts of equal answers are exchangeable, so counts hold all that the verdicts say about X; what the order of
    the samples adds to their entropy is log2 of the number of orders, whatever X.
    """
    total = here.sum(axis=(0, 1))  # (states,)
    if total.sum() <= 0:
        return 0.0, 0.0
    scale = np.where(total > 0, total, 1.0)
    belief = here.sum(axis=1) / scale  # P(x | z)
    judges = here / np.where(here.sum(axis=1) > 0, here.sum(axis=1), 1.0)[:, None, :]
    if pairs.shape[1] == 1:
        given = pairs[:, 0]  # (hypotheses | 1, states | 1, pairs)
    else:
        given = np.einsum("xvz,xvzr->xzr", judges, np.broadcast_to(pairs, (*here.shape, pairs.shape[-1])))
    weight = total[:, None] * drawn  # P(z, y)
    orders = np.log2(possible.orders)[:, None] + np.log2(ways(fresh))[None, :]

    # The mixture over X of verdicts and fresh rows together: P(c, f | y, z).
    hypotheses, size = belief.shape
    full = np.broadcast_to(given, (hypotheses, size, possible.of.size))
    mixed = np.einsum("xz,xzr,xf->zrf", belief, full, law, optimize=True)
    counted = np.add.reduceat((plogp(mixed) + mixed * orders).sum(axis=-1), possible.first, axis=-1)
    offered = float((weight * counted).sum())

    # Given X the verdicts and the fresh rows are independent of each other.
    both = np.zeros_like(weight)
    for x in range(hypotheses):
        verdicts = np.add.reduceat(
            plogp(full[x]) + full[x] * np.log2(possible.orders), possible.first, axis=-1
        )  # (states, batches)
        rows = float((plogp(law[x]) + law[x] * np.log2(ways(fresh))).sum())
        both += belief[x][:, None] * (verdicts + rows)
    return offered, max(0.0, offered - float((weight * both).sum()))


def _flow(
    world: ExactWorld,
    states: NDArray[np.int64],
    here: NDArray[np.float64],
    drawn: NDArray[np.float64],
    pairs: NDArray[np.float64],
    possible: Batch,
    fresh: NDArray[np.int64],
    law: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns the states that these states lead to (some twice) and the mass that arrives there."""
    kept, answers = possible.kept, states.shape[1]
    shape = (*pairs.shape[:2], states.shape[0], kept.shape[0])
    kernel = np.zeros(shape)  # P(c | x, judge, z)
    if pairs.shape[2] == 1:
        table = np.zeros((*pairs.shape[:2], possible.sampled.shape[0], kept.shape[0]))
        table[:, :, possible.of, possible.leaves] = pairs[:, :, 0]
        kernel = drawn @ table
    else:
        order = np.argsort(possible.leaves, kind="stable")
        leaves, first = np.unique(possible.leaves[order], return_index=True)
        joint = (pairs * drawn[:, possible.of])[..., order]
        kernel[..., leaves] = np.add.reduceat(joint, first, axis=-1)
    moved = here[..., None] * kernel  # (x, judge, z, c)
    rows = kept[:, None, :] + fresh[None, :, :]  # (c, f, answer)
    if world.accumulate:
        mass = (moved[..., None] * law[:, None, None, None, :]).reshape(*here.shape[:2], -1)
        return (states[:, None, None, :] + rows[None]).reshape(-1, answers), mass
    if world.fresh:
        mass = (moved.sum(axis=2)[..., None] * law[:, None, None, :]).reshape(*here.shape[:2], -1)
        return rows.reshape(-1, answers), mass
    some = kept.sum(axis=1) > 0  # where nothing is accepted the old rows stay
    return (
        np.concatenate([kept[some], states]),
        np.concatenate([moved.sum(axis=2)[..., some], moved[..., ~some].sum(axis=-1)], axis=-1),
    )


def _merge(states: NDArray[np.int64], mass: NDArray[np.float64]) -> Joint:
    """Adds up equal states and leaves out those that are never reached."""
    reached = mass.sum(axis=(0, 1)) > 0
    unique, place = np.unique(states[reached], axis=0, return_inverse=True)
    flat = mass[:, :, reached].reshape(-1, int(reached.sum()))
    added = np.stack([np.bincount(place.ravel(), weights=row, minlength=unique.shape[0]) for row in flat]).astype(
        np.float64
    )
    return Joint(unique.astype(np.int64), added.astype(np.float64).reshape(*mass.shape[:2], unique.shape[0]))
