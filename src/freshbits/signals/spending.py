"""What questions to a server use and cost: tokens counted, an upper bound kept, never passed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields

from freshbits.errors import InputError

MILLION = 1_000_000
TEMPLATE = 256  # tokens that a chat template may add to a question's own


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts what questions used.

    Attributes:
        requests: questions sent, further tries included.
        prompt, completion: tokens, as the server counted them.
        unknown: requests of which nobody said what they used: no reply came, or one without a count.
        most_prompt, most_completion: tokens that those can have used at most.

    >>> Usage(1, 10, 5) + Usage(1, 20, 5)
    Usage(requests=2, prompt=30, completion=10, unknown=0, most_prompt=0, most_completion=0)
    """

    requests: int = 0
    prompt: int = 0
    completion: int = 0
    unknown: int = 0
    most_prompt: int = 0
    most_completion: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def numbers(self) -> list[int]:
        """Returns the counts in their order, for a file."""
        return [getattr(self, f.name) for f in fields(self)]


NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Prices:
    """Holds what a million tokens cost, in any currency.

    >>> Prices(1.0, 4.0).cost(Usage(1, 1000, 500))
    0.003
    """

    prompt: float = 0.0
    completion: float = 0.0

    def cost(self, usage: Usage) -> float:
        """Returns what was counted, in the prices' currency."""
        return (self.prompt * usage.prompt + self.completion * usage.completion) / MILLION

    def most(self, usage: Usage) -> float:
        """Returns what it can have cost at most: requests without a count at their largest."""
        more = self.prompt * usage.most_prompt + self.completion * usage.most_completion
        return self.cost(usage) + more / MILLION


class Purse:
    """Keeps a run under its budget: a question is asked only if it fits at its largest, with all that are on their way.

    A question's prompt has at most as many tokens as it has bytes, and 256 of the chat template; its reply at most as
    many as were asked for. A server that adds more to the prompt is not foreseen.

    Args:
        prices: what tokens cost.
        budget: the upper bound; None: there is none.

    >>> purse = Purse(Prices(1.0, 1.0), budget=0.001)
    >>> purse.take(Usage(most_prompt=600, most_completion=300)); purse.give_back(Usage(most_prompt=600,
    ...     most_completion=300), Usage(1, 100, 20)); round(purse.spent, 6)
    0.00012
    """

    def __init__(self, prices: Prices | None = None, budget: float | None = None) -> None:
        self.prices, self.budget = prices or Prices(), budget
        self._changed = threading.Condition()
        self._spent = self._reserved = 0.0
        self._waiting = 0

    @property
    def spent(self) -> float:
        """What was spent so far, at most."""
        return self._spent

    def remember(self, usage: Usage) -> None:
        """Counts what an earlier run of the same command has spent."""
        with self._changed:
            self._spent += self.prices.most(usage)

    def take(self, most: Usage) -> None:
        """Puts aside what a question can cost at most; waits while questions on their way may still leave room.

        Raises:
            InputError: the question does not fit into what is left.
        """
        if self.budget is None:
            return
        cost = self.prices.most(most)
        with self._changed:
            while self._spent + self._reserved + cost > self.budget:
                if self._reserved <= 1e-12:
                    raise InputError(
                        f"the budget of {self.budget:g} is used up: {self._spent:.4g} is spent, and the next question "
                        f"may cost {cost:.2g}",
                        mend="raise budget= and run the same command: verdicts so far are kept",
                    )
                self._changed.wait()
            self._reserved += cost

    def give_back(self, most: Usage, used: Usage) -> None:
        """Counts what a question used, in the place of what was put aside for it."""
        if self.budget is None:
            return
        with self._changed:
            self._reserved = max(self._reserved - self.prices.most(most), 0.0)
            self._spent += self.prices.most(used)
            self._changed.notify_all()


def largest(texts: list[str], tokens: int) -> Usage:
    """Returns the most that one question can use.

    >>> largest(["ab", "é"], 10)
    Usage(requests=0, prompt=0, completion=0, unknown=1, most_prompt=260, most_completion=10)
    """
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return Usage(unknown=1, most_prompt=size + TEMPLATE, most_completion=tokens)
