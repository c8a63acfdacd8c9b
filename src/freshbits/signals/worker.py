"""Killable work: a function on untrusted input in a process of its own, which a hang never stalls.

The process dies with its parent, is killed when one input takes too long, and is started anew for the next. It talks
JSON, so what comes back is data whatever the input did to it. It works from any thread, because nothing relies on
signals of the main thread. It is NO security boundary: the process runs as this user, with an environment cut to what
Python needs, limits on memory and on written files, and no more. Code that a model wrote belongs in the sandbox.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE = 4.0
START_SECONDS = 120.0  # importing sympy on a busy machine takes its time
MEMORY_BYTES = 4 << 30
_KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Holds what became of one input: the function's value, or why there is none."""

    value: Any = None
    fault: str = ""


@dataclass(eq=False)
class Worker:
    """Runs one function of a module in a process that can be killed; started when first used.

    Attributes:
        function: "package.module:name"; takes one JSON value and returns one.
        seconds: the longest that one input may take, in CPU time of the process, so that a busy machine turns no
            verdict; by the clock it may take four times as long.
        setup: what the function is given first in every new process, with time to prepare; None for nothing.
        python: another interpreter that runs it, with the packages that it has and none of ours; then the function is
            "FILE.py:name", and FILE needs nothing but the standard library and those.
        path: folders in which that interpreter looks for modules first.
        writes: bytes that a file it writes may have.

    >>> with Worker("freshbits.signals.worker:echo") as worker:
    ...     [outcome.value for outcome in worker.run([1, "a"])]
    [1, 'a']
    """

    function: str
    seconds: float = 5.0
    setup: Any = None
    python: str = ""
    path: tuple[str, ...] = ()
    writes: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _end: Callable[[], object] | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def run(self, inputs: Sequence[Any]) -> list[Outcome]:
        """Runs the function on each input, one after the other; a fault of one leaves the others as they are."""
        with self._lock:
            return [self._one(value) for value in inputs]

    def __reduce__(self) -> tuple[type[Worker], tuple[Any, ...]]:
        # A copy in another process starts its own.
        return Worker, (self.function, self.seconds, self.setup, self.python, self.path, self.writes)

    def close(self) -> None:
        """Ends the process; the next run starts another."""
        self._process = None
        if self._end is not None:
            self._end()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, value: Any) -> Outcome:
        try:
            answer = _asked(self._started(), value, self.seconds)
        except _UnpreparedError as error:
            return Outcome(fault=str(error))
        except TimeoutError:
            self.close()
            return Outcome(fault=f"took longer than {self.seconds:g} s")
        except (OSError, EOFError):
            self.close()
            return Outcome(fault="ended its process")
        try:
            found = json.loads(answer)
            return Outcome(found.get("value"), str(found.get("fault", ""))[:200])
        except (ValueError, AttributeError, RecursionError):
            self.close()
            return Outcome(fault="answered what is no answer")

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        # -P: a file in the folder one happens to stand in is no library.
        how = [self.python, "-P", __file__] if self.python else [sys.executable, "-P", "-m", "freshbits.signals.worker"]
        libraries = self.path if self.python else [path for path in sys.path if path]
        self._process = subprocess.Popen(
            [*how, self.function, str(self.writes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ}
            | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(libraries)},
            start_new_session=True,
        )
        self._end = weakref.finalize(self, _kill, self._process)  # also when the interpreter ends
        if json.loads(_line(self._process, START_SECONDS)) != "ready":
            raise EOFError
        if self.setup is not None:
            fault = json.loads(_asked(self._process, self.setup, START_SECONDS)).get("fault")
            if fault:
                self.close()
                raise _UnpreparedError(fault)
        return self._process


class _UnpreparedError(Exception):
    """Says why a new process could not prepare itself."""


def _asked(process: subprocess.Popen[bytes], value: Any, seconds: float) -> bytes:
    """Gives the process one value and returns the line that it answers with."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(value).encode() + b"\n")
    process.stdin.flush()
    return _line(process, seconds)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Reads one line from the process.

    Raises:
        TimeoutError: it did not come in time. EOFError: the process has ended.
    """
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    began, spent = time.monotonic(), _cpu(process)
    found = b""
    while not found.endswith(b"\n"):
        if not poller.poll(1000 * min(seconds / 4, 0.25)):
            if time.monotonic() - began > PATIENCE * seconds or _cpu(process) - spent > seconds:
                raise TimeoutError
            continue
        part = os.read(pipe, 1 << 16)
        if not part:
            raise EOFError
        found += part
    return found


def _cpu(process: subprocess.Popen[bytes]) -> float:
    """Returns the CPU seconds of the process; the clock where the system does not tell."""
    try:
        fields = (
            Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.monotonic()


def echo(value: Any) -> Any:
    """Returns what it is given: the simplest function of a worker.

    >>> echo(1)
    1
    """
    return value


def main(function: str, writes: int = 0) -> None:
    """Serves inputs of standard input to the function until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)  # what libraries print is no answer
    inputs = sys.stdin.buffer
    module, _, name = function.rpartition(":")
    work: Callable[[Any], Any] = getattr(_loaded(module), name)
    _limit(writes)
    for reply in _replies(work, iter(inputs)):
        answers.write(reply + b"\n")
        answers.flush()


def _loaded(module: str) -> Any:
    """Imports a module by its name, or by its file."""
    if not module.endswith(".py"):
        return importlib.import_module(module)
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("hosted", module)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    sys.modules["hosted"] = made
    spec.loader.exec_module(made)
    return made


def _replies(work: Callable[[Any], Any], inputs: Iterator[bytes]) -> Iterator[bytes]:
    yield json.dumps("ready").encode()
    for line in inputs:
        try:
            yield json.dumps({"value": work(json.loads(line))}).encode()
        except Exception as fault:
            yield json.dumps({"fault": f"{type(fault).__name__}: {str(fault)[:150]}"}).encode()


def _limit(writes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (writes, writes))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
