"""Inputs of a function and its expected outputs: the candidate is asked, the comparison happens here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox import same
from freshbits.signals.suites.result import Result

if TYPE_CHECKING:
    from freshbits.signals.suites.shape import Pairs
    from freshbits.signals.suites.subject import Subject


def run_pairs(suite: Pairs, subject: Subject, tolerance: float | None = None) -> Result:
    """Asks a subject every input and compares what it returns.

    `Solution().f` makes a new object for every input.
    """
    result = Result.of(len(suite))
    owner, dot, method = suite.entry.partition("().")
    for unit, (given, expected) in enumerate(suite.cases):
        subject.enter(unit)
        args, kwargs = ((), given) if isinstance(given, dict) else (given, {})
        if dot:
            reply = subject.ask("new", owner)
            if reply.ok:
                reply = subject.ask("method", method, reply.value, args, kwargs)
        else:
            reply = subject.ask("call", suite.entry, 0, args, kwargs)
        if reply.status == "fault":
            result.unscored = f"the sandbox failed: {reply.error}"
            break
        if not reply.ok:
            result.note(unit, "0", reply.status if subject.loaded.ok else "did not load", reply.error)
        elif agrees(reply.value, expected, tolerance):
            result.note(unit, "1")
        else:
            result.note(unit, "0", "wrong", f"returned {repr(reply.value)[:80]}, expected {repr(expected)[:80]}")
        if subject.over:
            break
    return result


def agrees(value: Any, expected: Any, tolerance: float | None = None) -> bool:
    """Tells whether a value is the expected one, as far as JSON can say what is expected.

    JSON has one kind of list, and keys of text only: where the expectation is a list, a tuple with the same items
    agrees; where its keys are text, so do keys that are written alike (1 and "1"). A whole number agrees where a float
    is expected (2 for 2.0). Everything else must be of the same type: True is not 1, 2.0 is not 2, a set is no list.

    >>> agrees((1, 2), [1, 2.0]), agrees(True, 1), agrees({1: 2}, {"1": 2}), agrees({1, 2}, [1, 2])
    (True, False, True, False)
    """
    return same(_fitted(value, expected), expected, tolerance)


def _fitted(value: Any, expected: Any) -> Any:
    """Returns the value in the type that is expected, where the two differ by what JSON cannot say."""
    if isinstance(expected, list) and type(value) in (list, tuple):
        if len(value) != len(expected):
            return value
        return [_fitted(one, other) for one, other in zip(value, expected, strict=True)]
    if type(expected) is dict and isinstance(value, dict):
        fitted = {key if type(key) is str else str(key): each for key, each in value.items()}
        return {key: _fitted(each, expected[key]) if key in expected else each for key, each in fitted.items()}
    if type(expected) is float and type(value) is int:
        try:
            return float(value) if float(value) == value else value
        except OverflowError:
            return value
    return value
