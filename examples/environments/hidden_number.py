"""The game of guessing a number as an environment of verifiers 0.1: `load_environment`, a MultiTurnEnv, a rubric."""

from __future__ import annotations

import random

import verifiers as vf
from datasets import Dataset

WIDTH, TURNS, NUMBERS = 15, 4, 100


def written(number: int) -> str:
    """Writes a number with two digits, the last one first, as the tiny model reads it."""
    return f"{number:02d}"[::-1]


class HiddenNumber(vf.MultiTurnEnv):
    """Answers each guess with + (higher), - (lower) or ~ (no number), until it is found."""

    async def env_response(self, messages, state, **kwargs):
        guess = str(messages[-1]["content"]).strip()
        if len(guess) != 2 or not guess.isdigit():
            answer = "~"
        else:
            answer = "+" if int(guess[::-1]) < int(state["answer"]) else "-"
        return [{"role": "user", "content": answer}]

    @vf.stop
    async def found(self, state):
        said = [step["completion"][-1]["content"] for step in state["trajectory"]]
        return bool(said) and said[-1].strip() == written(int(state["answer"]))


def found(completion, answer, **kwargs) -> float:
    """1 where the last message is the number."""
    return float(completion[-1]["content"].strip() == written(int(answer)))


def numbers(completion, **kwargs) -> float:
    """Share of messages that are numbers of two digits."""
    said = [each["content"].strip() for each in completion if each["role"] == "assistant"]
    return sum(len(text) == 2 and text.isdigit() for text in said) / len(said)


def load_environment(width: int = WIDTH, turns: int = TURNS, seed: int = 0) -> vf.Environment:
    """Loads the environment; one hidden number for every range."""
    rng = random.Random(seed)
    rows = []
    for low in range(NUMBERS - width + 1):
        prompt = f"{written(low)}~{written(low + width - 1)}="
        rows.append({"prompt": [{"role": "user", "content": prompt}], "answer": str(rng.randrange(low, low + width))})
    rubric = vf.Rubric(funcs=[found, numbers], weights=[1.0, 0.1])
    return HiddenNumber(dataset=Dataset.from_list(rows), rubric=rubric, max_turns=turns)
