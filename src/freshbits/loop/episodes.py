"""Episodes of a task of several turns, in tokens: what the model wrote and what it read in between.

All episodes under way are written for in one batch per turn. The tokens of an episode are those behind its prompt: the
model's own, each message with its end, and between them what the environment answered. Only its own are trained on,
and only they count in the log-probability.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.loop.evaluation import SAMPLED, Evaluation, Measured
from freshbits.loop.generate import Local
from freshbits.loop.model.likelihood import logprobs
from freshbits.loop.tasks.turns import PART
from freshbits.loop.train.examples import IDS, OWN, Example
from freshbits.rollouts.schema import EXTRA
from freshbits.signals.environments.environment import REWARD
from freshbits.signals.environments.play import Message, Played, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.loop.generate import Generator
    from freshbits.loop.model.model import Model
    from freshbits.loop.tasks.task import Prompt
    from freshbits.loop.tasks.turns import Turns

JOIN = "\n\n"  # between messages of a completion, as the readers of logs join them
SUCCESS, STEPS = "success", "step_reward"
RETURN, TURN, TRANSCRIPT, FAULT = "return", "turn_", "transcript", "fault"  # what the log keeps as extra.NAME


@dataclass(frozen=True)
class Told:
    """Holds one episode with its tokens.

    Attributes:
        played: the episode.
        tokens: tokens behind the prompt.
        sampled: which of them the model wrote.
        logprob: ln P of those, in nats at temperature 1.
    """

    played: Played
    tokens: tuple[int, ...]
    sampled: tuple[bool, ...]
    logprob: float

    @property
    def completion(self) -> str:
        """Every message of the model, joined."""
        return JOIN.join(self.played.messages)


class Writing:
    """Writes for episodes, turn by turn, and keeps their tokens."""

    def __init__(self, model: Model, generator: Local, prompts: Sequence[str], temperature: float, seed: int) -> None:
        self.asked = [model.encode_prompt(prompt) for prompt in prompts]
        self.tokens: list[list[int]] = [[] for _ in prompts]
        self.sampled: list[list[bool]] = [[] for _ in prompts]
        self._model = model
        self._generator = generator
        self._temperature = temperature
        self._rng = random.Random(seed)

    def __call__(self, played: Sequence[Played], live: Sequence[int]) -> list[Message]:
        """Writes one message for each episode under way, after it has read the last answer."""
        for at in live:
            if played[at].observations:
                self.read(at, played[at].observations[-1])
        rows = [self.asked[at] + self.tokens[at] for at in live]
        written = self._generator.continued(rows, self._temperature, self._rng.getrandbits(31))
        texts = self._model.tokenizer.batch_decode(written, skip_special_tokens=True)
        for at, ids in zip(live, written, strict=True):
            self.tokens[at] += ids
            self.sampled[at] += [True] * len(ids)
        end = self._model.end
        return [Message(text, ids[-1] != end) for text, ids in zip(texts, written, strict=True)]

    def read(self, at: int, observation: str) -> None:
        """Lets an episode read an answer; a message that was cut is ended first, by a token that nobody wrote."""
        more = self._model.encode_observation(observation)
        if self.tokens[at] and self.tokens[at][-1] != self._model.end:
            more = [self._model.end, *more]
        self.tokens[at] += more
        self.sampled[at] += [False] * len(more)


def told(
    task: Turns,
    model: Model,
    generator: Generator,
    prompts: Sequence[Prompt],
    seeds: Sequence[int],
    temperature: float,
    seed: int,
) -> list[Told]:
    """Plays one episode for every prompt.

    Args:
        task: whose environment answers.
        model, generator: what writes.
        prompts, seeds: what is asked, and what draws the rest of each episode.
        temperature, seed: of sampling.

    Raises:
        InputError: if the model is written for by a server or by vLLM.
    """
    if not isinstance(generator, Local):
        raise InputError(
            "a task of several turns is written in this process only", mend="leave out model.server and model.engine"
        )
    writing = Writing(model, generator, [prompt.text for prompt in prompts], temperature, seed)
    played = play(task.environment, [task.start(prompt) for prompt in prompts], seeds, writing, task.turns)
    values = logprobs(model.network, model.pad, writing.asked, writing.tokens, writing.sampled)
    return [
        Told(each, tuple(tokens), tuple(own), value)
        for each, tokens, own, value in zip(played, writing.tokens, writing.sampled, values, strict=True)
    ]


def columns(found: Sequence[Told]) -> pl.DataFrame:
    """Returns episodes as columns of a round's rows.

    `part.reward`, `part.success`, `part.step_reward` (the sum over turns) and `part.NAME` of every other component are
    what signals of a loop are made of; they are not kept. What the log keeps besides canonical columns and signals:
    `extra.return` (the whole reward), the components as `extra.NAME`, the turns' own rewards as `extra.turn_1` …,
    and `extra.transcript`, the messages as JSON.
    """
    played = [each.played for each in found]
    names = list(dict.fromkeys(name for each in played for name in each.components))
    turns = max((len(each.rewards) for each in played if each.step_reward is not None), default=0)
    others = {name: [each.components.get(name) for each in played] for name in names}
    whole = [each.reward for each in played]
    parts = {
        REWARD: whole,
        SUCCESS: [each.success for each in played],
        STEPS: [each.step_reward for each in played],
        **others,
    }
    by_turn = {
        f"{TURN}{turn + 1}": [each.rewards[turn] if turn < len(each.rewards) else None for each in played]
        for turn in range(turns)
    }
    kept = {RETURN: whole, **others, **by_turn}
    return pl.DataFrame(
        {
            "completion": [each.completion for each in found],
            "truth": pl.Series([each.success for each in played], dtype=pl.Float64),
            "logprob": [each.logprob for each in found],
            "tokens": [sum(each.sampled) for each in found],
            "turns": [len(each.messages) for each in played],
            "truncated": [each.truncated for each in played],
            **{PART + name: pl.Series(values, dtype=pl.Float64) for name, values in parts.items()},
            **{EXTRA + name: pl.Series(values, dtype=pl.Float64) for name, values in kept.items()},
            EXTRA + TRANSCRIPT: [transcript(each) for each in played],
            EXTRA + FAULT: pl.Series([each.fault or None for each in played], dtype=pl.String),
        }
    )


def tokens(found: Sequence[Told]) -> list[pl.Series]:
    """Returns the columns that training reads."""
    return [
        pl.Series(IDS, [list(each.tokens) for each in found]),
        pl.Series(OWN, [list(each.sampled) for each in found]),
    ]


def transcript(played: Played) -> str:
    """Writes an episode as JSON: what names it, and its messages."""
    spoken = [{"role": "user", "content": played.start.prompt}]
    for message, answer in zip(played.messages, played.observations, strict=True):
        spoken.append({"role": "assistant", "content": message})
        if answer:
            spoken.append({"role": "user", "content": answer})
    return json.dumps({"key": played.start.key, "seed": played.seed, "messages": spoken}, ensure_ascii=False)


def measured(found: Sequence[Told], prompts: Sequence[Prompt], samples: int) -> Evaluation:
    """Returns how often a model succeeds on each prompt, from `samples` episodes of it in a row; unscored left out."""
    rows = []
    for at, prompt in enumerate(prompts):
        known = [
            each.played.success for each in found[at * samples : (at + 1) * samples] if each.played.success is not None
        ]
        rows.append(Measured(prompt.text, math.fsum(known) / len(known) if known else None, None, None))
    return Evaluation(SAMPLED, tuple(rows))


def demonstrations(task: Turns, model: Model, prompts: Sequence[Prompt], each: int, seed: str) -> list[Example]:
    """Returns successful episodes of the environment's own, `each` per prompt; prompts without one are left out.

    They depend on the seed and the prompt only, so the same seed gives a fixed data set.
    """
    rows = []
    for prompt in prompts:
        rng = random.Random(f"{seed} {prompt.text}")
        for _ in range(each):
            begun = rng.getrandbits(31)
            messages = task.environment.demonstrate(task.start(prompt), begun, rng)
            if messages is not None:
                rows.append(_example(task, model, prompt, begun, messages))
    return rows


def _example(task: Turns, model: Model, prompt: Prompt, seed: int, messages: Sequence[str]) -> Example:
    episode = task.environment.reset(task.start(prompt), seed)
    ids: list[int] = []
    own: list[bool] = []
    for turn, message in enumerate(messages):
        written = model.encode_completion(message)
        answered = episode.step(message).observation
        read = model.encode_observation(answered) if turn < len(messages) - 1 else []
        ids += written + read
        own += [True] * len(written) + [False] * len(read)
    return Example(prompt.text, tuple(ids), tuple(own))
