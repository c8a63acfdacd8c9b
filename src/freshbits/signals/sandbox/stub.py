"""The candidate's side of the wall: loads source, answers calls with data.

Everything here shares its process with the candidate, who may replace any of it. Nothing is gained by that: whatever
is written to the channel is read as the candidate's own word, and what is expected was never here.

Runs inside the jail, so it imports the standard library alone.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import types
from typing import TYPE_CHECKING, Any

from freshbits.signals.sandbox.codec import UnsupportedError, decode, encode

if TYPE_CHECKING:
    import socket

_SHOWN = 300  # characters of an exception's message


def serve(channel: socket.socket, most: int) -> None:
    """Answers requests until the channel ends.

    Args:
        channel: one JSON object per line in, one per line out, in turn.
        most: bytes of one reply.
    """
    namespace: dict[str, Any] = {}
    objects: list[Any] = []
    buffer = b""
    gc.enable()
    dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode  # bound before the candidate's code runs
    while True:
        while b"\n" not in buffer:
            more = channel.recv(1 << 16)
            if not more:
                return
            buffer += more
        line, _, buffer = buffer.partition(b"\n")
        request = json.loads(line)
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            _answer(request, answer, namespace, objects)
        except UnsupportedError as problem:
            answer = {"id": request["id"], "unsupported": _text(problem)}
        except MemoryError:
            answer = {"id": request["id"], "memory": True}
        except BaseException as problem:  # SystemExit and KeyboardInterrupt are the candidate's too
            answer = {"id": request["id"], "raised": _bases(problem), "error": _described(problem)}
        text = dumps(answer).encode()
        if len(text) >= most:
            text = dumps({"id": request["id"], "unsupported": f"a reply of {len(text)} bytes"}).encode()
        channel.sendall(text + b"\n")


def run_program(channel: socket.socket) -> None:
    """Runs the source that comes over the channel as a program, and ends this process as Python would."""
    buffer = b""
    while not buffer.endswith(b"\n"):
        buffer += channel.recv(1 << 16)
    source = json.loads(buffer)["source"]
    gc.enable()
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    sys.stdin = open(0, encoding="utf-8", errors="replace")  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    code = 0
    try:
        exec(compile(source, "<program>", "exec", dont_inherit=True), module.__dict__)
    except SystemExit as problem:
        code = problem.code if isinstance(problem.code, int) else 0 if problem.code is None else 1
        if code:
            _tell(channel, problem)
    except BaseException as problem:
        code = 1
        _tell(channel, problem)
    try:
        sys.stdout.flush()
    except BaseException:
        code = code or 1
    os._exit(code & 255)


def _answer(request: dict[str, Any], answer: dict[str, Any], namespace: dict[str, Any], objects: list[Any]) -> None:
    if request["do"] == "load":
        module = types.ModuleType("candidate")
        sys.modules["candidate"] = module
        namespace.update({"module": module})
        exec(compile(request["source"], "<candidate>", "exec", dont_inherit=True), module.__dict__)
        answer["ok"] = None
        return
    if request["do"] == "method":
        function = getattr(objects[request["of"]], request["name"])
    else:
        function = _found(namespace["module"], request["name"])
    args, kwargs = decode(request["args"]), decode(request["kwargs"])
    value = function(*args, **kwargs)
    if request["do"] == "new":
        objects.append(value)
        answer["ok"] = len(objects) - 1
        return
    try:
        answer["ok"] = encode(value)
    except UnsupportedError as problem:
        answer["unsupported"], answer["truth"] = _text(problem), bool(value)
        return
    if request.get("back"):
        answer["args"] = [encode(each) for each in args]


def _found(module: types.ModuleType, name: str) -> Any:
    first, *rest = name.split(".")
    if first not in vars(module):
        raise NameError(f"the code defines no {first!r}")
    value = vars(module)[first]
    for part in rest:
        value = getattr(value, part)
    return value


def _bases(problem: BaseException) -> list[str]:
    return [kind.__name__[:80] for kind in type(problem).__mro__[:12] if kind not in (object, BaseException)]


def _described(problem: BaseException) -> str:
    message = _text(problem)
    name = type(problem).__name__[:80]
    return f"{name}: {message}" if message else name


def _text(problem: BaseException) -> str:
    try:
        return str(problem)[:_SHOWN]
    except BaseException:
        return ""


def _tell(channel: socket.socket, problem: BaseException) -> None:
    try:
        channel.sendall(_described(problem).encode("utf-8", "backslashreplace"))
    except BaseException:
        return
