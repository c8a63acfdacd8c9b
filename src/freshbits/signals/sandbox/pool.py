"""Zygotes: warm jails that wait for candidates, one candidate at a time each."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox import codec, kernel, launch, namespaces, seccomp, stub, watch, zygote
from freshbits.signals.sandbox.places import bubblewrap, places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from freshbits.signals.sandbox.limits import Limits

# What goes into the jail, each after what it imports.
_INSIDE: tuple[ModuleType, ...] = (codec, kernel, seccomp, watch, stub, zygote, namespaces, launch)
_READY_S = 20.0  # to start a zygote
_BURY_S = 10.0  # to end a candidate; the kernel needs milliseconds

# A fresh interpreter knows no freshbits, and the jail shows none: modules are made from text.
_BOOT = """
import json, os, sys, types
file = int(sys.argv[1])
os.environ.pop("PYTHONHASHSEED", None)
plan = json.loads(os.pread(file, os.fstat(file).st_size, 0))
for name in ("freshbits", "freshbits.signals", "freshbits.signals.sandbox"):
    sys.modules[name] = types.ModuleType(name)
package = sys.modules["freshbits.signals.sandbox"]
for name, text in plan.pop("modules"):
    full = "freshbits.signals.sandbox." + name
    module = sys.modules[full] = types.ModuleType(full)
    exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    setattr(package, name, module)
package.launch.main(plan) if sys.argv[2] == "launch" else package.zygote.main(plan["control"])
"""


class ZygoteError(OSError):
    """Says that the sandbox's own machinery failed, through no fault of a candidate."""


class Zygote:
    """Holds one warm jail and the socket that starts and ends candidates in it.

    The thread that makes it must live as long as it does: the kernel ends the jail with that thread.

    Args:
        level: "bubblewrap" or "namespaces".

    Raises:
        ZygoteError: if it does not come up; says what the system said.
    """

    def __init__(self, level: str) -> None:
        self.control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan_file = os.memfd_create("plan")
        with inner, tempfile.TemporaryFile() as said:
            try:
                where = places()
                # As -I, but for one variable: the order of a set of texts must be the same in every run.
                python = [where.python, "-s", "-P", "-S", "-c", _BOOT, str(plan_file)]
                plan = {
                    "modules": [[each.__name__.rpartition(".")[2], _text(each)] for each in _INSIDE],
                    "parent": os.getpid(),
                    "level": level,
                    "bubblewrap": bubblewrap(),
                    "control": inner.fileno(),
                    "binds": where.binds,
                    "links": where.links,
                    "hidden": where.hidden,
                    "python": [*python, "zygote"],
                }
                os.pwrite(plan_file, json.dumps(plan).encode(), 0)
                self.process = subprocess.Popen(
                    [*python, "launch"],
                    env=dict(launch.ENVIRONMENT),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=(inner.fileno(), plan_file),
                    start_new_session=True,
                )
            except OSError as problem:
                self.control.close()
                raise ZygoteError(str(problem)) from problem
            finally:
                os.close(plan_file)
            inner.close()
            self.control.settimeout(_READY_S)
            try:
                self._read()
            except ZygoteError:
                self.close()
                said.seek(0)
                lines = said.read().decode("utf-8", "replace").strip().splitlines()
                raise ZygoteError(lines[-1] if lines else "it ended at once") from None

    def start(self, limits: Limits, files: Sequence[int]) -> None:
        """Starts a candidate that holds these descriptors: its channel, and a program's input and output."""
        message = json.dumps({"do": "start", "limits": asdict(limits)}).encode()
        try:
            socket.send_fds(self.control, [message], files)
        except OSError as problem:
            raise ZygoteError("the zygote is gone") from problem

    def used(self) -> tuple[float, bool]:
        """Says how many seconds of CPU the candidate and everything it started have used, to a hundredth.

        The second value says whether one of them has work to do right now.
        """
        use = self._told(b"use")
        return float(use["cpu_s"]), bool(use["busy"])

    def end(self, *, died: bool = False) -> dict[str, Any]:
        """Ends the candidate and everything it started; says how: `why`, its exit code, its seconds of CPU.

        Args:
            died: whether its channel was closed, so that it may just be ending by itself.
        """
        return self._told(b"died" if died else b"end")

    def close(self) -> None:
        """Ends the jail with everything in it."""
        self.control.close()
        try:
            self.process.wait(_BURY_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def alive(self) -> bool:
        """Says whether the jail still waits for work."""
        poll = select.poll()
        poll.register(self.control, 0)
        return not poll.poll(0)

    def _told(self, message: bytes) -> dict[str, Any]:
        try:
            self.control.settimeout(_BURY_S)
            self.control.send(message)
        except OSError as problem:
            raise ZygoteError("the zygote is gone") from problem
        return self._read()

    def _read(self) -> dict[str, Any]:
        try:
            message = self.control.recv(1 << 12)
        except OSError as problem:
            raise ZygoteError("the zygote does not answer") from problem
        if not message:
            raise ZygoteError("the zygote is gone")
        read: dict[str, Any] = json.loads(message)
        return read


def _text(module: ModuleType) -> str:
    return Path(str(sys.modules[module.__name__].__file__)).read_text(encoding="utf-8")


def open_channel(zygote: Zygote, limits: Limits, more: Sequence[int] = ()) -> socket.socket:
    """Starts a candidate and gives the socket to it, once its walls stand.

    Raises:
        ZygoteError: if they do not; the candidate's source was not sent yet.
    """
    channel, inner = socket.socketpair()
    try:
        with inner:
            zygote.start(limits, [inner.fileno(), *more])
        channel.settimeout(_READY_S)
        said = channel.recv(1)
        if said != b"+":
            problem = channel.recv(400).decode("utf-8", "replace") if said else "no candidate came up"
            raise ZygoteError(problem)
    except OSError as problem:
        channel.close()
        raise problem if isinstance(problem, ZygoteError) else ZygoteError(str(problem)) from problem
    return channel
