"""What the marks of a candidate's tests amount to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from freshbits.signals.suites.result import Result

_LONGEST = 256  # marks that are shown


def verdict(result: Result, *, share: bool = False, count_broken: bool = False, weak: bool = False) -> Verdict:
    """Makes the verdict of a result.

    >>> from freshbits.signals.suites.result import Result
    >>> verdict(Result(["1", "0", "v"], {1: ("wrong", "returned 4")}))
    Verdict(score=0.0, evidence='10v 1/2 wrong: returned 4')
    >>> verdict(Result(["x"], {0: ("broken", "NameError: x")})).score is None
    True
    """
    if result.unscored:
        return Verdict(None, result.unscored)
    if result.beside:
        return Verdict(None, f"{result.beside}; --option beside=weak runs them beside the program")
    marks = [{"v": "1", "x": "0"}.get(mark, mark) for mark in result.marks] if count_broken else result.marks
    usable = [mark for mark in marks if mark not in "xv"]
    first = next((at for at, mark in enumerate(marks) if mark in "0-x"), None)
    kind, note = result.notes.get(first, ("", "")) if first is not None else ("", "")
    why = f"{kind}: {note}".strip(": ")
    if not usable:
        return Verdict(None, f"no usable test ({why or 'none calls the program'})")
    passed = usable.count("1")
    score = passed / len(usable) if share else float(passed == len(usable))
    vector = result.vector if len(result.marks) <= _LONGEST else result.vector[:_LONGEST] + "…"
    said = f"{vector} {passed}/{len(usable)} {why}".strip()
    return Verdict(score, f"{said} (weak: beside the program)" if weak else said)
