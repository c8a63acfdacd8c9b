"""Judges in a loop: a model behind a server that reads a rubric, or the one criterion that a judge has without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.loop.given import items_of
from freshbits.signals.rubric.criteria import Criterion, Rubric
from freshbits.signals.rubric.file import read_rubric
from freshbits.signals.rubric.options import read_options
from freshbits.signals.rubric.signal import RubricSignal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from freshbits.loop.parts import Signal as Declared
    from freshbits.loop.tasks.task import Prompt

RIGHT = Rubric("judge", (Criterion("right", "The response does what the task asks, and what it states is right."),))
OWN = ("start", "student")


class Judged:
    """Scores the rows of a round by a judge, and holds what it said of each criterion.

    Args:
        name: of the signal.
        signal: what is asked.

    Attributes:
        parts: name of each further column -> its scores, of the rows that were scored last.
    """

    def __init__(self, name: str, signal: RubricSignal) -> None:
        self.name, self.signal = name, signal
        self.key = signal.key
        self.parts: dict[str, list[float | None]] = {}

    def __call__(self, prompts: Sequence[Prompt], rows: pl.DataFrame) -> list[float | None]:
        """Scores the rows of a round; equal texts are asked for once."""
        items = items_of(self.signal, prompts, rows)
        places: dict[tuple[str, str, str | None], int] = {}
        numbers = [places.setdefault((item.prompt, item.completion, item.answer), len(places)) for item in items]
        first = dict(zip(reversed(numbers), reversed(items), strict=True))
        verdicts = self.signal.score([first[number] for number in range(len(places))])
        found = [verdicts[number] for number in numbers]
        self.parts = {
            self.name + ending: [verdict.parts[at] if verdict.parts else None for verdict in found]
            for at, ending in enumerate(self.signal.columns)
        }
        return [verdict.score for verdict in found]


def judged(declared: Declared, seed: int) -> Judged:
    """Returns what scores a round by a declared rubric or judge.

    Args:
        declared: `rubric:` with `model:`, or `judge:`; `options` as of `freshbits score --signal rubric`.
        seed: of the loop; marks of quotations are drawn from it where no `secret` is given.

    Raises:
        InputError: there is no model to ask, it is the student itself or retrained, or an option or the file is wrong.
    """
    model = declared.model if declared.kind == "rubric" else str(declared.what)
    if model is None:
        raise InputError("nobody reads the rubric", column="signal.model", mend="write model: NAME")
    if model in OWN or not declared.frozen:
        what = "is trained again in every round" if not declared.frozen else f"is the {model} of the loop"
        raise InputError(
            f"the judge {what}, and no server has it", column=f"signal.{declared.kind}",
            mend="name a model that a server has; or give it as a function: run(loop, out, signals={NAME: …})",
        )  # fmt: skip
    if "url" not in declared.options and not {"OPENAI_BASE_URL", "OPENAI_API_KEY"} & set(os.environ):
        raise InputError(
            f"nobody says which server has the judge {model!r}", column="signal.options",
            mend="write options: {url: …}; or give it as a function: run(loop, out, signals={NAME: …})",
        )  # fmt: skip
    texts = {"secret": f"loop {seed} {declared.name}"} | {key: _word(value) for key, value in declared.options.items()}
    texts["model"] = model
    if declared.kind == "rubric":
        options = read_options(texts | {"rubric": str(declared.what)}, signal=declared.name)
        return Judged(declared.name, RubricSignal.of(read_rubric(options.rubric), options))
    options = read_options(texts, signal=declared.name, needs_rubric=False)
    return Judged(declared.name, RubricSignal.of(RIGHT, options))


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
