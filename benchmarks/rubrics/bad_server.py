"""A server that misbehaves on purpose and by rule, and a judge behind it whose verdicts depend on the texts only.

Each question meets a fault on its first one or two tries, drawn from a hash of its texts; then it is answered well.
Some texts are never answered well. Replies that held a good verdict are counted, so that what is asked twice is seen.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 0.4  # seconds that a late answer takes; longer than the client waits
REFUSALS = {
    "429 with Retry-After": (429, {"retry-after": "0.02"}),
    "429 without": (429, {}),
    "429 with a date": (429, {"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    "500": (500, {}),
    "503": (503, {"retry-after": "0.01"}),
    "408": (408, {}),
}
BROKEN = ("late", "reset", "closed", "truncated body", "no JSON", "no choices", "empty", "cut")
MALFORMED = (
    "prose", "half a JSON", "wrong code", "no code", "a criterion missing", "a criterion too many", "out of its scale",
    "a number for a word", "a key twice", "not a number", "a list", "prose around", "two objects", "null",
)  # fmt: skip
FAULTS = (*REFUSALS, *BROKEN, *MALFORMED)


@dataclass
class Seen:
    """Counts what was asked.

    Attributes:
        good: good verdicts delivered, by question.
        faults: faults met, by kind.
        requests: all of them.
        forms: requests that carried a `response_format`.
    """

    good: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    forms: int = 0
    tries: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Bad(BaseHTTPRequestHandler):
    """Answers one request, well or not."""

    protocol_version = "HTTP/1.1"
    server: BadServer

    def do_POST(self) -> None:
        """Answers a question."""
        raw = self.rfile.read(int(self.headers["content-length"]))
        body = json.loads(raw)
        asked = Question(body)
        seen = self.server.seen
        with seen.lock:
            seen.requests += 1
            seen.forms += "response_format" in body
            tried = seen.tries[asked.key]
            seen.tries[asked.key] += 1
        if not self.server.forms and "response_format" in body:
            with seen.lock:
                seen.tries[asked.key] -= 1
            self._answer(422, {"error": {"message": "Unexpected keys in the request: {'response_format'}"}})
            return
        if self.server.delay:
            time.sleep(self.server.delay)
        fault = self.server.fault(asked, tried)
        if fault is not None:
            with seen.lock:
                seen.faults[fault] += 1
            self._fail(fault, asked)
            return
        with seen.lock:
            seen.good[asked.key] += 1
        self._say(asked.verdict())

    def _fail(self, fault: str, asked: Question) -> None:
        if fault in REFUSALS:
            status, headers = REFUSALS[fault]
            self._answer(status, {"error": {"message": fault}}, headers)
        elif fault == "late":
            time.sleep(SLOW)
            self.close_connection = True
        elif fault in ("reset", "closed"):
            if fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.close()
        elif fault == "truncated body":
            whole = self._whole(asked.verdict())
            self._head(200, len(whole))
            self.wfile.write(whole[: len(whole) // 2])
            self.close_connection = True
        elif fault == "no JSON":
            self._raw(b'{"choices": [{"mess')
        elif fault == "no choices":
            self._raw(b'{"choices": []}')
        elif fault == "empty":
            self._say("")
        elif fault == "cut":
            self._say(asked.verdict()[:20], ended="length")
        else:
            self._say(asked.malformed(fault))

    def _say(self, text: str, ended: str = "stop") -> None:
        self._raw(self._whole(text, ended))

    def _whole(self, text: str, ended: str = "stop") -> bytes:
        usage = {"prompt_tokens": 100, "completion_tokens": len(text) // 4, "total_tokens": 100 + len(text) // 4}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": ended}
        return json.dumps({"choices": [choice], "usage": usage}).encode()

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._raw(json.dumps(body).encode(), status, headers)

    def _raw(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        with contextlib.suppress(OSError):
            self._head(status, len(body), headers)
            self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class Question:
    """Holds what one request asks: its texts, its code, its criteria.

    Args:
        body: of the request.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        system, user = (message["content"] for message in body["messages"])
        mark = re.search(r'lines that begin with "(\w+)\| "', system)[1]  # type: ignore[index]
        self.code = re.search(r'its code is "(\w+)"', user)[1]  # type: ignore[index]
        self.data = [line.partition("| ")[2] for line in user.splitlines() if line.startswith(f"{mark}| ")]
        rows = re.findall(r"^- ([^(]+) \((.*?)\): ", user, re.MULTILINE)
        self.levels = {name: _levels(scale) for name, scale in rows}
        self.swapped = None if "The second response:" not in user else int(body["seed"]) % 2
        self.number = int(body["seed"]) // 3  # the asking: the signal asks up to three times for a good reply
        self.key = f"{self.number} {sorted(self.levels)} " + "\n".join(self.data)

    def draw(self, what: str, of: int) -> int:
        """Draws a number below `of` from the texts."""
        return int.from_bytes(sha256(f"{what} {self.key}".encode()).digest()[:8], "big") % of

    def verdicts(self) -> dict[str, Any]:
        """Returns the verdicts of this question."""
        return {name: levels[self.draw(name, len(levels))] for name, levels in self.levels.items()}

    def verdict(self) -> str:
        """Returns a good reply."""
        return json.dumps({"code": self.code, "reason": "So it is.", "verdicts": self.verdicts()})

    def malformed(self, how: str) -> str:
        """Returns a reply that is wrong in one way."""
        verdicts, first = self.verdicts(), next(iter(self.levels))
        said: dict[str, Any] = {"code": self.code, "reason": "So it is.", "verdicts": verdicts}
        good = json.dumps(said)
        if how == "a criterion missing":
            verdicts.pop(first)
        elif how == "a criterion too many":
            verdicts["beauty"] = "yes"
        elif how == "out of its scale":
            verdicts[first] = "perhaps"
        elif how == "a number for a word":
            verdicts[first] = 1.0
        elif how == "wrong code":
            said["code"] = "000000000000"
        elif how == "no code":
            said.pop("code")
        texts = {
            "prose": "I think that it is good.",
            "half a JSON": good[:-9],
            "a key twice": good[:-1] + ', "reason": "Once more."}',
            "not a number": good.replace('"So it is."', "NaN"),
            "a list": f"[{good}]",
            "prose around": f"Here it is: {good} That is all.",
            "two objects": f"{good}\n{good}",
            "null": "null",
        }
        return texts.get(how, json.dumps(said))


class BadServer(ThreadingHTTPServer):
    """Serves the judge.

    Args:
        bad: share of the questions that meet a fault first.
        hopeless: words; a text that holds one is never answered well: `never` (malformed), `dead` (500).
        forms: whether it takes `response_format`.
        delay: seconds that every answer takes.
        port: where; 0: anywhere.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, bad: float = 1.0, *, forms: bool = True, delay: float = 0.0, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Bad)
        self.bad, self.forms, self.delay = bad, forms, delay
        self.seen = Seen()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def fault(self, asked: Question, tried: int) -> str | None:
        """Returns how this try fails; None where it does not."""
        words = " ".join(asked.data)
        if "never well" in words:
            return MALFORMED[tried % len(MALFORMED)]
        if "dead" in words.split():
            return "500"
        for each in FAULTS:
            if f"[{each}]" in words:
                return each if tried == 0 else None
        if asked.draw("bad", 1000) >= 1000 * self.bad or tried > asked.draw("times", 2):
            return None
        return FAULTS[asked.draw(f"fault {tried}", len(FAULTS))]

    def handle_error(self, *_: Any) -> None:
        """Says nothing: clients go away while they are answered."""


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serves in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _levels(scale: str) -> list[Any]:
    numbers = re.fullmatch(r"a whole number, (\d+) to (\d+)", scale)
    if numbers is not None:
        return list(range(int(numbers[1]), int(numbers[2]) + 1))
    return re.findall(r'"(\w+)"', scale)
