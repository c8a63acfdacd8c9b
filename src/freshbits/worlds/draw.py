"""Draws the rows of a world, as the canonical rollout table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.rollouts.schema import EXTRA, SIGNAL, conform
from freshbits.worlds.component import Rows, weights
from freshbits.worlds.marks import Follows, Habit
from freshbits.worlds.streams import stream, table
from freshbits.worlds.text import VARIANTS, Sums, completion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freshbits.worlds.rates import Array
    from freshbits.worlds.spec import Spec
    from freshbits.worlds.state import Ints


def draw(spec: Spec, seed: int, round: int) -> pl.DataFrame:
    """Draws one round of all sources; the same arguments give the same bytes."""
    sums = Sums.draw(seed, spec.prompts)
    frames = [_one(spec, seed, round, index, sums) for index in range(len(spec.sources))]
    return conform(pl.concat(frames))


def _one(spec: Spec, seed: int, round: int, index: int, sums: Sums) -> pl.DataFrame:
    source, asked = spec.sources[index], spec.asked(round)
    population = spec.population(seed)
    prompts = spec.believed(population, asked, round, source)
    sizes = spec.sizes.draw(stream(seed, "sizes", round, index), spec.prompts)[asked]
    width = int(spec.sizes.support()[0].max())
    place = np.repeat(np.arange(asked.size), sizes)
    sample = np.concatenate([np.arange(size) for size in sizes])

    def uniform(purpose: str) -> Array:
        """One number per row, fixed by (seed, round, source, prompt, sample, purpose)."""
        numbers: Array = table(seed, purpose, round, index, spec.prompts, width)[asked[place], sample]
        return numbers

    below = np.cumsum(prompts.belief, axis=1)[place]
    answer = _invert(below, uniform("answers"))
    habits = spec.habits
    config = np.zeros(place.size, dtype=np.int64)
    present: dict[str, Array] = {}
    for name, feature in spec.features.items():
        if isinstance(feature, Habit):
            rate = np.where(answer == 0, feature.right, feature.wrong)
            present[name] = (uniform(f"feature {name}") < rate).astype(float)
            config = config * 2 + present[name].astype(np.int64)
    rows = Rows(prompts, place, answer, config, habits, asked.size, place)

    verdicts: dict[str, Array] = {
        name: part.draw(rows, population.latents[name][asked], uniform(f"signal {name}"))
        for name, part in spec.signals.items()
    }
    for name, feature in spec.features.items():
        if isinstance(feature, Follows):
            accepted = verdicts[feature.signal] == spec.discrete(feature.signal).levels[-1]
            rate = np.where(accepted, feature.accepted, feature.rejected)
            present[name] = (uniform(f"feature {name}") < rate).astype(float)

    variant = (uniform("variant") * VARIANTS).astype(np.int64)
    stated = sums.answer(asked[place], answer)
    cut = (answer == prompts.belief.shape[1] - 1) if spec.cut else np.zeros(place.size, dtype=bool)
    texts = _texts(spec, sums, asked[place], stated, cut, variant, present)
    asked_texts = sums.prompts
    columns: dict[str, object] = {
        "round": np.full(place.size, round),
        "prompt": [asked_texts[i] for i in asked[place].tolist()],
        "prompt_id": [f"sum-{i:06d}" for i in asked[place].tolist()],
        "source": [source.name] * place.size,
        "sample": sample,
        "completion": texts,
        "answer": (sums.left + sums.right)[asked[place]].astype(str).tolist(),
        "extracted": [None if c else str(s) for c, s in zip(cut.tolist(), stated.tolist(), strict=True)],
        "tokens": [len(text.split()) for text in texts],
        "truncated": cut,
        "region": [spec.regions[i].name for i in prompts.region[place].tolist()],
    }
    if spec.labelled > 0:
        known = uniform("labels") < spec.labelled
        columns["truth"] = _masked((answer == 0).astype(float), known)
        if spec.labelled < 1:
            columns["truth_weight"] = _masked(np.full(place.size, 1 / spec.labelled), known)
    if spec.logprobs:
        mass = weights(prompts, habits)[place, answer, config]
        columns["logprob"] = np.log(mass) - math.log(VARIANTS)
    for name, part in spec.signals.items():
        columns[SIGNAL + name] = _masked(verdicts[name], uniform(f"scored {name}") < part.scored)
    for name, values in present.items():
        columns[EXTRA + name] = values.astype(np.int64)
    return pl.DataFrame(columns, strict=False)


def _invert(below: Array, uniform: Array) -> Ints:
    drawn: Ints = np.minimum((uniform[:, None] * below[:, -1:] >= below).sum(axis=1), below.shape[1] - 1)
    return drawn


def _masked(values: Array, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pl.Series:
    return pl.Series(values).set(~pl.Series(keep), None)


def _texts(
    spec: Spec,
    sums: Sums,
    prompt: Ints,
    stated: Ints,
    cut: np.ndarray[tuple[int], np.dtype[np.bool_]],
    variant: Ints,
    present: Mapping[str, Array],
) -> list[str]:
    marks = [(feature.mark, (present[name] > 0).tolist()) for name, feature in spec.features.items()]
    numbers = zip(
        sums.left[prompt].tolist(),
        sums.right[prompt].tolist(),
        stated.tolist(),
        cut.tolist(),
        variant.tolist(),
        strict=True,
    )
    return [
        completion(a, b, None if gone else said, how, [(mark, there[i]) for mark, there in marks], spec.close)
        for i, (a, b, said, gone, how) in enumerate(numbers)
    ]
