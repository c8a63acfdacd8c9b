"""What comes back from a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal[
    "ok",  # it answered
    "raised",  # it raised an exception, or ended with an exit code other than 0
    "died",  # its process ended before it answered
    "timeout",  # it used up its CPU time, or its time by the clock
    "memory",  # it used up its memory
    "processes",  # it started as many processes as it may
    "output",  # it printed more than is read
    "unsupported",  # it returned a value of a type that the protocol does not carry
    "malformed",  # what it sent is no reply: forged, surplus or too long
    "fault",  # the sandbox failed, not the candidate: the verdict is None, never 0
]


@dataclass(frozen=True, slots=True)
class Reply:
    """Holds the answer to one request to a candidate.

    Everything in it was chosen by untrusted code: plain data, never an object of the candidate's own classes.

    Attributes:
        status: how the request ended; everything but `ok` leaves `value` None.
        value: what the call returned, rebuilt from data (see `codec`).
        error: why, in a few words; may quote the candidate, so escape it where it is shown.
        raised: names of the exception's class and its bases up to `Exception`, nearest first; names only.
        truth: whether a value that is `unsupported` counts as true, where the candidate says so.
        args: the positional arguments after the call, where `call(…, back=True)` asked for them.

    >>> Reply("ok", 3).ok, Reply("died", error="exit code 0").ok
    (True, False)
    """

    status: Status
    value: Any = None
    error: str = ""
    raised: tuple[str, ...] = ()
    args: list[Any] | None = None
    truth: bool | None = None

    @property
    def ok(self) -> bool:
        """Says whether the candidate answered."""
        return self.status == "ok"


@dataclass(frozen=True, slots=True)
class Output:
    """Holds what a program printed, and how it ended.

    Attributes:
        status: how it ended; `ok` means exit code 0. Never a verdict: only `stdout` can be compared.
        stdout: what it wrote to standard output, cut at `Limits.output_mb`; bytes that are no UTF-8 are replaced.
        error: why it did not end well, in a few words.

    >>> Output("ok", "4").stdout
    '4'
    """

    status: Status
    stdout: str = ""
    error: str = ""


def clean(text: str) -> str:
    """Makes the text of a candidate fit to be shown on one line: short, printable and encodable.

    >>> clean("a\\x1b[2J\\ud800")
    'a\ufffd[2J\ufffd'
    """
    return "".join(each if each.isprintable() else "\ufffd" for each in text[:400])
