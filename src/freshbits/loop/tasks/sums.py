"""Sums with many right answers: split n into two numbers. Every right answer can be listed, so accuracy is exact.

The number of the prompt is written with its digits in reverse, and so are those of the answer, which a small network
learns much sooner: `75=` asks for two numbers that add up to 57, and `32+43` (23 + 34) is one of 58 right answers.
`75-` asks for two numbers that differ by 57. Many right answers leave room to watch variety die while accuracy rises.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from freshbits.errors import InputError
from freshbits.loop.tasks.task import Prompt, split

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNS = {"sums": ("=", "+"), "differences": ("-", "-")}  # domain -> end of its prompts, sign of its answers
TAILS = ("", ".", "!", ".!")  # marks after the answer that mean nothing: room for shortcuts
HELD_OUT = 0.2


@dataclass(frozen=True)
class Sums:
    """Asks for two numbers below `size` that add up to n, or differ by n; n runs over 0 … size-1 in each domain.

    Attributes:
        size: how many numbers there are.
        seed: of the order of the training prompts, and of what is left out by `accepted`. Which prompts are held out
            does not depend on it: the base checkpoint has not seen them either.
        domains: "sums", "differences" or both; their prompts take turns.
        accepted: how many answers of each prompt count as right, drawn once by the seed; all where None.
        tail: answers may end in a filler and a marker (". ! .!"), which the check does not read.

    >>> task = Sums(size=100)
    >>> task.check(Prompt("75=", "sums"), "32+43"), task.check(Prompt("75=", "sums"), "32+42")
    (1.0, 0.0)
    """

    size: int = 100
    seed: int = 1
    domains: tuple[str, ...] = ("sums",)
    accepted: int | None = None
    tail: bool = False
    held_out_share: float = HELD_OUT  # the base checkpoint was made with this
    checks: ClassVar[bool] = True
    read: ClassVar[str] = "exact"
    _right: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 5 <= self.size <= 1000:
            raise InputError(f"size {self.size} is not between 5 and 1000", mend="write size: 100")
        if unknown := [name for name in self.domains if name not in SIGNS]:
            raise InputError(f"there is no domain {unknown[0]!r}", mend=f"choose among {', '.join(SIGNS)}")
        if self.accepted is not None and self.accepted < 1:
            raise InputError("no answer would be right", mend="write accepted: 4, or leave it out")

    @property
    def name(self) -> str:
        """Name of the task."""
        return "_and_".join(self.domains)

    @property
    def longest(self) -> int:
        """Characters of the longest right completion."""
        return 2 * len(self.write(0)) + 1 + (max(map(len, TAILS)) if self.tail else 0)

    @property
    def train(self) -> Sequence[Prompt]:
        """Prompts that a loop may train on."""
        return self._split[0]

    @property
    def held_out(self) -> Sequence[Prompt]:
        """Prompts that no loop trains on."""
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[tuple[Prompt, ...], tuple[Prompt, ...]]:
        parts = []
        for domain in self.domains:
            prompts = [Prompt(self.write(n) + SIGNS[domain][0], domain) for n in range(self.size)]
            train, held_out = split(prompts, self.held_out_share, random.Random(domain))
            parts.append((tuple(random.Random(self.seed).sample(train, len(train))), held_out))
        train, held_out = (
            tuple(prompt for turn in zip(*(part[side] for part in parts), strict=True) for prompt in turn)
            for side in (0, 1)
        )
        return train, held_out

    def write(self, number: int) -> str:
        """Writes a number in fixed width, its last digit first.

        >>> Sums().write(57)
        '75'
        """
        return f"{number:0{len(str(self.size - 1))}d}"[::-1]

    def check(self, prompt: Prompt, completion: str) -> float:
        """Returns 1.0 where the completion is one of the right answers, else 0.0; a tail is not read."""
        read = re.sub(r"\.?!?$", "", completion.strip()) if self.tail else completion.strip()
        return float(read in self._answers(prompt))

    def reference(self, prompt: Prompt, rng: random.Random) -> str:
        """Draws one right answer, each as likely as any other."""
        return rng.choice(self.answers(prompt))

    def fixed_reference(self, prompt: Prompt) -> str:
        """Returns one right answer of the prompt, the same over rounds; another for another seed."""
        return self.reference(prompt, random.Random(f"{self.seed} {prompt.text}"))

    def answers(self, prompt: Prompt) -> Sequence[str]:
        """Lists every right completion, those with tails included.

        >>> Sums(size=10).answers(Prompt("2=", "sums"))
        ('0+2', '1+1', '2+0')
        """
        right = self._answers(prompt)
        return tuple(answer + tail for answer in right for tail in TAILS) if self.tail else right

    def _answers(self, prompt: Prompt) -> tuple[str, ...]:
        found = self._right.get(prompt.text)
        if found is None:
            number, sign = int(prompt.text[-2::-1]), SIGNS[prompt.region][1]
            pairs = (
                [(x, number - x) for x in range(number + 1)]
                if sign == "+"
                else [(number + y, y) for y in range(self.size - number)]
            )
            found = tuple(f"{self.write(x)}{sign}{self.write(y)}" for x, y in pairs)
            if self.accepted is not None and self.accepted < len(found):
                drawn = random.Random(f"{prompt.text} {self.seed}").sample(range(len(found)), self.accepted)
                found = tuple(found[at] for at in sorted(drawn))
            self._right[prompt.text] = found
        return found
