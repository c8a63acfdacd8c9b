"""What a value of a log may be read as, and the one place where it is converted.

A log's columns have whatever types their producer chose: rewards as bools, steps as text, prompts as
message lists. A reader wants each canonical column as one `Kind`. Conversion never guesses: a value that
cannot be read as its kind is a `BadValueError`, which the caller turns into an `InputError` (needed
columns) or a counted problem (extras).
"""

from __future__ import annotations

import json
import math
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.messages import message_text, sampled_text

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(Enum):
    """Names how a value is read: its meaning, not its storage."""

    TEXT = "text"  # str, or messages joined with their roles
    SAMPLED = "sampled text"  # str, or the assistant messages joined
    NUMBER = "number"  # float; NaN is null without a word (the producer's way to write null)
    SCORE = "score"  # float; not finite is unscored and counted
    INTEGER = "integer"
    FLAG = "yes or no"
    STOP = "stop reason"  # true where generation was cut by a length limit
    LOGPROB = "log-probability"  # nats, summed where it is a list per token
    LENGTH = "length"  # an integer, or the length of a list
    FIRST = "first of a pair"  # 1.0 first, 0.0 second, 0.5 tie
    RAW = "as it is"  # for a reader that takes rows apart itself; never a canonical column


DTYPE: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.SAMPLED: pl.String(),
    Kind.NUMBER: pl.Float64(),
    Kind.SCORE: pl.Float64(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLAG: pl.Boolean(),
    Kind.STOP: pl.Boolean(),
    Kind.LOGPROB: pl.Float64(),
    Kind.LENGTH: pl.Int64(),
    Kind.FIRST: pl.Float64(),
    Kind.RAW: pl.Null(),
}

CUT_BY_LENGTH = {"length", "max_tokens", "max_length", "max_new_tokens", "truncated", "max_tokens_reached"}
ABSENT = {"", "null", "none", "na", "n/a"}
NOT_FINITE = "is not finite: read as missing"
_DIGITS = re.compile(r"[+-]?[0-9]+")
YES = {"true", "yes", "1", "1.0"}
NO = {"false", "no", "0", "0.0"}
PAIR = {
    "1": 1.0,
    "a": 1.0,
    "output_1": 1.0,
    "model_a": 1.0,
    "first": 1.0,
    "2": 0.0,
    "b": 0.0,
    "output_2": 0.0,
}
PAIR |= {"model_b": 0.0, "second": 0.0, "tie": 0.5, "0": 0.5, "1.5": 0.5, "c": 0.5, "both": 0.5}


class BadValueError(ValueError):
    """Says that a value cannot be read as its kind; the text is what was found."""


def shown(value: object) -> str:
    """Returns a value as it may stand in a message: short, quoted, on one line.

    >>> shown("a long completion " * 9)
    "'a long completion a long completion a ...'"
    """
    text = repr(value)
    return text if len(text) <= 44 else text[:39] + "..." + text[-1]


def number(value: Any) -> float | None:
    """Returns a number, with NaN and infinities as they are; text that is no number is a `BadValueError`.

    >>> number(True), number("0.5"), number("")
    (1.0, 0.5, None)
    """
    if value is None:
        return None
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            raise BadValueError(f"{shown(value)} is too large") from None
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ABSENT:
            return None
        if text in ("true", "false"):
            return float(text == "true")
        try:
            return float(text)
        except ValueError:
            raise BadValueError(f"{shown(value)} is text, not a number") from None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadValueError(f"{shown(value)} is not a number") from None


def integer(value: Any) -> int | None:
    """Returns a whole number.

    >>> integer("00012"), integer(12.0), integer("1e3"), integer("true")
    (12, 12, 1000, 1)
    """
    found = number(value)
    if found is None or math.isnan(found):
        return None
    if not found.is_integer():
        raise BadValueError(f"{shown(value)} is not a whole number")
    if abs(found) >= 2**63:
        raise BadValueError(f"{shown(value)} is too large for a whole number of 64 bits")
    if isinstance(value, int):
        return int(value)
    # Digits keep the precision that a float loses; "1e3", "12.0" and "true" are whole numbers too.
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value.strip()) else int(found)


def flag(value: Any) -> bool | None:
    """Returns a truth value from a bool, 0/1 or yes/no text."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ABSENT or text == "nan":
        return None
    if text in YES or text in NO:
        return text in YES
    raise BadValueError(f"{shown(value)} is neither true nor false")


def stop(value: Any) -> bool | None:
    """Returns whether a stop reason means that a length limit cut the completion."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return flag(value)
    text = str(value).strip().lower()
    return None if text in ABSENT else text in CUT_BY_LENGTH or text == "true"


def logprob(value: Any) -> float | None:
    """Returns the log-probability of a whole completion: a number, or a list per token summed."""
    if isinstance(value, (list, tuple)):
        parts = [number(item) for item in value]
        return sum(part for part in parts if part is not None) if parts else None
    return number(value)


def length(value: Any) -> int | None:
    """Returns a count: a whole number, or how many entries a list has."""
    return len(value) if isinstance(value, (list, tuple)) else integer(value)


def first(value: Any) -> float | None:
    """Returns which of a pair is named: 1.0 the first, 0.0 the second, 0.5 a tie.

    >>> first(1), first("B"), first("tie"), first(None)
    (1.0, 0.0, 0.5, None)
    """
    if value is None:
        return None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        value = int(value) if value.is_integer() else value
    text = str(value).strip().lower()
    if text in ABSENT:
        return None
    if text not in PAIR:
        raise BadValueError(f"{shown(value)} names neither the first nor the second output")
    return PAIR[text]


def text(value: Any) -> str | None:
    """Returns text: a string as it is, messages joined with their roles, anything else as JSON."""
    return value if value is None or isinstance(value, str) else _joined(value, sampled=False)


def sampled(value: Any) -> str | None:
    """Returns what the model sampled: a string as it is, of messages only the assistant's."""
    return value if value is None or isinstance(value, str) else _joined(value, sampled=True)


def _joined(value: Any, *, sampled: bool) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and value and all(isinstance(item, dict) and "role" in item for item in value):
        return sampled_text(value) if sampled else message_text(value)
    if isinstance(value, dict) and "role" in value:
        return sampled_text([value]) if sampled else message_text([value])
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


CONVERT: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: text,
    Kind.SAMPLED: sampled,
    Kind.NUMBER: number,
    Kind.SCORE: number,
    Kind.INTEGER: integer,
    Kind.FLAG: flag,
    Kind.STOP: stop,
    Kind.LOGPROB: logprob,
    Kind.LENGTH: length,
    Kind.FIRST: first,
    Kind.RAW: lambda value: value,
}
