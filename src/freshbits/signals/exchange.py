"""One request to an OpenAI-compatible server, and what came of it, whatever it was."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from freshbits.signals.spending import NOTHING, Usage

NOT_THE_PROTOCOL = "the reply is not what the protocol says"
LONGEST_ASKED = 300.0  # seconds that Retry-After may ask for at most


@dataclass(frozen=True, slots=True)
class Outcome:
    """Holds what came of one request.

    Attributes:
        text: of the reply; None where there is none.
        fault: why not.
        status: of HTTP, where the server refused; None otherwise.
        said: the server's own words with it.
        pause: seconds after which it wants to be asked again.
        answered: whether it kept to the protocol as far as a reply, even one that is empty or cut.
        reached: whether anything answered at all.
        usage: what it used.
    """

    text: str | None
    fault: str = ""
    status: int | None = None
    said: str = ""
    pause: float | None = None
    answered: bool = False
    reached: bool = True
    usage: Usage = NOTHING


def send(client: Any, request: dict[str, Any], most: Usage, seconds: float) -> Outcome:
    """Sends one request; of what is not known to have been used, the most is counted.

    Args:
        client: the official client.
        request: what `chat.completions.create` takes.
        most: the most that the question can use.
        seconds: the client's time limit, for words.
    """
    import openai  # it is there: the client is made of it

    unknown = Usage(requests=1) + most
    try:
        answer = client.chat.completions.create(**request)
    except openai.APITimeoutError as error:
        sent = _cause(error) != "ConnectTimeout"
        return Outcome(
            None, f"no reply within {seconds:g} s", reached=sent, usage=unknown if sent else Usage(requests=1)
        )
    except openai.APIConnectionError as error:
        name = _cause(error)
        sent = name != "ConnectError"
        return Outcome(
            None, f"the connection failed ({name})", reached=False, usage=unknown if sent else Usage(requests=1)
        )
    except openai.APIStatusError as error:
        fault = f"the server answered {error.status_code}"
        pause = asked_pause(error.response.headers)
        return Outcome(None, fault, error.status_code, _short(error.message), pause, usage=Usage(requests=1))
    except (ValueError, openai.APIError):
        return Outcome(None, NOT_THE_PROTOCOL, usage=unknown)
    text, fault, answered = _read(answer)
    return Outcome(text, fault, answered=answered, usage=_used(answer) or unknown)


def asked_pause(headers: Any) -> float | None:
    """Reads Retry-After in all its forms: milliseconds, seconds, a date.

    >>> asked_pause({"retry-after": "2"}), asked_pause({"retry-after-ms": "500"}), asked_pause({})
    (2.0, 0.5, None)
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            wanted = float(text) / unit
        except ValueError:
            try:
                wanted = parsedate_to_datetime(text).timestamp() - time.time()
            except (ValueError, TypeError, OverflowError):
                continue
        if wanted == wanted:  # not a number is no pause
            return min(max(wanted, 0.0), LONGEST_ASKED)
    return None


def _read(answer: Any) -> tuple[str | None, str, bool]:
    """Takes the text out of a reply; servers that only claim to be compatible leave things out."""
    try:
        choice = answer.choices[0]
        text, ended = choice.message.content, choice.finish_reason
    except (AttributeError, IndexError, TypeError):
        return None, NOT_THE_PROTOCOL, False
    if ended == "length":
        return None, "the reply was cut at its length", True
    if not isinstance(text, str) or not text.strip():
        return None, "the reply is empty", True
    return text, "", True


def _used(answer: Any) -> Usage | None:
    usage = getattr(answer, "usage", None)
    prompt, completion = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    if not isinstance(prompt, int) or not isinstance(completion, int) or prompt < 0 or completion < 0:
        return None
    return Usage(1, prompt, completion)


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _short(message: str) -> str:
    return " ".join(message.split())[:120]
