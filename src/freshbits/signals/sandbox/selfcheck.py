"""Which wall holds on this machine: each is tried by running attacks behind it, once per process."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox import attacks, kernel, seccomp
from freshbits.signals.sandbox.jail import Jail
from freshbits.signals.sandbox.limits import Limits
from freshbits.signals.sandbox.places import bubblewrap
from freshbits.signals.sandbox.pool import Zygote, ZygoteError
from freshbits.signals.sandbox.unavailable import SandboxUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEVELS = ("bubblewrap", "namespaces")  # strongest first
LIMITS = Limits(cpu_s=4.0, wall_s=10.0, memory_mb=256, processes=16)

_SECRET = "FRESHBITS_SELF_CHECK"
_problems: dict[str, str] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Attack:
    """Holds one hostile act: a function of `attacks.SOURCE`, its arguments, and what shows that the wall held."""

    name: str
    args: tuple[Any, ...] = ()
    held: Callable[[Any], bool] = lambda value: value is False


def strongest(levels: Sequence[str]) -> str:
    """Finds the first level whose wall holds.

    Raises:
        SandboxUnavailableError: if none does; says of each why not.
    """
    reasons = []
    for level in levels:
        problem = why_not(level)
        if not problem:
            return level
        reasons.append(f"{level}: {problem}")
    raise SandboxUnavailableError(f"no sandbox holds on this machine ({'; '.join(reasons)})")


def why_not(level: str) -> str:
    """Says why a level cannot be trusted here; an empty text where it can. Tried once per process."""
    with _lock:
        if level not in _problems:
            _problems[level] = _lacking(level) or _tried(level)
        return _problems[level]


def escapes(level: str, tried: Sequence[Attack], limits: Limits = LIMITS) -> dict[str, str]:
    """Runs attacks behind a wall, each in a child of its own: says of each what happened, "" where the wall held.

    Raises:
        ZygoteError: if the jail does not come up.
    """
    found = {}
    with ThreadPoolExecutor(1) as keeper:  # the kernel ends a jail with the thread that started it
        zygote = keeper.submit(Zygote, level).result()
        try:
            for attack in tried:
                found[attack.name] = _happened(zygote, attack, limits)
        finally:
            zygote.close()
    return found


def standard(stack: ExitStack) -> list[Attack]:
    """Lists the attacks of the self-check, against targets that are set up for it: a file, a listener, a secret."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(dir=_ground()))
    secret = Path(folder) / "secret"
    secret.write_text("secret", encoding="utf-8")
    for path in (Path(folder), secret):
        path.chmod(0o777)  # only the wall keeps it, no right of the file
    tcp = stack.enter_context(socket.socket())
    tcp.bind(("127.0.0.1", 0))
    udp = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    name = f"freshbits-{secrets.token_hex(8)}"
    abstract, datagram = (stack.enter_context(socket.socket(socket.AF_UNIX, kind)) for kind in _KINDS)
    abstract.bind(f"\0{name}")
    datagram.bind(f"\0{name}-datagram")
    for listener in (tcp, abstract):
        listener.listen()
    os.environ[_SECRET] = name
    stack.callback(os.environ.pop, _SECRET)
    return [
        Attack("honest", held=lambda value: value == [0, 1, 2, 3]),
        Attack("read_file", (str(secret),)),
        Attack("read_environment", (name,)),
        Attack("read_memory"),
        Attack("write_file", (f"{folder}/written",)),
        Attack("write_anywhere", held=lambda value: value == []),
        Attack("connect", ("AF_INET", "SOCK_STREAM", list(tcp.getsockname()))),
        Attack("connect_udp", ("AF_INET", "SOCK_DGRAM", list(udp.getsockname()))),
        Attack("connect_abstract", ("AF_UNIX", "SOCK_STREAM", f"\0{name}")),
        Attack("abstract_datagram", (f"{name}-datagram",)),
        Attack("signal_others", (os.getpid(),)),
        Attack("trace", (os.getpid(),)),
        Attack("make_namespace"),
        Attack("mount"),
        Attack("become_root"),
        Attack("hidden_memory"),
        Attack("raise_limits"),
        Attack("fork_bomb", (200,), lambda value: value is None or value <= LIMITS.processes + 2),
        Attack("memory_bomb", (2 * LIMITS.memory_mb,)),
        Attack("fill_disk", (2 * LIMITS.file_mb,), lambda value: type(value) is int and value <= LIMITS.file_mb),
        Attack("leave_daemon", held=lambda value: value is True),
    ]


def _ground() -> str | None:
    """Finds a directory to plant in that a candidate's own /tmp does not hide by chance."""
    return next((place for place in ("/var/tmp", str(Path.home()), "/dev/shm") if os.access(place, os.W_OK)), None)


_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


def _lacking(level: str) -> str:
    if sys.platform != "linux":
        return "only Linux has what it needs"
    if not seccomp.supported():
        return f"no table of system calls for {kernel.machine()}"
    return "bwrap is not installed" if level == "bubblewrap" and bubblewrap() is None else ""


def _tried(level: str) -> str:
    try:
        with ExitStack() as stack:
            found = escapes(level, standard(stack))
    except (OSError, ZygoteError) as problem:
        return str(problem)
    broken = [f"{name} ({what})" for name, what in found.items() if what]
    return f"it does not hold: {', '.join(broken)}" if broken else ""


def _happened(zygote: Zygote, attack: Attack, limits: Limits) -> str:
    function = "connect" if attack.name.startswith("connect") else attack.name
    with Jail(lambda: zygote, limits, attacks.SOURCE, lambda _: None) as jail:
        if not jail.loaded.ok:
            return f"{jail.loaded.status}: {jail.loaded.error}"
        reply = jail.call(function, list(attack.args))
        if reply.status in ("raised", "fault", "unsupported", "malformed"):
            return f"{reply.status}: {reply.error}"
        if not attack.held(reply.value) and not (
            reply.status in ("processes", "memory", "died") and reply.value is None
        ):
            return f"{reply.status} {reply.value!r}"[:200]
        return "" if jail.buried() else "a process outlived it"
