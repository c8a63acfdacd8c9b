"""The pool leaves nothing behind, survives its own faults, and serves threads and forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freshbits.signals.sandbox import Limits, Sandbox, pool
from freshbits.signals.sandbox.pool import Zygote, ZygoteError

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.sandbox

PLAIN = "def f(x):\n    return x + 1\n"


def descendants(pid: int) -> set[int]:
    """Lists the processes below one, zombies too."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def gone(pids: set[int], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_hundreds_of_jails_leave_no_process_and_no_descriptor(level):
    hostile = PLAIN + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n"
    outside = descendants(os.getpid())
    with Sandbox(level, limits=Limits(cpu_s=2.0, wall_s=30.0)) as sandbox:
        for turn in range(501):
            with sandbox.load(hostile if turn % 10 == 0 else PLAIN) as jail:
                if turn % 3 == 0:
                    assert jail.call("f", [turn]).value == turn + 1
            if turn % 50 == 0:
                sandbox.run("print(1)")
            if turn == 0:
                warm = descendants(os.getpid())
                open_files = descriptors()
        assert descendants(os.getpid()) == warm
        assert descriptors() == open_files
    assert gone(warm - outside)


HOLD = """
import sys, time
from freshbits.signals.sandbox import Sandbox
sandbox = Sandbox(sys.argv[1], workers=2)
busy = "import os, time\\nfor n in range(3):\\n    if os.fork() == 0:\\n        time.sleep(600)\\n"
one, other = sandbox.load(busy), sandbox.load("import time\\ndef f(): time.sleep(600)")
print(one.loaded.status, other.loaded.status, flush=True)
other.call("f", wall_s=600)
"""


def test_killing_the_parent_kills_every_jail(level):
    with subprocess.Popen([sys.executable, "-c", HOLD, level], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ok ok\n"
        below = descendants(parent.pid)
        assert len(below) >= 2 + 2 + 5  # launchers, zygotes, candidates with three children
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(below)


FORKED = """
import os, sys
from freshbits.signals.sandbox import Sandbox
source = "def f(x): return x + 1"
with Sandbox(sys.argv[1]) as sandbox:
    with sandbox.load(source) as jail:
        pid = os.fork()
        if pid == 0:
            with sandbox.load(source) as own:
                value = own.call("f", [1]).value
            sandbox.close()
            os._exit(value)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(code, jail.call("f", [2]).value)
    with sandbox.load(source) as jail:
        print(jail.call("f", [3]).value)
"""


def test_a_fork_makes_jails_of_its_own(level):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, level], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.stdout, run.stderr) == ("2 3\n4\n", "")


def test_threads_share_the_places(level):
    limits = Limits(cpu_s=2.0, wall_s=30.0)
    with Sandbox(level, workers=3, limits=limits) as sandbox, ThreadPoolExecutor(6) as threads:

        def work(number: int) -> tuple[int, str]:
            with sandbox.load(f"def f(x): return x + {number}") as jail:
                value = jail.call("f", [1000]).value
            return value, sandbox.run(f"print({number})").stdout

        assert list(threads.map(work, range(40))) == [(1000 + n, f"{n}\n") for n in range(40)]


def test_a_thread_that_would_wait_for_itself_is_told(sandbox):
    with sandbox.load(PLAIN), sandbox.load(PLAIN), pytest.raises(RuntimeError, match="every place"):
        sandbox.load(PLAIN)


def test_a_closed_sandbox_runs_nothing(level):
    sandbox = Sandbox(level)
    jail = sandbox.load(PLAIN)
    sandbox.close()
    sandbox.close()
    assert jail.call("f", [1]).status == "fault"
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.load(PLAIN)


def test_a_jail_that_dies_under_a_call_is_a_fault_of_ours_and_the_next_is_well(level):
    with Sandbox(level, limits=Limits(wall_s=30.0)) as sandbox:
        with sandbox.load("import time\ndef f(): time.sleep(600)") as jail:
            zygote = jail._zygote
            threading.Timer(0.1, zygote.process.kill).start()
            assert jail.call("f").status == "fault"
            assert jail.call("f").status == "fault"
        with sandbox.load(PLAIN) as jail:
            assert jail.call("f", [1]).value == 2
            jail._zygote.process.kill()
            jail._zygote.process.wait()
        with sandbox.load(PLAIN) as jail:
            assert jail.call("f", [1]).value == 2
        sandbox._places[0].zygote.process.kill()
        assert sandbox.run("print(1)").stdout == "1\n"


def test_a_start_that_fails_is_tried_once_more(level, monkeypatch):
    starts = []
    start = Zygote.start

    def failing(self, *rest):
        starts.append(rest)
        if len(starts) in failures:
            raise ZygoteError("the moon was full")
        return start(self, *rest)

    with Sandbox(level) as sandbox:
        assert sandbox.level == level
        monkeypatch.setattr(Zygote, "start", failing)
        failures = {1}
        with sandbox.load(PLAIN) as jail:
            assert jail.call("f", [1]).value == 2
        assert len(starts) == 2
        failures = {3, 4}
        with sandbox.load(PLAIN) as jail:
            assert (jail.loaded.status, jail.loaded.error) == ("fault", "the moon was full")
            assert jail.call("f", [1]).status == "fault"
        failures = {5, 6}
        assert sandbox.run("print(1)").status == "fault"
        assert sandbox.run("print(1)").status == "ok"


STRICT = """
import resource, sys
for which, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 1 << 20), (resource.RLIMIT_NOFILE, 256)):
    resource.setrlimit(which, (most, most))
from freshbits.signals.sandbox import Sandbox
with Sandbox(sys.argv[1]) as sandbox:
    print(sandbox.run("print(input())", "whole").stdout.strip())
"""


def test_limits_that_an_administrator_set_are_kept(level):
    command = [sys.executable, "-c", STRICT, level]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (run.stdout, run.stderr) == ("whole\n", "")


def test_walls_that_do_not_rise_are_a_fault_with_a_reason(level, monkeypatch):
    text = pool._text

    def breaking(name: str, function: str, module: ModuleType) -> str:
        fails = f"{function}(*_, **__): raise OSError('no {name} today')\n{function}_("
        return text(module).replace(f"{function}(", fails) if module.__name__.endswith(name) else text(module)

    for name, function in (("seccomp", "def install"), ("kernel", "def mount")):
        monkeypatch.setattr(pool, "_text", partial(breaking, name, function))
        with Sandbox(level) as sandbox:
            sandbox._level = level  # its self-check has seen the whole code
            with sandbox.load(PLAIN) as jail:
                assert jail.loaded.status == "fault"
                assert f"no {name} today" in jail.loaded.error


def test_the_version_names_what_a_verdict_depends_on(sandbox, level):
    assert sandbox.version.startswith(f"{level} ")
    assert sandbox.version.endswith(f"Python {sys.version.split()[0]}")
