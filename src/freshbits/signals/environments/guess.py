"""The game of guessing a number from higher and lower: several turns, an exact check, bits at every turn.

The prompt names a range of numbers, `21~62=` for 12 to 26: two digits each, the last digit first, as in the task
`sums`, because a small network learns that sooner. One number of the range is drawn and hidden. The model writes a
number, `91` for 19; the answer is `+` (the hidden one is higher), `-` (lower), `!` (found: over) or `~` (no number of
two digits). With N numbers and T turns halving succeeds always where N < 2^T; a player who guesses anything that is
still possible succeeds less often, so there is something to learn that no single episode shows.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from freshbits.errors import InputError
from freshbits.signals.environments.environment import Outcome, Start, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

HIGHER, LOWER, FOUND, NONSENSE = "+", "-", "!", "~"
NUMBERS = 100
_NUMBER = re.compile(r"[0-9]{2}")


@dataclass(frozen=True)
class Guess:
    """Hides a number of a range; the model finds it by guessing.

    Attributes:
        width: how many numbers a range has.
        turns: how many guesses an episode has.

    >>> game = Guess()
    >>> episode = game.reset(Start("12", "21~62="), seed=4)
    >>> [episode.step(number).observation for number in ("91", "51", "71", "81")]
    ['-', '+', '+', '!']
    >>> episode.outcome().success
    1.0
    """

    width: int = 15
    turns: int = 4
    name: ClassVar[str] = "guess"
    origin: ClassVar[str] = "external"
    longest: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if not 2 <= self.width <= NUMBERS // 2:
            raise InputError(f"width {self.width} is not between 2 and {NUMBERS // 2}", mend="write width: 15")
        if not 1 <= self.turns <= 8:
            raise InputError(f"turns {self.turns} is not between 1 and 8", mend="write turns: 4")

    def starts(self, size: int, seed: int) -> Sequence[Start]:
        """Draws ranges by their first number.

        >>> [start.prompt for start in Guess().starts(2, seed=0)]
        ['66~08=', '30~71=']
        """
        first = list(range(NUMBERS - self.width + 1))
        drawn = random.Random(f"guess {seed}").sample(first, min(size, len(first)))
        return [Start(str(low), f"{write(low)}~{write(low + self.width - 1)}=", self.name) for low in drawn]

    def reset(self, start: Start, seed: int) -> Guessing:
        """Hides a number of the range: drawn by the seed, the same whoever plays."""
        low = int(start.key)
        hidden = random.Random(f"{start.key} {seed}").randrange(low, low + self.width)
        return Guessing(start.prompt, low, low + self.width - 1, hidden, self.turns)

    def demonstrate(self, start: Start, seed: int, rng: random.Random) -> Sequence[str]:
        """Draws a successful episode of a player who guesses anything that is still possible, each alike.

        >>> Guess().demonstrate(Start("12", "21~62="), 4, random.Random(1))
        ('91', '71', '81')
        """
        while True:
            episode = self.reset(start, seed)
            messages = []
            while not episode.over:
                messages.append(write(rng.randint(episode.low, episode.high)))
                episode.step(messages[-1])
            if episode.found:
                return tuple(messages)


def write(number: int) -> str:
    """Writes a number with two digits, the last one first.

    >>> write(19)
    '91'
    """
    return f"{number:02d}"[::-1]


class Guessing:
    """Is one episode: the numbers that are still possible, and the hidden one."""

    def __init__(self, prompt: str, low: int, high: int, hidden: int, turns: int) -> None:
        self.observation = prompt
        self.low = low
        self.high = high
        self.found = False
        self._hidden = hidden
        self._left = turns

    @property
    def over(self) -> bool:
        """Whether the number is found or no guess is left."""
        return self.found or self._left == 0

    def step(self, message: str) -> Step:
        """Answers a guess; the reward of the turn is the bits of the hidden number that the answer told.

        log2(before / after), the numbers that were and are still possible. Over an episode that finds the number
        they add up to log2(width).
        """
        before = self.high - self.low + 1
        self._left -= 1
        read = message.strip()
        if not _NUMBER.fullmatch(read):
            return Step(NONSENSE, 0.0, self.over)
        number = int(read[::-1])
        if number == self._hidden:
            self.found, self.low, self.high, said = True, number, number, FOUND
        elif number < self._hidden:
            self.low, said = max(self.low, number + 1), HIGHER
        else:
            self.high, said = min(self.high, number - 1), LOWER
        return Step(said, math.log2(before / (self.high - self.low + 1)), self.over)

    def outcome(self) -> Outcome:
        """Says whether the number was found."""
        return Outcome(float(self.found), float(self.found))
