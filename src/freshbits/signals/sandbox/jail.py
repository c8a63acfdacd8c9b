"""One candidate behind the wall, and calls of its functions."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Self

from freshbits.signals.sandbox.codec import decode, encode, parse
from freshbits.signals.sandbox.pool import Zygote, ZygoteError, open_channel
from freshbits.signals.sandbox.replies import Reply, Status, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from freshbits.signals.sandbox.limits import Limits

_BROKEN: dict[str, tuple[Status, str]] = {
    "cpu": ("timeout", "it used up its CPU time"),
    "memory": ("memory", "it used up its memory"),
    "processes": ("processes", "it started as many processes as it may"),
}

_LOOK_S = 0.01  # between two looks at its use of CPU
_GRACE_S = 0.25  # by the clock, for one that has work to do and no processor


class Jail:
    """Holds one loaded candidate; its functions are called with data and answer with data.

    Made by `Sandbox.load`; a context manager. Not for several threads at once: one call at a time. Arguments and
    values are what `codec` carries: None, bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset,
    range, deque, Counter, OrderedDict, defaultdict, Fraction, Decimal; iterators come back as iterators.

    A candidate that dies, runs out of time or sends what is no reply is ended at once, and every later call repeats
    how it ended. What is expected never enters: compare here, with `same`.

    Attributes:
        loaded: how loading its source ended; where that is not `ok`, every call answers the same.
    """

    def __init__(
        self, warm: Callable[[], Zygote], limits: Limits, source: str, release: Callable[[bool], None]
    ) -> None:
        self._limits = limits
        self._release = release
        self._ended: Reply | None = None
        self._seen_s = 0.0  # seconds of CPU when last looked at
        self._has_work = False  # when last looked at
        self._unseen_s = 0.0  # seconds by the clock that it was at work since
        try:
            self._zygote = warm()
            self._channel = open_channel(self._zygote, limits)
        except ZygoteError as problem:
            self._ended = self.loaded = Reply("fault", error=clean(str(problem)))
            release(False)
            return
        self.loaded = self._ask({"do": "load", "source": source}, limits.wall_s, limits.cpu_s)
        if not self.loaded.ok:
            self._end(self.loaded)

    def call(
        self,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        back: bool = False,
    ) -> Reply:
        """Calls a function of the candidate with data.

        Args:
            name: as in its source: `solve`, or `Solution.parse` for an attribute.
            args: positional arguments.
            kwargs: arguments by name.
            wall_s: seconds by the clock, instead of the limit that the candidate was loaded with. With `cpu_s`, they
                end one that sleeps; one that works or waits for the processor goes on up to that limit.
            cpu_s: seconds of CPU that this call may take, beside the limit of all calls together. They are looked at
                while the call runs, to a hundredth of a second, and run out up to a fifth later, never earlier.
            back: also send back the positional arguments as they are after the call.

        Raises:
            UnsupportedError: for an argument of a type that the protocol does not carry; nothing is sent.
        """
        return self._request({"do": "call", "name": name, "back": back}, args, kwargs, wall_s, cpu_s)

    def new(
        self,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
    ) -> Reply:
        """Makes an object of the candidate that stays inside; `value` is the number that names it."""
        reply = self._request({"do": "new", "name": name}, args, kwargs, wall_s, cpu_s)
        if reply.ok and type(reply.value) is not int:
            return self._end(Reply("malformed", error="no number for a new object"))
        return reply

    def method(
        self,
        handle: int,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        back: bool = False,
    ) -> Reply:
        """Calls a method of an object that `new` made."""
        request = {"do": "method", "of": handle, "name": name, "back": back}
        return self._request(request, args, kwargs, wall_s, cpu_s)

    def used(self) -> float:
        """Says how many seconds of CPU the candidate has used; exact once it has ended, before to a hundredth."""
        if self._ended is None:
            try:
                self._look()
            except ZygoteError as problem:
                self._end(Reply("fault", error=clean(str(problem))))
        return self._seen_s

    def close(self) -> None:
        """Ends the candidate and everything it started; a second time does nothing."""
        self._end(Reply("died", error="it was closed"))

    def buried(self) -> bool:
        """Ends the candidate and says whether nothing that it started is left to hold its end of the channel."""
        if self._ended is not None:
            return True
        channel = self._channel.dup()
        with channel:
            self.close()
            channel.settimeout(1.0)
            try:
                return not channel.recv(1)
            except TimeoutError:
                return False
            except OSError:
                return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _request(
        self,
        request: dict[str, Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        wall_s: float | None,
        cpu_s: float | None,
    ) -> Reply:
        request["args"] = encode(list(args))
        request["kwargs"] = encode(dict(kwargs or {}))
        return self._ask(request, self._limits.wall_s if wall_s is None else wall_s, cpu_s)

    def _ask(self, request: dict[str, Any], wall_s: float, cpu_s: float | None = None) -> Reply:
        """Sends one request and reads its reply; ends the candidate unless that is a reply in good form."""
        if self._ended is not None:
            return self._ended
        name = secrets.token_hex(8)  # drawn now: nothing that was sent before can be the answer
        began = time.monotonic()
        deadline = began + wall_s
        try:
            early = self._early()
            if early is not None:
                return self._end(early)
            if cpu_s is not None and self._unseen_s > cpu_s / 5:
                self._look()
            self._channel.settimeout(wall_s)
            self._channel.sendall(json.dumps({"id": name, **request}).encode() + b"\n")
            line = self._line(deadline, cpu_s)
        except ZygoteError as problem:
            return self._end(Reply("fault", error=clean(str(problem))))
        except TimeoutError:
            spent = cpu_s is not None and time.monotonic() < deadline
            said = f"more than {cpu_s:g} s of CPU" if spent else f"no answer within {wall_s:g} s"
            return self._end(Reply("timeout", error=said))
        except OSError:
            return self._died()
        # What it used in this time is not known; it can be no more than this, but for what it left running.
        self._unseen_s += time.monotonic() - began
        if line is None:
            return self._died()
        reply = _read(line, name)
        return self._end(reply) if reply.status == "malformed" else reply

    def _early(self) -> Reply | None:
        """Looks for bytes that came before anything was asked."""
        self._channel.setblocking(False)
        try:
            early = self._channel.recv(1)
        except BlockingIOError:
            return None
        return Reply("malformed", error="a reply before the request") if early else self._died()

    def _line(self, deadline: float, cpu_s: float | None) -> bytes | None:
        """Reads one line; None at the end of the channel; an empty line stands for what is no single line."""
        most = self._limits.reply_kb * 1024
        read = b""
        before = self._seen_s + self._unseen_s
        left_s = cpu_s
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                # On a busy machine it may have had no CPU: who has work to do goes on, up to the limit of CPU.
                if cpu_s is None or not self._busy() or self._seen_s - before > cpu_s:
                    raise TimeoutError
                deadline += _GRACE_S
                continue
            self._channel.settimeout(left if left_s is None else min(left, left_s))
            try:
                more = self._channel.recv(1 << 16)
            except TimeoutError:
                if cpu_s is None:
                    raise
                self._look()
                if self._seen_s - before > cpu_s:
                    raise
                left_s = max(before + cpu_s - self._seen_s, _LOOK_S)
                continue
            if not more:
                return None
            read += more
            place = read.find(b"\n")
            if place >= 0:
                return read[:place] if place == len(read) - 1 else b""
            if len(read) > most:
                return b""

    def _look(self) -> None:
        """Reads from the zygote what the candidate has used."""
        seen_s, self._has_work = self._zygote.used()
        self._seen_s, self._unseen_s = max(seen_s, self._seen_s), 0.0

    def _busy(self) -> bool:
        """Says whether the candidate works or waits for the processor, rather than sleeps."""
        before = self._seen_s
        self._look()
        return self._has_work or self._seen_s > before

    def _died(self) -> Reply:
        return self._end(None)

    def _end(self, reply: Reply | None) -> Reply:
        """Ends the candidate with a last reply; None reads from the zygote how it ended by itself."""
        if self._ended is not None:
            return self._ended
        whole = True
        try:
            end = self._zygote.end(died=reply is None)
        except ZygoteError as problem:
            whole = False
            self._ended = reply or Reply("fault", error=clean(str(problem)))
        else:
            self._ended = _last(end) if reply is None else reply
            self._seen_s = float(end["cpu_s"])
        self._channel.close()
        self._release(whole)
        return self._ended


def _last(end: dict[str, Any]) -> Reply:
    if end["why"] in _BROKEN:
        status, error = _BROKEN[end["why"]]
        return Reply(status, error=error)
    if end["why"] == "ended":
        return Reply("died", error="it closed its channel")
    code = end["code"]
    return Reply("died", error=f"its process ended with exit code {code}" if code >= 0 else f"signal {-code} ended it")


def _read(line: bytes, name: str) -> Reply:
    """Reads a reply; whatever is not exactly one is malformed."""
    try:
        data = parse(line)
        if type(data) is not dict or data.pop("id", None) != name:
            return Reply("malformed", error="a reply to no request" if line else "no single reply of lawful length")
        keys = set(data)
        if keys == {"ok"} or keys == {"ok", "args"}:
            args = decode(data["args"]) if "args" in data else None
            if args is not None and type(args) is not list:
                return Reply("malformed", error="arguments that are no list")
            return Reply("ok", decode(data["ok"]), args=args)
        if keys == {"raised", "error"} and type(data["raised"]) is list and type(data["error"]) is str:
            names = tuple(clean(each) for each in data["raised"] if type(each) is str)
            return Reply("raised", error=clean(data["error"]), raised=names)
        if keys in ({"unsupported"}, {"unsupported", "truth"}) and type(data["unsupported"]) is str:
            truth = data.get("truth")
            if truth is None or type(truth) is bool:
                return Reply("unsupported", error=clean(data["unsupported"]), truth=truth)
        if data == {"memory": True}:
            return Reply("memory", error="MemoryError", raised=("MemoryError", "Exception"))
    except (ValueError, RecursionError):
        return Reply("malformed", error="a reply that is no JSON of the protocol")
    return Reply("malformed", error="a reply of unknown form")
