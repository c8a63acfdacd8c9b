"""The fast path: counts per group without rows or text, for calibrations over thousands of logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.worlds.component import Discrete
from freshbits.worlds.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.worlds.rates import Array
    from freshbits.worlds.spec import Population, Spec
    from freshbits.worlds.state import Ints


@dataclass(frozen=True)
class Counts:
    """Holds one row per group: prompt, round, source, rollouts, and per binary component scored and accepted.

    Attributes:
        prompt, round, source: indices of the group.
        n: rollouts in the group.
        right: rollouts with the right answer.
        scored: per component, rollouts with a verdict.
        accepted: per component, rollouts accepted.
    """

    prompt: Ints
    round: Ints
    source: Ints
    n: Ints
    right: Ints
    scored: Mapping[str, Ints]
    accepted: Mapping[str, Ints]


def count(spec: Spec, seed: int, rounds: tuple[int, ...]) -> Counts:
    """Draws the counts of these rounds; the prompts are those that `draw` has for the same seed.

    The verdicts are drawn from other random numbers than those of `draw`: same law, not the same rows.
    """
    names = tuple(
        name for name, part in spec.signals.items() if isinstance(part, Discrete) and part.levels == (0.0, 1.0)
    )
    if not 1 <= len(names) <= 10:
        raise InputError(f"the world has {len(names)} binary components; counts take 1 to 10")
    population = spec.population(seed)
    parts = [
        _group(spec, population, names, seed, round, source) for round in rounds for source in range(len(spec.sources))
    ]

    def joined(pieces: list[Ints]) -> Ints:
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    return Counts(
        joined([part.prompt for part in parts]),
        joined([part.round for part in parts]),
        joined([part.source for part in parts]),
        joined([part.n for part in parts]),
        joined([part.right for part in parts]),
        {name: joined([part.scored[name] for part in parts]) for name in names},
        {name: joined([part.accepted[name] for part in parts]) for name in names},
    )


def _group(spec: Spec, population: Population, names: tuple[str, ...], seed: int, round: int, index: int) -> Counts:
    asked = spec.asked(round)
    prompts = spec.believed(population, asked, round, spec.sources[index])
    n = spec.sizes.draw(stream(seed, "sizes", round, index), spec.prompts)[asked]
    rng = stream(seed, "counts", round, index)
    habits = spec.habits
    voting = tuple(name for name in names if spec.discrete(name).votes)
    free = tuple(name for name in names if name not in voting)

    # the free components' verdicts given (prompt, class): the last axis runs over their combinations
    given = np.where(prompts.right[:, None] > 0, habits.right, habits.wrong)[None, :, :, None]
    for name in free:
        law = spec.discrete(name).law(prompts, population.latents[name][asked], habits)
        given = (given[..., :, None] * law[..., None, :]).reshape(
            *np.broadcast_shapes(given.shape[:3], law.shape[:3]), -1
        )
    given = given.sum(axis=2)
    accepted: dict[str, Ints] = {}
    if voting:
        answers = rng.multinomial(n, _proper(prompts.belief))
        chances = np.broadcast_to(given, (*answers.shape, given.shape[-1]))
        drawn = rng.multinomial(answers, _proper(chances))
        right, combined = answers[:, 0], drawn.sum(axis=1)
        votes = answers[:, :-1] if prompts.cut else answers
        for name in voting:
            accepted[name] = votes.max(axis=1)
    else:
        truth = prompts.belief[:, :1, None] * given[:, :1]
        rest = (prompts.belief[:, 1:, None] * given[:, 1:]).sum(axis=1, keepdims=True)
        cells = np.concatenate([truth, rest], axis=1)
        drawn = rng.multinomial(n, _proper(cells.reshape(len(cells), -1))).reshape(len(cells), 2, -1)
        right, combined = drawn[:, 0].sum(axis=1), drawn.sum(axis=1)
    combined = combined.reshape(-1, *([2] * len(free)))
    for axis, name in enumerate(free):
        accepted[name] = combined.take(1, axis=1 + axis).reshape(len(n), -1).sum(axis=1)

    scored: dict[str, Ints] = {}
    for name in names:
        share = spec.signals[name].scored
        scored[name] = n
        if share < 1:
            kept = rng.binomial(accepted[name], share)
            scored[name] = kept + rng.binomial(n - accepted[name], share)
            accepted[name] = kept
    place = np.full(asked.size, 1, dtype=np.int64)
    return Counts(asked, place * round, place * index, n, right, scored, accepted)


def _proper(chances: Array) -> Array:
    chances = np.clip(chances, 0.0, 1.0)
    proper: Array = chances / chances.sum(axis=-1, keepdims=True)
    return proper
