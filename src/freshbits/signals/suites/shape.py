"""The shapes that unit tests come in, made ready to be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Checks:
    """Holds tests that are code: they run in a jail of their own and call the candidate by name.

    Attributes:
        setup: source that all tests share (imports, helpers); run first.
        tests: sources that are run one by one, each in a fresh copy of what the setup made.
        body: source that is run as a whole; its testing statements are wrapped.
        calls: expressions that are evaluated after the body.
        whole: the tests are the wrapped statements of `body` and of what `calls` calls; otherwise each call is one.
        entry: the entry point as given ("f", "Solution().f"), or "".
        names: names that stand for the candidate's functions or classes.
        labels: one line per test for a person.
        unknown: names that the tests read and nobody defines.
    """

    setup: str = ""
    tests: tuple[str, ...] = ()
    body: str = ""
    calls: tuple[str, ...] = ()
    whole: bool = False
    entry: str = ""
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Holds inputs of a function and the outputs that are expected of it; the outputs never enter a jail.

    Attributes:
        entry: the function ("f", "Solution().f").
        cases: pairs of arguments (positional or by name) and the expected value.
    """

    entry: str
    cases: tuple[tuple[tuple[Any, ...] | dict[str, Any], Any], ...]

    def __len__(self) -> int:
        return len(self.cases)


@dataclass(frozen=True, slots=True)
class Programs:
    """Holds texts that a program reads and the texts that it should print."""

    cases: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.cases)


@dataclass(frozen=True, slots=True)
class Unusable:
    """Says why a row has no tests that can be run: its verdict is None."""

    reason: str


Suite = Checks | Pairs | Programs
