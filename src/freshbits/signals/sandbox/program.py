"""One program on text: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import select
import time
from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox.pool import Zygote, open_channel
from freshbits.signals.sandbox.replies import Output, Status, clean

if TYPE_CHECKING:
    import socket

    from freshbits.signals.sandbox.limits import Limits

_TOLD = 1 << 12  # bytes a program may say about its own end
_LEAST = 0.001


def run_program(zygote: Zygote, limits: Limits, source: str, stdin: str) -> Output:
    """Runs an untrusted program in a child of its own and reads what it prints.

    Raises:
        ZygoteError: if the sandbox fails.
    """
    text = os.memfd_create("stdin")
    output, inner = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(inner, True)
    try:
        try:
            with open(text, "wb", closefd=False) as file:
                file.write(stdin.encode("utf-8", "surrogatepass"))
            reading = os.open(f"/proc/self/fd/{text}", os.O_RDONLY)
        finally:
            os.close(text)
        try:
            channel = open_channel(zygote, limits, (reading, inner))
        finally:
            os.close(reading)
            os.close(inner)
            inner = -1
        with channel:
            return _Run(zygote, limits, channel, output).watch(source)
    finally:
        os.close(output)
        if inner >= 0:
            os.close(inner)


class _Run:
    """Follows a program until it ends or breaks a limit."""

    def __init__(self, zygote: Zygote, limits: Limits, channel: socket.socket, output: int) -> None:
        self.zygote = zygote
        self.limits = limits
        self.channel = channel
        self.output = output
        self.printed = bytearray()
        self.told = b""
        self.most = int(limits.output_mb * (1 << 20))

    def watch(self, source: str) -> Output:
        deadline = time.monotonic() + self.limits.wall_s
        stopped: Status | None = None
        try:
            self.channel.settimeout(self.limits.wall_s)
            self.channel.sendall(json.dumps({"source": source}).encode() + b"\n")
            stopped = self._follow(deadline)
        except TimeoutError:
            stopped = "timeout"
        except OSError:
            stopped = None  # it ended by itself while it was spoken to
        end = self.zygote.end(died=stopped is None)
        while len(self.printed) <= self.most and self._read_output():
            pass
        if len(self.printed) > self.most:
            stopped = "output"
        return self._said(stopped, end)

    def _follow(self, deadline: float) -> Status | None:
        """Reads until the program ends (None), or says what it did too long or too much."""
        poll = select.poll()
        poll.register(self.output, select.POLLIN)
        poll.register(self.channel, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout"
            events = dict(poll.poll(max(left, _LEAST) * 1000))
            if self.output in events and not self._read_output():
                poll.unregister(self.output)
            if len(self.printed) > self.most:
                return "output"
            if self.channel.fileno() in events:
                more = self.channel.recv(_TOLD)
                self.told += more
                if not more:
                    return None
                if len(self.told) > _TOLD:
                    return "malformed"

    def _read_output(self) -> bool:
        """Reads what lies in the pipe; False where nothing does, or nothing will."""
        try:
            more = os.read(self.output, 1 << 16)
        except BlockingIOError:
            return False
        self.printed += more
        return bool(more)

    def _said(self, stopped: Status | None, end: dict[str, Any]) -> Output:
        stdout = bytes(self.printed[: self.most]).decode("utf-8", "replace")
        told = clean(self.told.decode("utf-8", "replace"))
        why, code = end["why"], end["code"]
        if stopped is not None:
            errors = {
                "timeout": f"no end within {self.limits.wall_s:g} s",
                "output": f"more than {self.limits.output_mb:g} MB of output",
                "malformed": "it said too much about its end",
            }
            return Output(stopped, stdout, errors[stopped])
        if why == "cpu":
            return Output("timeout", stdout, "it used up its CPU time")
        if why == "memory" or told.startswith("MemoryError"):
            return Output("memory", stdout, "it used up its memory")
        if why == "processes":
            return Output("processes", stdout, "it started as many processes as it may")
        if code < 0:
            return Output("died", stdout, f"signal {-code} ended it")
        if code:
            return Output("raised", stdout, told or f"exit code {code}")
        return Output("ok", stdout)
