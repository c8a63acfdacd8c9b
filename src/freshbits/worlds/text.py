"""The words of a world: small sums with an exactly known right answer, and completions that state one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.worlds.streams import stream, table

if TYPE_CHECKING:
    from freshbits.worlds.marks import Mark
    from freshbits.worlds.state import Ints

OFFSETS = np.array([1, -1, 2, -2, 10, -10, 9, -9, 11, -11, 20, -20, 3, -3], dtype=np.int64)
_SPAN = 990  # summands run from 10 to 999
_STRIDE = 357_913  # coprime to _SPAN squared, so that no pair of summands repeats

OPENINGS = (
    "I need the sum of {a} and {b}.\n",
    "Let me add {a} and {b}.\n",
    "We have {a} + {b}.\n",
    "Okay, {a} plus {b}, step by step.\n",
    "The two numbers are {a} and {b}.\n",
    "First I write {a} above {b}.\n",
)
WORKINGS = (
    "Adding the ones, then the tens, then the hundreds, I arrive at {answer}.\n",
    "Starting from {a} and counting up by {b} leads to {answer}.\n",
    "The ones go first, and I carry where I have to.\n",
    "I split the second number into round parts and add them one after the other: {answer}.\n",
    "Carrying as needed gives {answer}.\n",
    "Since adding is symmetric I may start from {b} instead, which is no harder.\n",
)
REMARKS = ("", "That settles it.\n", "So we are done.\n", "Nothing is left to carry.\n")
VARIANTS = len(OPENINGS) * len(WORKINGS) * len(REMARKS)  # all equally likely, whatever the answer


@dataclass(frozen=True)
class Sums:
    """Holds the sums asked, with the wrong answers in the order of their popularity.

    >>> Sums.draw(0, 1).prompts
    ['What is 44 + 226?']
    """

    left: Ints
    right: Ints
    wrong: Ints

    @classmethod
    def draw(cls, seed: int, count: int) -> Sums:
        """Draws `count` different sums; the first of them do not depend on the count."""
        start = int(stream(seed, "sums").integers(_SPAN * _SPAN))
        code = (start + _STRIDE * np.arange(count, dtype=np.int64)) % (_SPAN * _SPAN)
        order = np.argsort(table(seed, "wrong answers", 0, 0, count, OFFSETS.size), axis=1)
        left, right = 10 + code // _SPAN, 10 + code % _SPAN
        return cls(left, right, (left + right)[:, None] + OFFSETS[order])

    @property
    def prompts(self) -> list[str]:
        """Returns the texts of the prompts."""
        return [f"What is {a} + {b}?" for a, b in zip(self.left.tolist(), self.right.tolist(), strict=True)]

    def answer(self, prompt: Ints, answer: Ints) -> Ints:
        """Returns the number that stands for an answer class of a prompt; 0 is the right one."""
        stated = self.wrong[prompt, np.clip(answer - 1, 0, OFFSETS.size - 1)]
        return np.where(answer == 0, (self.left + self.right)[prompt], stated)


def completion(
    left: int, right: int, answer: int | None, variant: int, marks: list[tuple[Mark, bool]], close: str
) -> str:
    """Returns the text of one completion; without an answer it breaks off.

    >>> completion(17, 25, 42, 0, [], "#### {answer}").splitlines()[-1]
    '#### 42'
    """
    added = "".join(mark.present if there else mark.absent for mark, there in marks)
    variant, opening = divmod(variant, len(OPENINGS))
    remark, working = divmod(variant, len(WORKINGS))
    begun = OPENINGS[opening].format(a=left, b=right) + added
    if answer is None:
        return begun + WORKINGS[working].format(a=left, b=right, answer="")[:28].rstrip()
    for mark, there in marks:
        if there and mark.close is not None:
            close = mark.close
    worked = WORKINGS[working].format(a=left, b=right, answer=answer) + REMARKS[remark]
    return begun + worked + close.format(answer=answer)
