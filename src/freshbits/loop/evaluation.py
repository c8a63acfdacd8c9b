"""How good a model is at a task: exactly where every right answer can be listed, else by sampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from freshbits.loop.model.likelihood import logprobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.loop.generate import Generator
    from freshbits.loop.scoring import Judge
    from freshbits.loop.tasks.task import Prompt, Task

EXACT, SAMPLED = "exact, every right answer listed", "sampled"


@dataclass(frozen=True, slots=True)
class Measured:
    """Holds what was measured on one prompt.

    Attributes:
        prompt: the prompt's text.
        accuracy: probability of a right completion at temperature 1; None where nothing was scored.
        entropy: bits of the choice among right completions, given that it is right; None unless exact.
        loss: -log2 P(true completion | prompt), mean over true completions; None where they are not known.
    """

    prompt: str
    accuracy: float | None
    entropy: float | None
    loss: float | None


@dataclass(frozen=True)
class Evaluation:
    """Holds measurements by prompt, and how they were made."""

    method: str
    prompts: tuple[Measured, ...]

    def mean(self, name: str) -> float | None:
        """Returns the mean over prompts of `accuracy`, `entropy` or `loss`; None where no prompt has it.

        >>> Evaluation(EXACT, (Measured("p", 0.5, 1.0, None), Measured("q", 1.0, 2.0, None))).mean("accuracy")
        0.75
        """
        values = [getattr(each, name) for each in self.prompts]
        known = [value for value in values if value is not None]
        return math.fsum(known) / len(known) if known else None

    @property
    def distinct(self) -> float | None:
        """Effective number of right answers per prompt, 2^entropy, mean over prompts; None unless exact.

        >>> Evaluation(EXACT, (Measured("p", 0.5, 1.0, None), Measured("q", 1.0, 2.0, None))).distinct
        3.0
        """
        values = [2.0**each.entropy for each in self.prompts if each.entropy is not None]
        return math.fsum(values) / len(values) if values else None


class Reader(Protocol):
    """Describes what evaluation needs of a model: its network, its padding, its tokens for a prompt and an answer."""

    @property
    def network(self) -> Any:
        """The causal language model."""
        ...

    @property
    def pad(self) -> int:
        """The padding token."""
        ...

    def encode_prompt(self, text: str) -> list[int]:
        """Returns the tokens of a prompt, as generation sees them."""
        ...

    def encode_completion(self, text: str) -> list[int]:
        """Returns the tokens of a completion, its end included."""
        ...


def exact(model: Reader, task: Task, prompts: Sequence[Prompt]) -> Evaluation:
    """Measures by listing every right answer: accuracy is the sum of their probabilities, without sampling noise.

    With p(y) = P(y | prompt), y right: accuracy A = Σ p(y); entropy = -Σ (p/A) log2 (p/A), the variety inside the
    right class; loss = mean of -log2 p(y) over the right answers, each as likely as any other in true data.
    Completions are those the tokenizer writes for an answer; other tokenisations of the same text are not counted.
    """
    rows = [(at, answer) for at, prompt in enumerate(prompts) for answer in task.answers(prompt) or ()]
    asked = [model.encode_prompt(prompt.text) for prompt in prompts]
    found = logprobs(
        model.network, model.pad, [asked[at] for at, _ in rows], [model.encode_completion(answer) for _, answer in rows]
    )
    measured = []
    for at, group in groupby(zip(rows, found, strict=True), key=lambda row: row[0][0]):
        logs = [value for _, value in group]
        shares = [math.exp(value) for value in logs]
        accuracy = math.fsum(shares)
        entropy = -math.fsum(p / accuracy * math.log2(p / accuracy) for p in shares if p > 0) if accuracy > 0 else None
        loss = -math.fsum(logs) / len(logs) / math.log(2)
        measured.append(Measured(prompts[at].text, min(accuracy, 1.0), entropy, loss))
    return Evaluation(EXACT, tuple(measured))


def sampled(generator: Generator, judge: Judge, prompts: Sequence[Prompt], samples: int, seed: int) -> Evaluation:
    """Measures by drawing completions: accuracy is the share that is right, unscored ones left out."""
    asked = [prompt for prompt in prompts for _ in range(samples)]
    drawn = generator.generate([prompt.text for prompt in asked], 1.0, seed)
    right = judge(asked, [each.text for each in drawn])
    measured = []
    for at, prompt in enumerate(prompts):
        known = [score for score in right[at * samples : (at + 1) * samples] if score is not None]
        measured.append(Measured(prompt.text, math.fsum(known) / len(known) if known else None, None, None))
    return Evaluation(SAMPLED, tuple(measured))
