"""Programs that read and write: each input is a run of its own, and what was printed is compared here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from freshbits.signals.suites.result import Result

if TYPE_CHECKING:
    from freshbits.signals.sandbox import Sandbox
    from freshbits.signals.suites.shape import Programs
    from freshbits.signals.suites.subject import Allowance


def run_programs(
    suite: Programs, source: str, sandbox: Sandbox, allowance: Allowance, tolerance: float | None = None
) -> Result:
    """Runs a program once per input; each run may use `each` seconds of CPU, `time` where there is no such limit."""
    result = Result.of(len(suite))
    slow = 0
    for unit, (given, expected) in enumerate(suite.cases):
        limits = allowance.limits(allowance.time if allowance.each is None else allowance.each)
        output = sandbox.run(source, given, limits=limits)
        if output.status == "fault":
            result.unscored = f"the sandbox failed: {output.error}"
            break
        if output.status != "ok":
            result.note(unit, "0", output.status, output.error)
        elif agrees(output.stdout, expected, tolerance):
            result.note(unit, "1")
        else:
            result.note(unit, "0", "wrong", f"printed {output.stdout[:80]!r}, expected {expected[:80]!r}")
        slow += output.status == "timeout"
        if allowance.slow is not None and slow >= allowance.slow:
            break
    return result


def agrees(printed: str, expected: str, tolerance: float | None = None) -> bool:
    r"""Tells whether a program printed what it should.

    Line by line; white space at the end of a line and empty lines at the end do not count. With a tolerance, lines are
    compared word by word, and two words that are numbers agree where they differ by no more, absolutely or relatively.

    >>> agrees("1 2 \n3\n\n", "1 2\n3"), agrees("1  2", "1 2"), agrees("0.3333 a", "0.33333 a", 1e-3)
    (True, False, True)
    """
    mine, theirs = _lines(printed), _lines(expected)
    if mine == theirs or tolerance is None or len(mine) != len(theirs):
        return mine == theirs
    words = [(one.split(), other.split()) for one, other in zip(mine, theirs, strict=True)]
    return all(
        len(one) == len(other) and all(_near(a, b, tolerance) for a, b in zip(one, other, strict=True))
        for one, other in words
    )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _near(word: str, expected: str, tolerance: float) -> bool:
    if word == expected:
        return True
    try:
        return math.isclose(float(word), float(expected), rel_tol=tolerance, abs_tol=tolerance)
    except ValueError:
        return False
