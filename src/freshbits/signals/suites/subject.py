"""The candidate of one verdict: a program behind its wall, asked question after question within its allowance."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from freshbits.signals.sandbox import Limits, Reply
from freshbits.signals.suites.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.sandbox import Jail, Sandbox

PATIENCE = 3.0  # seconds by the clock for each second of CPU; they end a candidate that sleeps
LEAST = 2.0  # seconds by the clock that any question may take


@dataclass(frozen=True, slots=True)
class Allowance:
    """Holds what one candidate may use.

    Attributes:
        time: seconds of CPU for all tests of one candidate together.
        each: seconds of CPU for one test; None for no limit of its own.
        slow: after so many tests that ran out of time the rest count 0; None for no such limit.
        memory: megabytes.
    """

    time: float = 3.0
    each: float | None = None
    slow: int | None = None
    memory: int = 512

    def limits(self, cpu_s: float) -> Limits:
        """Returns the limits of a jail that may use so many seconds of CPU."""
        wall = LEAST + PATIENCE * cpu_s
        return Limits(cpu_s=cpu_s, wall_s=wall, memory_mb=self.memory, reply_kb=1024)


class Subject:
    """Asks one candidate; a test that kills it or runs out of time costs a fresh copy, never the other tests.

    A context manager.

    Attributes:
        loaded: how loading it ended.
        over: nothing more is asked: its time is used up, or too many tests were slow.
    """

    def __init__(self, sandbox: Sandbox, source: str, allowance: Allowance) -> None:
        self.sandbox, self.source, self.allowance = sandbox, source, allowance
        self.over = False
        self._patience = LEAST + PATIENCE * allowance.time
        self._unit = -1
        self._slow: set[int] = set()
        self._spent = 0.0  # seconds of CPU of jails that are gone
        self._seen = 0.0  # seconds of CPU of this jail, when last looked at
        self._unseen = 0.0  # seconds by the clock since: it used no more than these
        self._slept = 0.0  # seconds by the clock that ended without an answer
        self._before = 0.0  # seconds of CPU that were used when the current test began
        self._jail: Jail = self._load()
        self.loaded = self._jail.loaded

    def enter(self, unit: int) -> None:
        """Notes that the questions from here on belong to a test."""
        if unit != self._unit:
            self._unit, self._before = unit, self._used(self.allowance.each)

    def ask(
        self,
        kind: str,
        name: str,
        handle: int = 0,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        back: bool = False,
    ) -> Reply:
        """Asks: `call` a function, make a `new` object, or call a `method` of one."""
        if not self.loaded.ok:
            # Never `raised`: a test that expects an exception must not be passed by code that does not load.
            return replace(self.loaded, status="fault" if self.loaded.status == "fault" else "died")
        used = self._used(self.allowance.each or self.allowance.time)
        left = self.allowance.time - used
        if self.allowance.each is not None:
            left = min(left, self.allowance.each - (used - self._before))
        if left <= 0:
            return self._ended(Reply("timeout", error=f"more than {self.allowance.time:g} s of CPU in all"))
        began, wall = monotonic(), min(LEAST + PATIENCE * left, self._patience - self._slept)
        if kind == "new":
            reply = self._jail.new(name, args, kwargs, wall_s=wall, cpu_s=left)
        elif kind == "method":
            reply = self._jail.method(handle, name, args, kwargs, wall_s=wall, cpu_s=left, back=back)
        else:
            reply = self._jail.call(name, args, kwargs, wall_s=wall, cpu_s=left, back=back)
        took = monotonic() - began
        self._unseen += took
        if reply.status == "timeout" and "answer" in reply.error:
            self._slept += took
        return reply if reply.status in ("ok", "raised", "unsupported") else self._ended(reply)

    def classes(self, names: Sequence[str]) -> list[str]:
        """Returns which of the names the candidate defines as classes."""
        tree = parse(self.source)
        body = [] if isinstance(tree, str) else tree.body
        found = {node.name for node in body if isinstance(node, ast.ClassDef)}
        return [name for name in names if name in found]

    def defines(self, names: Sequence[str]) -> list[str]:
        """Returns which of the names the candidate defines as functions or classes."""
        tree = parse(self.source)
        body = [] if isinstance(tree, str) else tree.body
        found = {node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        return [name for name in names if name in found]

    def close(self) -> None:
        """Ends the candidate."""
        self._jail.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _used(self, limit: float | None) -> float:
        """Returns the seconds of CPU used so far, to a fiftieth of a limit: to look at them costs time itself."""
        if limit is not None and self._unseen > limit / 50:
            self._seen, self._unseen = self._jail.used(), 0.0
        return self._spent + self._seen + self._unseen

    def _load(self) -> Jail:
        return self.sandbox.load(self.source, limits=self.allowance.limits(self.allowance.time - self._spent))

    def _ended(self, reply: Reply) -> Reply:
        """Counts a test that ended its candidate, and loads a fresh copy for the next."""
        self._jail.close()
        self._spent += self._jail.used()
        self._seen = self._unseen = 0.0
        if reply.status == "timeout":
            self._slow.add(self._unit)
        slow = self.allowance.slow is not None and len(self._slow) >= self.allowance.slow
        self.over = slow or self._spent >= self.allowance.time or self._slept >= self._patience
        if not self.over:
            self._jail = self._load()
            self.over = not self._jail.loaded.ok
        return reply
