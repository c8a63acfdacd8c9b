"""A model behind an OpenAI-compatible endpoint: one question at a time, asked again with patience, never half heard."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from freshbits.errors import InputError

FAILED_IN_A_ROW = 16  # questions without any reply after which a server counts as gone
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between tries, doubled each time
AGAIN = frozenset({408, 409, 425, 429})  # and everything from 500 on


@dataclass(frozen=True)
class Reply:
    """Holds what came back: the text, or why there is none.

    >>> Reply(None, "timed out").text is None
    True
    """

    text: str | None
    fault: str = ""


@dataclass(frozen=True)
class Server:
    """Asks a model for one text with temperature 0 and a fixed seed, by the official client.

    Time-outs, lost connections, 429 and 5xx are tried again, with pauses that double (or as the server's Retry-After
    says); what still fails is a `Reply` without text. Servers may ignore the seed: replies are not promised to repeat.

    Attributes:
        model: the model's name there.
        url: address of the endpoint ("http://localhost:8000/v1"); None: OPENAI_BASE_URL, else OpenAI's own.
        seconds: the longest that one try may take.
        tries: how often a question is asked at most.
        tokens: most tokens of the reply.
        seed: passed on.

    Raises:
        InputError: the package is missing, no key is set, the server refuses the request itself (400, 401, 403, 404),
            cannot be reached at all, or has gone: 16 questions in a row, all tries included, without a reply.
    """

    model: str
    url: str | None = None
    seconds: float = 60.0
    tries: int = 5
    tokens: int = 512
    seed: int = 0
    _held: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _reached: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)
    _failed: list[str] = field(default_factory=list, init=False, repr=False, compare=False)  # since the last reply

    def ask(self, system: str, user: str) -> Reply:
        """Asks once, and again where that may help."""
        client = self._client()
        import openai  # it is there: the client is made of it

        fault, pause = "was not asked", 0.0
        for attempt in range(self.tries):
            if attempt:
                time.sleep(pause)
            pause = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * (0.5 + random.random() / 2)
            try:
                answer = client.chat.completions.create(
                    model=self.model,
                    messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                    temperature=0,
                    seed=self.seed,
                    max_tokens=self.tokens,
                )
            except openai.APITimeoutError:
                fault = f"no reply within {self.seconds:g} s"
            except openai.APIConnectionError as error:
                fault = f"the connection failed ({type(error.__cause__ or error).__name__})"
                if attempt == self.tries - 1 and not self._reached.is_set():
                    raise InputError(
                        f"{client.base_url} cannot be reached", mend="start the server, or set its address: url=…"
                    ) from None
            except openai.APIStatusError as error:
                self._reached.set()
                if error.status_code not in AGAIN and error.status_code < 500:
                    raise InputError(
                        f"{client.base_url} refuses the request ({error.status_code}: {_short(error.message)})",
                        mend="check the model's name, the address and the key",
                    ) from None
                fault = f"the server answered {error.status_code}"
                pause = _asked_pause(error) or pause
            except (ValueError, openai.APIError):
                self._heard()
                fault = "the reply is not what the protocol says"
            else:
                self._heard()
                reply = _read(answer)
                if reply.text is not None or attempt == self.tries - 1:
                    return reply
                fault = reply.fault
        self._failed.append(fault)
        if len(self._failed) >= FAILED_IN_A_ROW:
            raise InputError(
                f"{client.base_url} has left {len(self._failed)} questions in a row without a reply ({fault})",
                mend="run the same command again once it answers: verdicts so far are kept",
            )
        return Reply(None, fault)

    def _heard(self) -> None:
        self._reached.set()
        self._failed.clear()

    def _client(self) -> Any:
        with self._lock:
            if not self._held:
                self._held.append(_connect(self.url, self.seconds))
            return self._held[0]


def _connect(url: str | None, seconds: float) -> Any:
    try:
        import openai
    except ImportError:
        raise InputError("a judge needs the package openai", mend="pip install 'freshbits[signals]'") from None
    try:
        return openai.OpenAI(base_url=url, timeout=seconds, max_retries=0)
    except openai.OpenAIError:
        raise InputError(
            "there is no key for the judge's server", mend="set OPENAI_API_KEY (to anything, where none is needed)"
        ) from None


def _read(answer: Any) -> Reply:
    """Takes the text out of a reply; servers that only claim to be compatible leave things out."""
    try:
        choice = answer.choices[0]
        text, ended = choice.message.content, choice.finish_reason
    except (AttributeError, IndexError, TypeError):
        return Reply(None, "the reply is not what the protocol says")
    if ended == "length":
        return Reply(None, "the reply was cut at its length")
    if not isinstance(text, str) or not text.strip():
        return Reply(None, "the reply is empty")
    return Reply(text)


def _asked_pause(error: Any) -> float | None:
    try:
        return min(max(float(error.response.headers["retry-after"]), 0.0), LONGEST_PAUSE)
    except (KeyError, ValueError):
        return None


def _short(message: str) -> str:
    return " ".join(message.split())[:120]
