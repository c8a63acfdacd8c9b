"""Written criteria: what a rubric holds, and what its total is made of."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from hashlib import sha256

YES_NO = "yes_no"
NAME = re.compile(r"[^\W\d_][\w \-]{0,59}")
AUTHORS = ("people", "student", "model")
_LEVELS = re.compile(r"(\d{1,3})\.\.(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Criterion:
    """Holds one criterion.

    Attributes:
        name: of its column.
        text: what is asked, in words.
        weight: in the total; a negative one makes it a pitfall, where "yes" costs.
        scale: `yes_no`, or whole numbers such as `1..5`.

    >>> Criterion("clear", "Is it clear?", 1.0, "1..5").levels
    (1, 2, 3, 4, 5)
    """

    name: str
    text: str
    weight: float = 1.0
    scale: str = YES_NO

    @property
    def levels(self) -> tuple[str | int, ...]:
        """The verdicts that it knows, from the lowest to the highest."""
        found = levels(self.scale)
        if found is None:
            raise ValueError(f"{self.scale!r} is no scale")
        return found

    def scored(self, verdict: str | int) -> float:
        """Returns a verdict as a share of the scale, 0 to 1.

        >>> Criterion("clear", "Is it clear?", 1.0, "1..5").scored(4)
        0.75
        """
        return self.levels.index(verdict) / (len(self.levels) - 1)


@dataclass(frozen=True, slots=True)
class Rubric:
    """Holds the criteria of a rubric.

    Attributes:
        name: of the rubric.
        criteria: in their order.
        written_by: `people`, `student` or `model`; None where nobody said.

    >>> rubric = Rubric("r", (Criterion("helps", "Does it help?", 2.0), Criterion("rude", "Is it rude?", -1.0)))
    >>> rubric.weights, rubric.total([1.0, 1.0])
    ((1.0, -0.5), 0.5)
    """

    name: str
    criteria: tuple[Criterion, ...]
    written_by: str | None = None

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights of the total: those written, over the sum of the positive ones.

        A response that meets every criterion and falls into no pitfall has a total of 1. Where all are pitfalls the
        total is their weighted mean, 0 at best. It is not cut at 0, so that it stays a sum of its parts.
        """
        whole = sum(max(each.weight, 0.0) for each in self.criteria) or sum(abs(each.weight) for each in self.criteria)
        return tuple(each.weight / whole for each in self.criteria)

    def total(self, scores: list[float | None] | tuple[float | None, ...]) -> float | None:
        """Returns the weighted sum of the criteria's scores; None where one of them is unscored."""
        known = [score for score in scores if score is not None]
        if len(known) < len(self.criteria):
            return None
        # Rounded: sums of the same verdicts must be one value, or a few levels would look like many.
        return round(math.fsum(weight * score for weight, score in zip(self.weights, known, strict=True)), 9)

    @property
    def digest(self) -> str:
        """Names what verdicts depend on: criteria, scales and weights."""
        return sha256(repr([(c.name, c.text, c.weight, c.scale) for c in self.criteria]).encode()).hexdigest()[:16]


def levels(scale: str) -> tuple[str | int, ...] | None:
    """Returns the verdicts of a scale, lowest first; None where it is none.

    >>> levels("yes_no"), levels("0..2"), levels("5..1")
    (('no', 'yes'), (0, 1, 2), None)
    """
    if scale == YES_NO:
        return ("no", "yes")
    match = _LEVELS.fullmatch(scale)
    if match is None or not 0 < int(match[2]) - int(match[1]) <= 100:
        return None
    return tuple(range(int(match[1]), int(match[2]) + 1))
