"""The trusted process inside the jail: forks one child per candidate, watches it, and buries it.

It holds no secret, since children inherit its memory. A child gets a pid namespace, a System V namespace and a /tmp of
its own, loses every capability and most system calls, and only then meets the candidate's source. One candidate
lives at a time: candidates side by side sit in jails of their own.

Runs inside the jail, so it imports the standard library alone.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import random
import resource
import select
import signal
import socket
import sys
from typing import Any

from freshbits.signals.sandbox import kernel, seccomp, stub
from freshbits.signals.sandbox.watch import Watch

PRELOADED = (
    "abc", "bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "heapq", "inspect", "io", "itertools", "json", "math", "operator", "random", "re", "statistics", "string", "sys",
    "time", "types", "typing",
)  # fmt: skip
GRACE_S = 0.2  # to a process whose channel was closed
EVERY_S = 0.02  # between two looks at what the candidate uses
_MEGABYTE = 1 << 20
_OWN = kernel.NEW_PID | kernel.NEW_NS | kernel.NEW_IPC


def main(control: int) -> None:
    """Serves requests for candidates on a control socket until it ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    random.seed(0)  # every candidate draws the same numbers, in every run
    os.umask(0o077)
    kernel.share_arenas()
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    watch = Watch(proc)
    socket_of_control = socket.socket(fileno=control)
    gc.collect()
    gc.freeze()  # pages of these objects stay shared with the children
    gc.disable()
    socket_of_control.send(b'{"ready":true}')
    while True:
        message, files, _, _ = socket.recv_fds(socket_of_control, 1 << 16, 4)
        if not message:
            os._exit(0)  # the parent is gone
        request = json.loads(message)
        if request["do"] == "start":
            _start(socket_of_control, request, files, watch)


def _start(control: socket.socket, request: dict[str, Any], files: list[int], watch: Watch) -> None:
    pid = kernel.clone(_OWN)
    if pid == 0:
        _become(request["limits"], files, watch.proc)
    for file in files:
        os.close(file)
    child = os.pidfd_open(pid)
    why = _until_told(control, child, request["limits"], watch)
    signal.pidfd_send_signal(child, signal.SIGKILL)
    os.close(child)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    end = {
        "why": why or ("exited" if code >= 0 else "killed"),
        "code": code,
        "cpu_s": usage.ru_utime + usage.ru_stime,
    }
    control.send(json.dumps(end).encode())


def _until_told(control: socket.socket, child: int, limits: dict[str, Any], watch: Watch) -> str:
    """Waits for the end of a candidate or for the word to end it; says which limit it broke, if one."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(child, select.POLLIN)
    poll_child = select.poll()
    poll_child.register(child, select.POLLIN)
    alive, why = True, ""
    while True:
        events = dict(poll.poll(EVERY_S * 1000 if alive else None))
        if control.fileno() in events:
            told = control.recv(1 << 12)
            if not told:
                # The parent is gone, or waits for the end of this process: be the last to go.
                signal.pidfd_send_signal(child, signal.SIGKILL)
                os.waitpid(-1, 0)
                os._exit(0)
            if told == b"use":
                use = watch.use(math.inf)
                control.send(json.dumps({"cpu_s": use.cpu_s, "busy": use.busy}).encode())
                continue
            if alive and told == b"died" and poll_child.poll(GRACE_S * 1000):
                alive = False  # its channel closes a moment before its process ends
            return why or ("ended" if alive else "")
        if child in events:
            alive = False
            poll.unregister(child)
        elif alive and not why:
            why = _broken(limits, watch)
            if why:
                signal.pidfd_send_signal(child, signal.SIGKILL)


def _broken(limits: dict[str, Any], watch: Watch) -> str:
    use = watch.use(limits["memory_mb"])
    if use.cpu_s > limits["cpu_s"]:
        return "cpu"
    if use.memory_mb > limits["memory_mb"]:
        return "memory"
    return "processes" if use.processes >= limits["processes"] else ""


def _become(limits: dict[str, Any], files: list[int], proc: int) -> None:
    """Turns this child into a candidate's: first its walls, then its source.

    Sends one byte once the walls stand, before it reads the source: without it the fault is ours.
    """
    try:
        os.set_inheritable(files[0], False)
        said = os.dup(files[0])
        try:
            channel = _walled(limits, files, proc)
        except BaseException as problem:
            text = f"-{problem}".encode("utf-8", "replace")[:300]
            try:
                os.write(said, text)
            except OSError:  # the descriptors are already in their new places
                os.write(3, text)
            raise
        channel.send(b"+")
    except BaseException:
        os._exit(70)
    try:
        if len(files) == 1:
            stub.serve(channel, int(limits["reply_kb"] * 1024))
        else:
            stub.run_program(channel)
    finally:
        os._exit(71)


def _walled(limits: dict[str, Any], files: list[int], proc: int) -> socket.socket:
    with open("self/oom_score_adj", "w", opener=lambda path, flags: os.open(path, flags, dir_fd=proc)) as file:
        file.write("1000")
    os.setsid()
    size = int(limits["file_mb"] * _MEGABYTE)
    kernel.mount("none", "/proc", "tmpfs", _QUIET | kernel.MS_RDONLY, "size=4k,nr_inodes=2")
    kernel.mount("none", "/tmp", "tmpfs", _QUIET, f"size={size},nr_inodes=2048,mode=1777")
    os.chdir("/tmp")
    _take_files(files)
    _set_limits(limits, size)
    kernel.drop_privileges()
    seccomp.install()
    for name in [name for name in sys.modules if name.partition(".")[0] == "freshbits"]:
        del sys.modules[name]
    return socket.socket(fileno=3)


_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


def _take_files(files: list[int]) -> None:
    """Leaves four descriptors open: nothing (or a program's text), twice a file that nobody reads, and the channel."""
    sink = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600)
    source = files[1] if len(files) > 1 else os.open("/dev/null", os.O_RDONLY)
    target = files[2] if len(files) > 1 else sink
    high = [os.dup2(file, 100 + at, inheritable=False) for at, file in enumerate((source, target, sink, files[0]))]
    for at, file in enumerate(high):
        os.dup2(file, at, inheritable=at < 3)
    os.closerange(4, 4096)


def _set_limits(limits: dict[str, Any], size: int) -> None:
    seconds = math.ceil(limits["cpu_s"])
    memory = int(limits["memory_mb"] * _MEGABYTE)
    processes = limits["processes"] + 2  # the kernel counts the trusted ones too
    for which, soft, hard in (
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_NPROC, processes, processes),
        (resource.RLIMIT_FSIZE, size, size),
        (resource.RLIMIT_NOFILE, 64, 64),
        (resource.RLIMIT_CORE, 1, 1),  # no dump at all; 0 would still feed a program that collects dumps
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_MSGQUEUE, 0, 0),
    ):
        _, most = resource.getrlimit(which)  # an administrator may have set less, which nobody can raise
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(which, (soft, hard))
