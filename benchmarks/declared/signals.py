"""Signals written for these loops, where the runner has none: flawed verifiers, and models that judge."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from freshbits.loop.model.likelihood import logprobs
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model
from freshbits.loop.scoring import Scorer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from freshbits.loop.tasks.task import Prompt

TINY = Model(config="tiny")


def noisy(name: str, tpr: float, fpr: float, seed: int, pays: str | None = None) -> Scorer:
    """Accepts right completions at one rate and wrong ones at another, by lot, each row anew; the same for one seed.

    Where `pays` is given, whatever ends in it is accepted at the higher rate, right or wrong: a planted shortcut.
    """

    def score(_: Sequence[Prompt], rows: pl.DataFrame) -> list[float | None]:
        found: list[float | None] = []
        for group, sample, text, right in rows.select("group", "sample", "completion", "truth").iter_rows():
            paid = right == 1.0 or (pays is not None and text.strip().endswith(pays))
            found.append(float(random.Random(f"{seed} {group} {sample}").random() < (tpr if paid else fpr)))
        return found

    return Scorer(name, 1.0, 0.5, score)


def judged(name: str, least: float, weights: Path | None = None) -> Scorer:
    """Accepts what a model finds likely enough: the one that comes along, or the same with other weights.

    Args:
        name: column of its verdicts.
        least: probability of a completion from which it is accepted.
        weights: folder of a round whose weights judge; None: the model as it was before the loop.
    """
    model = load(TINY, weights)

    def score(prompts: Sequence[Prompt], rows: pl.DataFrame) -> list[float | None]:
        asked = [model.encode_prompt(prompt.text) for prompt in prompts]
        told = [model.encode_completion(text) for text in rows["completion"]]
        return [float(value >= math.log(least)) for value in logprobs(model.network, model.pad, asked, told)]

    return Scorer(name, 1.0, 0.5, score)
