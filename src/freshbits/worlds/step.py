"""Loops that generate, judge and train on tables of shares: very many of them at once.

One prompt is a vector of shares of its answers, which sampling, a verifier and training change round by round. There
is no network: prompts share nothing, so what happens is exact for the rules and the test bench of formulas. All
replicas take a step in one call; a prompt that has one answer left is left alone where nothing new can come in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.worlds.component import probability
from freshbits.worlds.step_draw import multinomial
from freshbits.worlds.step_rows import MANY, WIDEST, Rows, blocks, filled, passing, resampled, spread, unfixed
from freshbits.worlds.streams import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freshbits.worlds.rates import Array
    from freshbits.worlds.state import Ints
    from freshbits.worlds.step_draw import Counts, Shares
    from freshbits.worlds.step_rows import Labels
    from freshbits.worlds.step_state import Policies


@dataclass(frozen=True)
class Gradient:
    """Trains by group-relative policy gradient on a softmax over answers, one step per round (GRPO).

    θ_a += step · 1/G Σ_{rollouts of a} (S - s̄) / σ; a group whose verdicts agree moves nothing.

    Attributes:
        step: size of the step.
        divided: whether advantages are divided by the group's standard deviation.
    """

    step: float
    divided: bool = True


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Describes the rules of a round: how much is sampled and kept, what the verifier accepts, how it is trained on.

    Attributes:
        kept: accepted rows per prompt and round, sampled until there are that many; or
        samples: rollouts per prompt and round, of which the accepted are kept (none: the prompt stays as it is).
        accept: probability that each answer is accepted, one number per answer; None accepts all (a closed loop).
        fresh: share of rows that come from `source` instead of the model; they pass without a verdict.
        fresh_rows: exactly so many of the kept rows come from `source`, instead of a share by chance.
        source: shares of answers in fresh rows, (prompts, answers); needed where fresh > 0.
        accumulate: whether rows of earlier rounds stay in the pool.
        part: how far training goes from the old shares to those of the rows, at most 1.
        temperature: of sampling; shares are raised to 1/temperature.
        recorruption: share of each right answer's mass that turns wrong after every round, evenly over wrong answers.
        gradient: trains by policy gradient instead of refitting to the rows; needs `samples`.

    >>> from freshbits.worlds.step_state import Policies
    >>> loop = Loop(kept=8, accept=verifier(4, tpr=0.9, fpr=0.1))
    >>> start = Policies.of(np.full((50, 4), 0.25), replicas=20)
    >>> [round(float(state.rate.mean()), 2) for state in loop.run(start, seed=1, rounds=3)]
    [0.25, 0.76, 0.96, 1.0]
    """

    kept: int | None = None
    samples: int | None = None
    accept: tuple[float, ...] | None = None
    fresh: float = 0.0
    fresh_rows: int = 0
    source: Array | None = None
    accumulate: bool = False
    part: float = 1.0
    temperature: float = 1.0
    recorruption: float = 0.0
    gradient: Gradient | None = None

    def __post_init__(self) -> None:
        if (self.kept is None) == (self.samples is None) or (self.kept or self.samples or 0) < 1:
            raise InputError("a loop either keeps a number of rows per prompt or samples a number of rollouts")
        for name in ("fresh", "part", "recorruption"):
            probability(getattr(self, name), name)
        for rate in self.accept or ():
            probability(rate, "accept")
        if not self.temperature > 0:
            raise InputError(f"temperature {self.temperature} is not positive")
        if (self.fresh or self.fresh_rows) and self.source is None:
            raise InputError("fresh rows need a source")
        if self.fresh_rows and (self.fresh or not 0 < self.fresh_rows <= (self.kept or 0)):
            raise InputError(f"{self.fresh_rows} fresh rows need as many rows kept, and no share of fresh rows beside")
        if self.gradient and (self.samples is None or self.fresh or self.fresh_rows or self.accumulate):
            raise InputError("a policy gradient takes samples, and neither fresh rows nor a pool")

    @property
    def renews(self) -> bool:
        """Returns whether an answer that is gone can come back."""
        return self.fresh > 0 or self.fresh_rows > 0 or self.recorruption > 0

    @property
    def resamples(self) -> bool:
        """Returns whether the next rows depend on nothing but the last ones, which are few."""
        plain = not self.renews and self.gradient is None and not self.accumulate
        return plain and self.part == 1 and self.temperature == 1 and self._size <= WIDEST

    def run(self, start: Policies, seed: int, rounds: int) -> Iterator[Policies]:
        """Yields the state of the round it starts from and of each of the next rounds."""
        state = start
        yield state
        for _ in range(rounds):
            state = self.step(state, seed)
            yield state

    def step(self, state: Policies, seed: int) -> Policies:
        """Returns the state one round later; same state and seed, same state."""
        self._fits(state)
        rng = stream(seed, "loop", state.round)
        by_rows = self.resamples and state.answers >= MANY
        held, rows = self._by_rows(state, rng) if by_rows else self._by_shares(state, rng)
        return replace(state, held=held, rows=rows, round=state.round + 1)

    def rollouts(self, state: Policies, seed: int, size: int) -> tuple[Ints, Ints]:
        """Draws what a log of this round shows: rollouts of each answer, and how many of them were accepted.

        `size` rollouts per prompt from the state, not those that were trained on; each (replicas, prompts, answers).
        """
        self._fits(state)
        rng = stream(seed, "logged", state.round)
        shape = (state.replicas, state.prompts, state.table.shape[0])
        number = np.full(state.table.shape[1], size)
        drawn = multinomial(rng, number, self._generated(state.table))
        passed = self._passed(drawn, rng)
        return drawn.T.reshape(shape).astype(np.int64), passed.T.reshape(shape).astype(np.int64)

    @property
    def _size(self) -> int:
        return self.kept or self.samples or 0

    def _by_shares(self, state: Policies, rng: np.random.Generator) -> tuple[Rows, Array]:
        """Returns shares after training, prompt by prompt, and the rows in the pool."""
        table, rows = state.table.copy(), state.rows.copy()
        moving = [np.empty(0, dtype=np.intp)]
        for at in blocks(np.arange(table.shape[1]) if self.renews else state.held.moving):
            old = table[:, at]
            if self.gradient:
                new = _climbed(old, *self._judged(self._generated(old), rng), self.gradient)
            else:
                new, rows[at] = self._refitted(old, at % state.prompts, rows[at], rng)
            if self.recorruption:
                new = _forgotten(new, state.right, self.recorruption)
            table[:, at] = new
            moving.append(at[new.max(axis=0) < 1])
        return Rows.none(table, np.concatenate(moving)), rows

    def _by_rows(self, state: Policies, rng: np.random.Generator) -> tuple[Rows, Array]:
        """Returns rows drawn from the last rows, or from shares where there are none, and how many there are."""
        held = state.held
        if held.labels.shape[0] != self._size:  # shares, or rows of another loop
            held = Rows.none(held.table, held.moving, self._size)
        labels, number = held.labels.copy(), held.number.copy()
        moving = [np.empty(0, dtype=np.intp)]
        bare = held.number[held.moving] == 0
        for at in blocks(held.moving[bare]):
            counts = self._counts(held.beneath[:, at], at % state.prompts, rng)
            labels[:, at], number[at] = spread(counts, self._size)
            moving.append(at[unfixed(labels[:, at], number[at])])
        for at in blocks(held.moving[~bare]):
            new, number[at] = self._redrawn(labels.take(at, axis=1), number[at], rng)
            labels[:, at] = new
            moving.append(at[unfixed(new, number[at])])
        return Rows(held.beneath, labels, number, np.concatenate(moving)), np.where(number > 0, number, state.rows)

    def _redrawn(self, labels: Labels, number: Ints, rng: np.random.Generator) -> tuple[Labels, Ints]:
        if self.accept is None:
            return resampled(rng, labels, number), np.full_like(number, self._size)
        draw = filled if self.kept else passing
        return draw(rng, labels, number, np.asarray(self.accept, dtype=np.float32))

    def _fits(self, state: Policies) -> None:
        answers = state.answers
        if self.accept is not None and len(self.accept) != answers:
            raise InputError(f"accept has {len(self.accept)} rates, the state {answers} answers")
        if self.source is not None and self.source.shape != (state.prompts, answers):
            raise InputError(f"source is {self.source.shape}, the state has {state.prompts} prompts, {answers} answers")

    def _generated(self, table: Shares) -> Shares:
        """Returns the shares with which the model samples at this temperature, up to a factor."""
        if self.temperature == 1:
            return table
        heated = (table / table.max(axis=0)) ** np.float32(1 / self.temperature)
        shares: Shares = heated / heated.sum(axis=0)
        return shares

    def _refitted(self, old: Shares, prompt: Ints, pool: Array, rng: np.random.Generator) -> tuple[Shares, Array]:
        """Returns the shares after training on the rows that were kept, and the rows in the pool."""
        counts = self._counts(old, prompt, rng)
        number = counts.sum(axis=0)
        some = number > 0
        later = (pool if self.accumulate else 0) + number
        weight = (number / np.where(some, later, 1)).astype(np.float32) * np.float32(self.part)  # of the new rows
        # Divided, not multiplied by 1/number: the share of a prompt's only answer is then exactly 1.
        new = np.divide(counts, np.where(some, number, 1), dtype=np.float32, casting="unsafe")
        new *= weight
        if self.accumulate or self.part < 1 or not some.all():
            new += old * (1 - weight)
        return new, np.where(some, later, pool)

    def _counts(self, old: Shares, prompt: Ints, rng: np.random.Generator) -> Counts:
        """Returns how many of the rows that are kept show each answer."""
        weights = self._generated(old)
        if self.accept is not None:
            weights = weights * np.asarray(self.accept, dtype=np.float32)[:, None]
        total = weights.sum(axis=0)
        given = None if self.source is None else self.source[prompt].T.astype(np.float32)
        if self.fresh and given is not None:
            own = weights / np.where(total > 0, total, 1) if self.kept else weights
            weights = (1 - np.float32(self.fresh)) * own + np.float32(self.fresh) * given
            total = weights.sum(axis=0)
        counts = multinomial(rng, self._number(total, rng), weights)
        if self.fresh_rows and given is not None:
            counts += multinomial(rng, np.full(total.size, self.fresh_rows), given)
        return counts

    def _number(self, total: Shares, rng: np.random.Generator) -> Ints:
        """Returns the rows that each prompt trains on in this round."""
        if self.kept is not None:
            return np.where(total > 0, self.kept - self.fresh_rows, 0)
        if self.accept is None:
            return np.full(total.size, self.samples)
        accepted: Ints = rng.binomial(self.samples or 0, np.minimum(total.astype(np.float64), 1.0))
        return accepted

    def _judged(self, weights: Shares, rng: np.random.Generator) -> tuple[Counts, Counts]:
        drawn = multinomial(rng, np.full(weights.shape[1], self.samples), weights)
        return drawn, self._passed(drawn, rng)

    def _passed(self, drawn: Counts, rng: np.random.Generator) -> Counts:
        """Returns how many of the drawn rollouts the verifier accepts."""
        if self.accept is None:
            return drawn
        found = np.zeros_like(drawn)
        for a, rate in enumerate(self.accept):
            found[a] = rng.binomial(drawn[a], rate) if 0 < rate < 1 else drawn[a] * int(rate)
        return found


def verifier(
    answers: int, *, tpr: float, fpr: float, right: int = 1, shortcut: float | None = None
) -> tuple[float, ...]:
    """Returns the acceptance of each answer: TPR for the right ones, FPR for wrong ones.

    With `shortcut` the first wrong answer is accepted with that probability instead.

    >>> verifier(4, tpr=0.9, fpr=0.1, shortcut=1.0)
    (0.9, 1.0, 0.1, 0.1)
    """
    rates = [tpr] * right + [fpr] * (answers - right)
    if shortcut is not None:
        rates[right] = shortcut
    return tuple(rates)


def _climbed(old: Shares, drawn: Counts, passed: Counts, gradient: Gradient) -> Shares:
    """Returns the shares after one step of the policy gradient of each group."""
    size = drawn.sum(axis=0)
    mean = passed.sum(axis=0) / size
    spread = np.sqrt(mean * (1 - mean)) if gradient.divided else np.ones_like(mean)
    force = (passed - drawn * mean) / (size * np.where(spread > 0, spread, 1.0))
    grown = old * np.exp(np.clip(gradient.step * force, -80.0, 80.0))
    shares: Shares = (grown / grown.sum(axis=0)).astype(np.float32)
    return shares


def _forgotten(shares: Shares, right: int, part: float) -> Shares:
    """Returns the shares after a part of every right answer's mass has gone to the wrong answers, evenly."""
    wrong = shares.shape[0] - right
    moved = part * shares[:right].sum(axis=0) / max(wrong, 1)
    return np.concatenate([shares[:right] * (1 - part if wrong else 1.0), shares[right:] + moved]).astype(np.float32)
