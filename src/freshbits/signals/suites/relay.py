"""Tests in one jail, the candidate in another, and this trusted process between them, which passes data on.

The tests may come from a model too. Neither side sees the other's code, memory or files; a value that the candidate
returns reaches the tests rebuilt as plain data, so a lying `__eq__` or a patched module stays where it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox import Limits
from freshbits.signals.suites.result import Result

if TYPE_CHECKING:
    from freshbits.signals.sandbox import Jail, Reply, Sandbox
    from freshbits.signals.suites.shape import Checks
    from freshbits.signals.suites.subject import Subject

_DRIVER = Path(__file__).with_name("driver.py")
TESTS = Limits(cpu_s=20.0, wall_s=120.0, memory_mb=1024, reply_kb=4096)


class Relay:
    """Runs a suite of checks against a subject.

    Tests whose jail dies or hangs are broken where they had not called the candidate yet; after a call the candidate's
    value is at fault. Tests that stand by themselves go on with the next one in a fresh jail.
    """

    def __init__(self, suite: Checks, subject: Subject, sandbox: Sandbox) -> None:
        self.suite, self.subject, self.sandbox = suite, subject, sandbox
        self.result = Result.of(len(suite))
        self._driver = _DRIVER.read_text(encoding="utf-8")
        self._forced: set[int] = set()  # tests whose verdict the candidate's end decides, whatever they say
        self._asked: set[int] = set()  # tests that have called the candidate
        self._seen = 0
        self._opaque = False  # the candidate has returned what is no data

    def run(self) -> Result:
        """Runs the tests from first to last."""
        first = 0
        while first < len(self.suite):
            with self.sandbox.load(self._driver, limits=TESTS) as jail:
                if not jail.loaded.ok:
                    self.result.unscored = f"the jail of the tests: {jail.loaded.error or jail.loaded.status}"
                    break
                self._seen = 0
                stopped = self._conversation(jail, first)
            if stopped is None:
                break
            if self.suite.whole:
                self._rest(first, "0" if self._asked else "x", "the tests stopped")
                break
            first = stopped + 1
        self._conclude()
        return self.result

    def _conversation(self, jail: Jail, first: int) -> int | None:
        """Passes questions and answers on until the tests end; returns the test that ended its jail, if one did."""
        unit = first
        reply = jail.call("begin", [self._spec(), first])
        while True:
            if reply.status == "fault":
                self.result.unscored = f"the sandbox failed: {reply.error}"
                return None
            if reply.status == "unsupported" and self._opaque:
                # The candidate's own value came back as an argument: no way out of a verdict.
                self._rest(first, "0", "a value that is no data was handed on")
                return None
            if reply.status == "unsupported":
                self.result.beside = f"the tests hand over or expect what is no data ({reply.error})"
                return None
            if not reply.ok:
                return self._stopped(unit, reply)
            message = reply.value
            if not _lawful(message):
                self.result.unscored = "the tests sent what is no message of theirs"
                return None
            self._note(message)
            if message[0] == "done":
                self._done(message[2])
                return None
            unit = self._number(message[1])
            answer = self._answer(unit, message)
            if self.result.unscored or self.subject.over:
                return None
            value = answer.truth if answer.status == "unsupported" else answer.value
            said = [answer.status, value, answer.error, list(answer.raised), answer.args]
            reply = jail.call("resume", [said, self._seen])

    def _spec(self) -> dict[str, Any]:
        suite = self.suite
        classes = self.subject.classes(suite.names)
        return {
            "setup": suite.setup,
            "tests": list(suite.tests),
            "body": suite.body,
            "calls": list(suite.calls),
            "whole": suite.whole,
            "entry": suite.entry,
            "functions": [name for name in suite.names if name not in classes],
            "classes": classes,
            "unknown": list(suite.unknown),
        }

    def _answer(self, unit: int, message: list[Any]) -> Reply:
        _, _, kind, name, handle, args, kwargs, back = message[:8]
        self._asked.add(unit)
        self.subject.enter(unit)
        answer = self.subject.ask(kind, name, handle, args, kwargs, back=back)
        self._opaque |= answer.truth is not None
        if answer.status == "fault":
            self.result.unscored = f"the sandbox failed: {answer.error}"
        elif answer.status not in ("ok", "raised") and answer.truth is None and unit >= 0:
            self._forced.add(unit)
            self.result.note(unit, "0", answer.status, answer.error)
        return answer

    def _note(self, message: list[Any]) -> None:
        """Notes tests that have ended since the last message; these come at the end of it."""
        outcomes = message[1] if message[0] == "done" else message[8]
        self._seen = len(outcomes)
        for unit, mark, note in outcomes:
            at = self._number(unit)
            if at >= 0 and at not in self._forced and mark in ("0", "1", "v", "x"):
                kind = {"0": "wrong" if note.startswith("returned") else "raised", "x": "broken"}.get(mark, "")
                self.result.note(at, mark, kind if note else "wrong" if mark == "0" else "", note)

    def _done(self, trouble: str) -> None:
        """Marks what no test has reached: not run after trouble, no test at all after an early `return`."""
        mark = trouble[:1] if trouble else "v"
        self._rest(0, mark, trouble[2:])

    def _stopped(self, unit: int, reply: Reply) -> int:
        """Marks the test at which the jail of the tests ended."""
        unit = max(unit, 0)
        while unit in self._forced or (self.result.marks[unit] != "-" and unit + 1 < len(self.suite)):
            unit += 1
        asked = unit in self._asked or (self.suite.whole and bool(self._asked))
        self.result.note(
            unit, "0" if asked else "x", "broken", f"the test itself: {reply.status} {reply.error}".strip()
        )
        return unit

    def _rest(self, first: int, mark: str, note: str) -> None:
        for unit in range(first, len(self.suite)):
            if self.result.marks[unit] == "-":
                self.result.note(unit, mark, "broken" if mark == "x" else "raised" if note else "", note)

    def _conclude(self) -> None:
        """Says what holds for all tests: the program did not load, or only the program defines what they name."""
        result, loaded = self.result, self.subject.loaded
        if loaded.status == "fault":
            result.unscored = f"the sandbox failed: {loaded.error}"
        elif not loaded.ok:
            failed = [at for at, mark in enumerate(result.marks) if mark not in "xv"]
            for at in failed:
                result.note(at, "0", "did not load", loaded.error or loaded.status)
        elif not set(result.marks) & set("01-") and (missing := self.subject.defines(self.suite.unknown)):
            result.beside = f"the tests use {', '.join(missing)}, which only the program defines"

    def _number(self, unit: Any) -> int:
        """Returns a test's number, or -1 for code between tests; the jail may say anything."""
        return unit if type(unit) is int and 0 <= unit < len(self.suite) else -1


def _lawful(message: Any) -> bool:
    """Tells whether the jail of the tests sent a message of the driver's form: it may say anything."""
    match message:
        case [
            "call",
            int(),
            "call" | "new" | "method",
            str(),
            int(),
            list(),
            dict() as kwargs,
            bool(),
            list() as ended,
        ]:
            return all(type(name) is str for name in kwargs) and all(map(_outcome, ended))
        case ["done", list() as ended, str()]:
            return all(map(_outcome, ended))
    return False


def _outcome(outcome: Any) -> bool:
    match outcome:
        case [int(), str(), str()]:
            return True
    return False
