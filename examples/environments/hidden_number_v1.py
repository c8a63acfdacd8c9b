"""The game of guessing a number as an environment of verifiers.v1: a task set, its task's rewards, and its `run`."""

from __future__ import annotations

import random
from collections.abc import Iterable

import verifiers.v1 as vf

__all__ = ["HiddenNumberEnv", "HiddenNumberTaskset"]

NUMBERS = 100


def written(number: int) -> str:
    """Writes a number with two digits, the last one first, as the tiny model reads it."""
    return f"{number:02d}"[::-1]


def said(trace: vf.Trace) -> list[str]:
    """Returns what the model wrote."""
    return [str(node.message.content).strip() for node in trace.nodes if node.sampled]


class HiddenNumberConfig(vf.TasksetConfig):
    """Says how wide a range is, how many guesses there are, and what draws the numbers."""

    width: int = 15
    turns: int = 4
    seed: int = 0


class HiddenNumberData(vf.TaskData):
    """Holds the hidden number."""

    answer: str
    turns: int


class HiddenNumberTask(vf.Task[HiddenNumberData, vf.State, vf.TaskConfig]):
    """Rewards finding the number, and writing numbers at all."""

    @vf.reward(weight=1.0)
    async def found(self, trace: vf.Trace) -> float:
        """1 where the last message is the number."""
        return float(said(trace)[-1] == written(int(self.data.answer)))

    @vf.reward(weight=0.1)
    async def numbers(self, trace: vf.Trace) -> float:
        """Share of messages that are numbers of two digits."""
        return sum(len(text) == 2 and text.isdigit() for text in said(trace)) / len(said(trace))


class HiddenNumberTaskset(vf.Taskset[HiddenNumberTask, HiddenNumberConfig]):
    """Lists the ranges, with one hidden number each."""

    def load(self) -> Iterable[HiddenNumberTask]:
        rng = random.Random(self.config.seed)
        for low in range(NUMBERS - self.config.width + 1):
            high = low + self.config.width - 1
            answer = str(rng.randint(low, high))
            prompt = f"{written(low)}~{written(high)}="
            yield HiddenNumberTask(HiddenNumberData(prompt=prompt, answer=answer, turns=self.config.turns))


class HiddenNumberEnvConfig(vf.EnvConfig):
    """Has one player."""

    player: vf.AgentConfig = vf.AgentConfig()


class HiddenNumberEnv(vf.Env[HiddenNumberEnvConfig]):
    """Answers each guess with + (higher), - (lower) or ~ (no number), until it is found."""

    async def run(self, task, agents):
        async with agents.player.interaction(task) as talk:
            guess = await talk.turn()
            for _ in range(task.data.turns - 1):
                text = guess.last_reply
                if text == written(int(task.data.answer)):
                    break
                number = len(text) == 2 and text.isdigit()
                answer = "~" if not number else "+" if int(text[::-1]) < int(task.data.answer) else "-"
                guess = await talk.turn(answer)
