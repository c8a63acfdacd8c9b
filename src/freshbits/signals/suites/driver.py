"""Runs tests in a jail of their own; what they call goes out as data, and what comes back is data.

This file is read as text and loaded into the jail of the tests: it knows nothing of freshbits, and it never sees the
candidate's code. The trusted side calls `begin`, then `resume` with each answer, until a message says "done".

Messages (lists):
    ["call", unit, kind, name, handle, args, kwargs, back, outcomes]: the tests call the candidate; kind is `call`,
        `new` or `method`.
    ["done", outcomes, trouble]: the tests have ended; `trouble` says what stopped them early, if anything did.
An outcome is [unit, mark, note]; marks: "1" passed, "0" failed, "x" broken (the test itself cannot be used),
"v" vacuous (it passes without calling the candidate). Each message brings the outcomes that were not seen yet.
"""

from __future__ import annotations

import _thread  # threading costs more to import than a test to run
import builtins
import random
from typing import Any

_RELAYED = ("ok", "raised")  # what a test may know of; after anything else its verdict is decided outside


class _Gone(BaseException):
    """Ends a test whose candidate cannot answer; below `Exception`, so that a test's own `except` lets it pass."""


class _Opaque:
    """Stands for a value that is no data: a test may ask whether it counts as true, and nothing else."""

    def __init__(self, truth: bool, said: str) -> None:
        self.__truth, self.__said = truth, said

    def __bool__(self) -> bool:
        return self.__truth

    def __repr__(self) -> str:
        return self.__said


class _Box:
    """Hands one value at a time from one thread to another."""

    def __init__(self) -> None:
        self.full = _thread.allocate_lock()
        self.full.acquire()
        self.value: Any = None

    def put(self, value: Any) -> None:
        self.value = value
        self.full.release()

    def get(self) -> Any:
        self.full.acquire()
        return self.value


class _Run:
    """Holds one run of the tests: its two boxes, what has ended, and where it is."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.out, self.back = _Box(), _Box()
        self.outcomes: list[list[Any]] = []
        self.unit = -1
        self.called = False  # whether the candidate has been called in this stretch of code
        self.last = ""
        self.raised: list[tuple[BaseException, str]] = []

    def ask(self, kind: str, name: str, handle: int, args: Any, kwargs: Any, back: bool = False) -> Any:
        self.called = True
        self.out.put(["call", self.unit, kind, name, handle, list(args), dict(kwargs), back, self.outcomes[:]])
        (status, value, error, bases, after), seen = self.back.get()
        del self.outcomes[:seen]
        if status == "unsupported" and isinstance(value, bool):
            value = _Opaque(value, error)
        elif status not in _RELAYED:
            raise _Gone(error)
        if status == "raised":
            problem = _exception(bases, error)
            self.raised.append((problem, error))
            raise problem
        if back:
            for old, new in zip(args, after or (), strict=False):
                _write_back(old, new)
        self.last = repr(value)[:80] if kind != "new" else ""
        return value

    def unknown(self, problem: BaseException) -> bool:
        """Tells whether the test named what nobody defines; names in a text that the candidate gave do not count."""
        return isinstance(problem, NameError) and problem.name in self.names

    def end(self, problem: BaseException | None) -> None:
        """Notes how the current test ended."""
        relayed = next((said for each, said in self.raised if each is problem), None)
        if problem is None:
            # A test that never asked the candidate says nothing about it.
            mark, note = "1" if self.called else "v", ""
        elif relayed is None and (not self.called or self.unknown(problem)):
            mark, note = "x", f"{type(problem).__name__}: {problem}"
        else:
            said = f"{type(problem).__name__}: {problem}".rstrip(": ") if relayed is None else relayed
            said = "" if isinstance(problem, _Gone) else said
            got = f"returned {self.last}" if self.last else ""
            mark, note = "0", got if isinstance(problem, AssertionError) and got else said
        self.outcomes.append([self.unit, mark, note[:200]])
        self.unit, self.last = -1, ""


class _Unit:
    """Wraps a statement that tests: its failure is noted, and the next one runs."""

    def __init__(self, run: _Run, unit: int) -> None:
        self.run, self.unit = run, unit
        self.inner = run.unit >= 0  # tests that call themselves are one test

    def __enter__(self) -> None:
        if not self.inner:
            self.run.unit = self.unit

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        if not self.inner:
            self.run.end(problem)
        return not self.inner


_runs: list[_Run] = []


def begin(suite: dict[str, Any], first: int) -> list[Any]:
    """Starts the tests of a suite from the given one on; returns the first message.

    `suite` holds `setup` (source that all share), `tests` (a list of sources, each run by itself in a fresh copy of
    what the setup made), `body` (source whose statements are wrapped already), `calls` (expressions that name what
    is to be called after the body), `functions` and `classes` (names that stand for the candidate's), `unknown`
    (names that nobody defines).
    """
    run = _Run(suite["unknown"])
    _runs[:] = [run]
    _thread.stack_size(16 << 20)
    _thread.start_new_thread(_whole, (run, suite, first))
    return list(run.out.get())


def resume(answer: list[Any], seen: int) -> list[Any]:
    """Hands an answer of the candidate to the test that waits for it; returns the next message.

    `seen` is the number of outcomes that the last message brought and that need not come again.
    """
    run = _runs[0]
    run.back.put([answer, seen])
    return list(run.out.get())


def _whole(run: _Run, suite: dict[str, Any], first: int) -> None:
    random.seed(0)  # so that the same candidate is asked the same questions every time
    base: dict[str, Any] = {"__name__": "tests", "__unit__": lambda unit: _Unit(run, unit), "__in_place__": _in_place}
    _proxies(run, suite, base)
    trouble = ""
    try:
        exec(compile(suite["setup"], "setup", "exec"), base)
        _proxies(run, suite, base)
        for unit, source in enumerate(suite["tests"]):
            if unit >= first:
                run.called = False
                with _Unit(run, unit):
                    exec(compile(source, "test", "exec"), dict(base))
        if suite["body"]:
            exec(compile(suite["body"], "tests", "exec"), base)
        for number, call in enumerate(suite["calls"]):
            unit = len(suite["tests"]) + number
            if suite["whole"]:
                eval(call, base)
            elif unit >= first:
                run.called = False
                with _Unit(run, unit):
                    eval(call, base)
    except BaseException as problem:
        mine = not any(problem is each for each, _ in run.raised)
        broken = mine and (not run.called or run.unknown(problem))
        trouble = ("x " if broken else "0 ") + f"{type(problem).__name__}: {problem}"[:200]
    run.out.put(["done", run.outcomes, trouble])


def _in_place(function: Any) -> Any:
    return getattr(function, "in_place", function)


def _proxies(run: _Run, suite: dict[str, Any], base: dict[str, Any]) -> None:
    for name in suite["functions"]:
        base[name] = _function(run, name)
    for name in suite["classes"]:
        base[name] = _maker(run, name)
    entry = suite["entry"]
    if entry:
        owner, dot, method = entry.partition("().")
        base["candidate"] = _fresh(run, owner, method) if dot else _function(run, entry)


def _function(run: _Run, name: str) -> Any:
    def candidate(*args: Any, **kwargs: Any) -> Any:
        return run.ask("call", name, 0, args, kwargs)

    def in_place(*args: Any, **kwargs: Any) -> Any:
        return run.ask("call", name, 0, args, kwargs, True)

    candidate.__name__ = candidate.__qualname__ = name
    candidate.in_place = in_place  # type: ignore[attr-defined]
    return candidate


def _fresh(run: _Run, owner: str, method: str) -> Any:
    """Stands for `Owner().method`: a new object for every call."""

    def candidate(*args: Any, **kwargs: Any) -> Any:
        handle = run.ask("new", owner, 0, (), {})
        return run.ask("method", method, handle, args, kwargs)

    def in_place(*args: Any, **kwargs: Any) -> Any:
        handle = run.ask("new", owner, 0, (), {})
        return run.ask("method", method, handle, args, kwargs, True)

    candidate.in_place = in_place  # type: ignore[attr-defined]
    return candidate


def _maker(run: _Run, name: str) -> Any:
    """Stands for a class of the candidate whose objects stay in its jail."""

    class Handle:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.__dict__["_handle"] = run.ask("new", name, 0, args, kwargs)

        def __getattr__(self, method: str) -> Any:
            if method.startswith("__"):
                raise AttributeError(method)

            def call(*args: Any, **kwargs: Any) -> Any:
                return run.ask("method", method, self.__dict__["_handle"], args, kwargs)

            def in_place(*args: Any, **kwargs: Any) -> Any:
                return run.ask("method", method, self.__dict__["_handle"], args, kwargs, True)

            call.in_place = in_place  # type: ignore[attr-defined]
            return call

    Handle.__name__ = Handle.__qualname__ = name
    return Handle


def _exception(bases: Any, error: str) -> BaseException:
    """Makes the nearest built-in exception of that name; the candidate's own classes are unknown here."""
    error = error.partition(": ")[2]
    for name in bases:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(error)
            except TypeError:
                return kind.__new__(kind)
    return Exception(error)


def _write_back(old: Any, new: Any) -> None:
    """Shows a test what the candidate did to a list, dict or set that it was handed."""
    if type(old) is not type(new) or old == new:
        return
    if isinstance(old, (list, bytearray)):
        old[:] = new
    elif isinstance(old, (dict, set)):
        old.clear()
        old.update(new)
