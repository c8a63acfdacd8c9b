"""The sandbox: where candidates are loaded and programs run."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from freshbits.errors import InputError
from freshbits.signals.sandbox.jail import Jail
from freshbits.signals.sandbox.limits import Limits
from freshbits.signals.sandbox.pool import Zygote, ZygoteError
from freshbits.signals.sandbox.program import run_program
from freshbits.signals.sandbox.replies import Output, clean
from freshbits.signals.sandbox.selfcheck import LEVELS, strongest

if TYPE_CHECKING:
    from types import TracebackType

PROTOCOL = "1"  # of requests, replies and limits: a verdict depends on it


class _Place:
    """Holds a place for one candidate: its zygote, once there is one, and the thread that uses it."""

    def __init__(self) -> None:
        self.zygote: Zygote | None = None
        self.thread: int | None = None
        self.turn = 0


class Sandbox:
    """Runs untrusted Python behind the strongest wall that holds on this machine, or refuses.

    At first use (once per process) the walls are tried by running attacks behind them: reading a file outside,
    connecting to a listener, tracing, mounting, a fork bomb; a wall that lets one through is not used. Then each of
    the `workers` places keeps a warm interpreter that forks one child per candidate.

    A context manager; may be used from several threads at once. After a fork the child makes jails of its own.

    Args:
        level: "auto", "bubblewrap" or "namespaces".
        workers: how many candidates may live side by side; `load` and `run` wait for a free place.
        limits: what a candidate may use.

    It does not know whether a candidate is right: compare values with `same`, or `Output.stdout`, on this side. It
    does not hold against faults of the kernel; for code that is out to find one, use a machine of its own.

    Raises:
        SandboxUnavailableError: at first use, if no wall holds; nothing is ever run without one.
    """

    def __init__(self, level: str = "auto", workers: int = 1, limits: Limits | None = None) -> None:
        if level not in ("auto", *LEVELS):
            raise InputError(f"no sandbox is called {level!r}", mend=f"use auto, {' or '.join(LEVELS)}")
        if workers < 1:
            raise InputError(f"{workers} candidates side by side", mend="use at least 1")
        self.workers = workers
        self.limits = limits or Limits()
        self._asked = level
        self._level: str | None = None
        self._lock = threading.Condition()
        self._process = 0
        self._closed = False

    @property
    def level(self) -> str:
        """Names the wall: "bubblewrap" or "namespaces"; tries them where that was not done yet."""
        if self._level is None:
            self._level = strongest(LEVELS if self._asked == "auto" else (self._asked,))
        return self._level

    @property
    def version(self) -> str:
        """Names what a verdict depends on: the wall, the protocol and the Python inside."""
        return f"{self.level} {PROTOCOL}, Python {platform.python_version()}"

    def load(self, source: str, *, limits: Limits | None = None) -> Jail:
        """Loads untrusted source as a module, in a child of its own that is never used again.

        Where the sandbox itself fails, it is tried once more; then `Jail.loaded` has the status `fault`.

        Raises:
            RuntimeError: if this thread already holds every place, and so would wait for itself.
        """
        jail = self._loaded(source, limits or self.limits)
        return jail if jail.loaded.status != "fault" else self._loaded(source, limits or self.limits)

    def run(self, source: str, stdin: str = "", *, limits: Limits | None = None) -> Output:
        """Runs an untrusted program on text and reads what it prints, in a child of its own.

        >>> Sandbox().run("print(int(input()) + 1)", "41").stdout  # doctest: +SKIP
        '42\\n'
        """
        output = self._ran(source, stdin, limits or self.limits)
        return output if output.status != "fault" else self._ran(source, stdin, limits or self.limits)

    def close(self) -> None:
        """Ends every candidate and every warm interpreter."""
        with self._lock:
            self._closed = True
            if self._process != os.getpid():
                return
            zygotes = [place.zygote for place in self._places if place.zygote is not None]
            for zygote in zygotes:
                zygote.close()
            self._keeper.shutdown()
            self._process = 0
            self._lock.notify_all()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # what is left of it at the interpreter's end
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> tuple[_Place, int]:
        """Takes a free place, warm ones first; waits for one."""
        _ = self.level
        me = threading.get_ident()
        with self._lock:
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            if self._process != os.getpid():
                # At first use, or in a fork, whose copies of the sockets belong to the process it came from.
                self._process = os.getpid()
                self._places = [_Place() for _ in range(self.workers)]
                # The kernel ends a zygote with the thread that started it, so one thread does, and lives on.
                self._keeper = ThreadPoolExecutor(1, "freshbits-sandbox")
            while True:
                free = [place for place in self._places if place.thread is None]
                if free:
                    place = max(free, key=lambda each: each.zygote is not None)
                    place.thread = me
                    place.turn += 1
                    return place, place.turn
                if all(place.thread == me for place in self._places):
                    raise RuntimeError("this thread holds every place of the sandbox; close a jail, or ask for workers")
                self._lock.wait()
                if self._closed:
                    raise RuntimeError("the sandbox is closed")

    def _give(self, place: _Place, turn: int, whole: bool) -> None:
        with self._lock:
            if place.turn != turn or place.thread is None:
                return  # it was given back before
            zygote, place.zygote = place.zygote, place.zygote if whole else None
            place.thread = None
            self._lock.notify()
        if not whole and zygote is not None:
            zygote.close()

    def _loaded(self, source: str, limits: Limits) -> Jail:
        place, turn = self._take()
        try:
            return Jail(lambda: self._warm(place), limits, source, lambda whole: self._give(place, turn, whole))
        except BaseException:
            self._give(place, turn, whole=False)
            raise

    def _ran(self, source: str, stdin: str, limits: Limits) -> Output:
        place, turn = self._take()
        whole = False
        try:
            output = run_program(self._warm(place), limits, source, stdin)
            whole = True
        except ZygoteError as problem:
            return Output("fault", error=clean(str(problem)))
        finally:
            self._give(place, turn, whole)
        return output

    def _warm(self, place: _Place) -> Zygote:
        if place.zygote is not None and not place.zygote.alive():
            place.zygote.close()
            place.zygote = None
        if place.zygote is None:
            place.zygote = self._keeper.submit(Zygote, self.level).result()
        return place.zygote
