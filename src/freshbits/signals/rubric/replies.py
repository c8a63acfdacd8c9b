"""A judge's reply, read strictly: the right code, every criterion once, each within its scale, nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freshbits.signals.rubric.asking import Question

LONGEST = 20_000  # characters of a reply that is read
_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heard:
    """Holds what a reply said: one verdict per criterion in the question's order, or what is wrong with it.

    >>> Heard((), fault="it is no JSON object").verdicts
    ()
    """

    verdicts: tuple[str | int, ...]
    reason: str = ""
    fault: str = ""


class _WrongError(ValueError):
    """Says what is wrong with a reply."""


def hear(text: str, question: Question) -> Heard:
    """Reads a reply; a thought before it and one fence around it are set aside, nothing else.

    >>> from freshbits.signals.rubric.asking import question
    >>> from freshbits.signals.rubric.criteria import Criterion
    >>> asked = question("secret", [Criterion("right", "Is it right?")], "1+1?", ["2"])
    >>> hear('{"code": "%s", "reason": "It is.", "verdicts": {"right": "yes"}}' % asked.code, asked).verdicts
    ('yes',)
    >>> hear('{"code": "000", "reason": "It is.", "verdicts": {"right": "yes"}}', asked).fault
    'its code is not the one that was asked for'
    """
    try:
        return _heard(text, question)
    except _WrongError as wrong:
        return Heard((), fault=str(wrong))


def _heard(text: str, question: Question) -> Heard:
    if len(text) > LONGEST:
        raise _WrongError("it is too long")
    body = text.rpartition("</think>")[2].strip() if text.lstrip().startswith("<think>") else text.strip()
    fenced = _FENCE.fullmatch(body)
    try:
        said = json.loads(fenced[1] if fenced else body, object_pairs_hook=_once, parse_constant=_none)
    except _WrongError:
        raise
    except (ValueError, RecursionError):
        raise _WrongError("it is no JSON object") from None
    if not isinstance(said, dict) or set(said) != {"code", "reason", "verdicts"}:
        raise _WrongError("it does not hold exactly code, reason and verdicts")
    if said["code"] != question.code:
        raise _WrongError("its code is not the one that was asked for")
    given = said["verdicts"]
    if not isinstance(given, dict) or not isinstance(said["reason"], str):
        raise _WrongError("its reason is no text, or its verdicts are no object")
    for name in question.names:
        if name not in given:
            raise _WrongError(f"the criterion {name} is not judged")
    if len(given) > len(question.names):
        raise _WrongError("it judges criteria that were not asked for")
    for name, known in zip(question.names, question.levels, strict=True):
        verdict = given[name]
        # In JSON 1 is no 1.0 and no true; to Python they are equal.
        if not any(type(verdict) is type(level) and verdict == level for level in known):
            raise _WrongError(f"the verdict on {name} is not within its scale")
    return Heard(tuple(given[name] for name in question.names), " ".join(said["reason"].split()))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _WrongError("a key stands in it twice")
    return found


def _none(constant: str) -> Any:
    raise _WrongError(f"{constant} is no verdict")
