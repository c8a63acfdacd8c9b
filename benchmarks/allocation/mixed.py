"""A task of mixed difficulty for the small model: sums and differences that ask for more the later their last digit.

The number of a prompt begins with its last digit (`75=` asks for two numbers that add up to 57), so a model can read
how much is asked: nothing but a well-formed answer (0, 1, 2: solved from the beginning), a right answer (3), one whose
first number is even (4), a multiple of 5 (5), of 10 (6), or something that no answer can meet (7, 8, 9: dead, as
prompts with a wrong reference are).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from freshbits.loop.tasks.sums import SIGNS, Sums

if TYPE_CHECKING:
    from freshbits.loop.tasks.task import Prompt

SOLVED, DIVISORS = ("0", "1", "2"), {"3": 1, "4": 2, "5": 5, "6": 10}
FORM = re.compile(r"\d\d[+-]\d\d")


class Mixed:
    """Checks answers to sums and differences by what the last digit of the prompt's number asks for."""

    def __init__(self) -> None:
        self.sums = Sums(100, 1, ("sums", "differences"))

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Prompts that are trained on."""
        return tuple(self.sums.train)

    def check(self, prompt: Prompt, completion: str) -> float:
        """Returns 1.0 for an answer that meets what is asked, else 0.0."""
        digit = prompt.text[0]
        if digit in SOLVED:
            return float(FORM.fullmatch(completion) is not None)
        return float(completion in self._right[prompt.text])

    @cached_property
    def _right(self) -> dict[str, frozenset[str]]:
        return {prompt.text: frozenset(self.answers(prompt)) for prompt in self.prompts}

    def answers(self, prompt: Prompt) -> list[str]:
        """Lists the right answers of a prompt that asks for a right one; none for the others."""
        divisor = DIVISORS.get(prompt.text[0])
        if divisor is None:
            return []
        sign = SIGNS[prompt.region][1]
        return [each for each in self.sums.answers(prompt) if int(each.split(sign)[0][::-1]) % divisor == 0]

    def learnable(self) -> list[Prompt]:
        """Lists the prompts that are neither solved nor dead."""
        return [prompt for prompt in self.prompts if self.answers(prompt)]

    def features(self) -> pl.DataFrame:
        """Returns what can be read off a prompt: its last digit and its sign."""
        texts = pl.Series([prompt.text for prompt in self.prompts])
        return pl.DataFrame({"digit": texts.str.head(1), "sign": [prompt.region for prompt in self.prompts]})
