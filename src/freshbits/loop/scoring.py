"""The declared signals of a loop, ready to score a round: the task's own check, or a signal of freshbits by name."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.loop.given import applied, scored_by
from freshbits.loop.judged import Judged, judged
from freshbits.loop.tasks.turns import PART, Turns
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import SIGNAL
from freshbits.signals.controls.random import Random
from freshbits.signals.environments.environment import REWARD
from freshbits.signals.named import make
from freshbits.signals.own_state.confidence import Confidence
from freshbits.signals.own_state.majority import Majority
from freshbits.signals.signal import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from freshbits.loop.declare import Loop
    from freshbits.loop.given import Given
    from freshbits.loop.parts import Signal as Declared
    from freshbits.loop.tasks.task import Prompt, Task

    Scores = list[float | None]
    Score = Callable[[Sequence[Prompt], pl.DataFrame], Scores]
    Judge = Callable[[Sequence[Prompt], Sequence[str]], Scores]

OWN_CHECK = ("environment", "exact")  # names of the task's own check in `meter: {truth: …}`
HALF = 0.5  # a verdict of at least this accepts, where nothing else is declared


@dataclass(frozen=True)
class Scorer:
    """Holds one signal of a loop.

    Attributes:
        name: column its scores go to.
        weight: its weight in the reward.
        accept: score from which a completion counts as accepted; None for the upper half of its group.
        score: scores the rows of a round; None is unscored.
        judge: the same where a judge scores, which holds what it said of each criterion.
    """

    name: str
    weight: float
    accept: float | None
    score: Score
    judge: Judged | None = None

    def parts(self) -> dict[str, Scores]:
        """Returns further columns of the rows that were scored last: a rubric's criteria."""
        return {} if self.judge is None else self.judge.parts

    def passed(self, scores: Sequence[float | None], groups: Sequence[str]) -> list[bool]:
        """Says of every row whether the signal accepts it; what is unscored is not accepted.

        >>> scorer = Scorer("r", 1.0, None, lambda prompts, rows: [])
        >>> scorer.passed([0.1, 0.2, 0.3, None], ["a", "a", "a", "a"])
        [False, False, True, False]
        """
        if self.accept is not None:
            return [value is not None and value >= self.accept for value in scores]
        found: dict[str, list[float]] = defaultdict(list)
        for value, group in zip(scores, groups, strict=True):
            if value is not None:
                found[group].append(value)
        middle = {group: median(values) for group, values in found.items()}
        return [value is not None and value > middle[group] for value, group in zip(scores, groups, strict=True)]


def scorers(
    loop: Loop, task: Task, *, lots: int | None = None, given: Mapping[str, Given] | None = None
) -> list[Scorer]:
    """Makes the signals of a loop.

    Args:
        loop: the declaration.
        task: what the loop is about; `verifier: exact` is its own check, where it has one.
        lots: where given, every signal is replaced by lots drawn from its own scores of the round, seeded with this:
            as many are accepted, and nothing is said about the task.
        given: signals written in Python that take the place of declared ones, by name.

    Raises:
        InputError: if a signal needs what a run does not have yet.
    """
    given = given or {}
    found = [
        _scorer(
            signal, task, None if signal.name not in given else scored_by(signal.name, given[signal.name]), loop.seed
        )
        for signal in loop.signals
    ]
    return found if lots is None else [_by_lot(scorer, lots) for scorer in found]


def totals(scorers: Sequence[Scorer], scores: Mapping[str, Scores]) -> Scores:
    """Returns the weighted sum of every row's scores; None where one is missing.

    >>> one = Scorer("r", 2.0, 0.5, lambda prompts, rows: [])
    >>> totals([one], {"r": [1.0, None]})
    [2.0, None]
    """
    columns = [
        [None if value is None else scorer.weight * value for value in scores[scorer.name]] for scorer in scorers
    ]
    return [
        None if any(value is None for value in row) else math.fsum(value for value in row if value is not None)
        for row in zip(*columns, strict=True)
    ]


def truth(loop: Loop, task: Task) -> Judge:
    """Returns what says whether completions are right: the task's own check, or the verifier that the meter names.

    A score counts as right where it is full (1); None stays unscored.

    Raises:
        InputError: if there is no such verifier.
    """
    if loop.meter.truth in OWN_CHECK:
        return lambda prompts, texts: [
            _right(task.check(prompt, text)) for prompt, text in zip(prompts, texts, strict=True)
        ]
    signal = make(loop.meter.truth)

    def judge(prompts: Sequence[Prompt], texts: Sequence[str]) -> Scores:
        items = [
            Item(prompt.text, text, prompt.answer, fields=prompt.fields)
            for prompt, text in zip(prompts, texts, strict=True)
        ]
        return [_right(verdict.score) for verdict in signal.score(items)]

    return judge


def _right(score: float | None) -> float | None:
    return None if score is None else float(score >= 1.0)


def _scorer(declared: Declared, task: Task, given: Score | None, seed: int) -> Scorer:
    accept = declared.accept if declared.accept is not None else HALF

    def scorer(score: Score, threshold: float | None = accept) -> Scorer:
        return Scorer(declared.name, declared.weight, threshold, score)

    def by_task(prompts: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        return [task.check(prompt, text) for prompt, text in zip(prompts, rows["completion"], strict=True)]

    def all_of_them(prompts: Sequence[Prompt], _: pl.DataFrame) -> Scores:
        return [1.0] * len(prompts)

    if given is not None:
        return scorer(given)
    options = {name: str(value) for name, value in declared.options.items()}
    if declared.kind == "none":
        return scorer(all_of_them)
    if isinstance(task, Turns) and (declared.kind == "environment" or declared.verifier == "exact"):
        return scorer(_seen(str(declared.environment) if isinstance(declared.environment, str) else REWARD))
    if declared.environment is True or (declared.verifier == "exact" and task.checks):
        return scorer(by_task)
    if declared.kind == "verifier":
        return scorer(applied(make(str(declared.what), options)))
    if declared.kind == "reference":
        return scorer(_referred(task))
    if declared.kind == "random":
        rate = HALF if declared.random is True else float(declared.what)
        return scorer(applied(Random(rate=rate)))
    if declared.kind == "majority_vote":
        return scorer(applied(Majority(task.read)))
    if declared.kind == "confidence":
        return scorer(applied(Confidence(by="logprob")), declared.accept)
    if declared.kind in ("rubric", "judge"):
        judge = judged(declared, seed)
        return Scorer(declared.name, declared.weight, accept, judge, judge)
    raise InputError(
        f"the signal {declared.name} ({declared.kind}) cannot be run in a loop yet",
        mend="give it as a function: run(loop, out, signals={NAME: …}); or run the loop with a verifier",
    )


def _seen(part: str) -> Score:
    """Returns a part of the reward of a task of several turns, which the environment told while it was played."""

    def score(_: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        if PART + part not in rows.columns:
            given = [name.removeprefix(PART) for name in rows.columns if name.startswith(PART)]
            raise InputError(
                f"the environment gives no {part!r}{nearest(part, given)}", mend=f"it gives {', '.join(given)}"
            )
        return rows[PART + part].to_list()

    return score


def _referred(task: Task) -> Score:
    """Says whether a completion is the reference that training was given: nothing is trained on this score."""

    def score(prompts: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        told = {prompt.text: task.fixed_reference(prompt) for prompt in prompts}
        return [
            None if told[prompt.text] is None else float(text.strip() == told[prompt.text])
            for prompt, text in zip(prompts, rows["completion"], strict=True)
        ]

    return score


def _by_lot(scorer: Scorer, seed: int) -> Scorer:
    import polars as pl

    signal = Random(like=scorer.name, seed=seed)

    def score(prompts: Sequence[Prompt], rows: pl.DataFrame) -> Scores:
        real = pl.Series(SIGNAL + scorer.name, scorer.score(prompts, rows), dtype=pl.Float64)
        return applied(signal)(prompts, rows.with_columns(real))

    return Scorer(scorer.name, scorer.weight, scorer.accept, score)
