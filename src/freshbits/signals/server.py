"""A model behind an OpenAI-compatible endpoint: one question at a time, asked again with patience, never half heard."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from freshbits.errors import InputError
from freshbits.signals.exchange import Outcome, send
from freshbits.signals.pace import Pace
from freshbits.signals.spending import NOTHING, Purse, Usage, largest

FAILED_IN_A_ROW = 16  # questions without any reply after which a server counts as gone
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between tries, doubled each time
PATIENCE = 20  # answers of 429 to one question that count as no try
AGAIN = frozenset({408, 409, 425, 429})  # and everything from 500 on
ITS_OWN = frozenset({400, 413, 422})  # a question that is refused for what it holds (too long, say), not for who asks
REFUSED_AT_ONCE = 3  # such questions where no other was ever answered: the request itself is wrong
BYTES_A_TOKEN = 3  # about, to foresee the tokens of a question


@dataclass(frozen=True)
class Reply:
    """Holds what came back: the text, or why there is none, and what it used.

    >>> Reply(None, "timed out").text is None
    True
    """

    text: str | None
    fault: str = ""
    usage: Usage = NOTHING


@dataclass(frozen=True)
class Server:
    """Asks a model for one text by the official client, at temperature 0 and a fixed seed unless told otherwise.

    Time-outs, lost connections, 429 and 5xx are tried again, with pauses that double (or as the server's Retry-After
    says, which then holds for everything that is asked there); what still fails is a `Reply` without text. Servers may
    ignore the seed: replies are not promised to repeat.

    Attributes:
        model: the model's name there.
        url: address of the endpoint ("http://localhost:8000/v1"); None: OPENAI_BASE_URL, else OpenAI's own.
        seconds: the longest that one try may take.
        tries: how often a question is asked at most; the first twenty answers of 429 do not count.
        tokens: most tokens of the reply.
        seed: passed on.
        pace: how fast it may be asked.
        purse: what it may cost.

    Raises:
        InputError: the package is missing, no key is set, the server refuses who asks or what for (401, 403, 404) or
            the first three questions of all (400, 413, 422; later ones are replies without text), cannot be reached at
            all, or has gone: 16 questions in a row, all tries included, without a reply; or the budget is used up.
    """

    model: str
    url: str | None = None
    seconds: float = 60.0
    tries: int = 5
    tokens: int = 512
    seed: int = 0
    pace: Pace = field(default_factory=Pace, repr=False, compare=False)
    purse: Purse = field(default_factory=Purse, repr=False, compare=False)
    _held: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _reached: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)
    _heard: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)
    _plain: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)
    _failed: list[str] = field(default_factory=list, init=False, repr=False, compare=False)  # since the last reply

    def ask(
        self,
        system: str,
        user: str,
        *,
        seed: int | None = None,
        temperature: float = 0.0,
        form: dict[str, Any] | None = None,
    ) -> Reply:
        """Asks once, and again where that may help.

        Args:
            system: the first message.
            user: the second one.
            seed: of this question; the server's own by default.
            temperature: of this question.
            form: `response_format` of the request; left out from then on where the server takes none.
        """
        client = self._client()
        request = {
            "model": self.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "temperature": temperature,
            "seed": self.seed if seed is None else seed,
            "max_tokens": self.tokens,
        }
        most = largest([system, user], self.tokens)
        used, tried, limited, pause = NOTHING, 0, 0, 0.0
        while True:
            time.sleep(pause)
            once = self._send(client, request, most, form)
            used += once.usage
            if once.text is not None:
                return Reply(once.text, usage=used)
            limited += once.status == 429
            tried += once.status != 429 or limited > PATIENCE
            if tried >= self.tries or once.status in ITS_OWN:
                self._give_up(client, once)
                return Reply(None, _words(once), used)
            doubled = FIRST_PAUSE * 2 ** min(max(tried + limited - 1, 0), 10)
            pause = min(doubled, LONGEST_PAUSE) * (0.5 + random.random() / 2) if once.pause is None else once.pause

    def _send(self, client: Any, request: dict[str, Any], most: Usage, form: dict[str, Any] | None) -> Outcome:
        """Sends a request, and once more without its form where the server takes none."""
        if form is None or self._plain.is_set():
            return self._once(client, request, most)
        once = self._once(client, request | {"response_format": form}, most)
        if once.status not in ITS_OWN:
            return once
        again = self._once(client, request, most)
        if again.answered:
            self._plain.set()
        return Outcome(
            again.text, again.fault, again.status, again.said, again.pause, again.answered, again.reached,
            once.usage + again.usage,
        )  # fmt: skip

    def _once(self, client: Any, request: dict[str, Any], most: Usage) -> Outcome:
        expected = most.most_prompt / BYTES_A_TOKEN + most.most_completion
        place = self.pace.enter(expected)
        self.purse.take(most)
        once = Outcome(None, usage=Usage(requests=1) + most)  # what is interrupted may have cost that
        try:
            once = send(client, request, most, self.seconds)
        finally:
            self.purse.give_back(most, once.usage)
        if not once.usage.unknown:
            self.pace.leave(place, once.usage.prompt + once.usage.completion)
        if once.pause is not None:
            self.pace.hold(once.pause)
        if once.reached:
            self._reached.set()
        if once.answered:
            self._heard.set()
            self._failed.clear()
        if once.status is not None and once.status not in AGAIN | ITS_OWN and once.status < 500:
            raise _refused(client, once)
        return once

    def _give_up(self, client: Any, once: Outcome) -> None:
        """Counts a question that stays without a reply; a server that answers none has gone."""
        if once.answered:
            return
        if not self._reached.is_set() and once.status is None:
            raise InputError(f"{client.base_url} cannot be reached", mend="start the server, or set its address: url=…")
        self._failed.append(once.fault)
        if once.status in ITS_OWN and not self._heard.is_set() and len(self._failed) >= REFUSED_AT_ONCE:
            raise _refused(client, once)
        if len(self._failed) >= FAILED_IN_A_ROW:
            raise InputError(
                f"{client.base_url} has left {len(self._failed)} questions in a row without a reply ({_words(once)})",
                mend="run the same command again once it answers: verdicts so far are kept",
            )

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


def _words(once: Outcome) -> str:
    return f"the server refuses it ({once.status}: {once.said})" if once.status in ITS_OWN else once.fault


def _refused(client: Any, once: Outcome) -> InputError:
    return InputError(
        f"{client.base_url} refuses the request ({once.status}: {once.said})",
        mend="check the model's name, the address and the key",
    )
