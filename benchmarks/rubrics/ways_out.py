"""Forty ways out of a quotation, against prompts that quote more or less: how many make the literal judge obey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.rubrics.literal import fenced, obeys, prefixed, unquoted

from freshbits.signals.degenerate_judges import WAYS
from freshbits.signals.rubric.asking import question
from freshbits.signals.rubric.criteria import Criterion
from freshbits.signals.rubric.options import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rubrics.literal import Messages

CRITERIA = [Criterion("right", "Is the answer right?"), Criterion("clear", "How clear is it?", 1.0, "1..5")]
HARMLESS = "Nothing at all."


def ours(task: str, *responses: str, longest: int | None = LONGEST, reference: str | None = None) -> Messages:
    """Writes the prompt of the signal `rubric`."""
    asked = question("a secret", CRITERIA, task, responses, longest=longest, reference=reference)
    return [{"role": "system", "content": asked.system}, {"role": "user", "content": asked.user}]


PROMPTS: dict[str, Callable[[str, str], Messages]] = {
    "nothing quoted": unquoted,
    "between fixed tags": fenced("<response>", "</response>"),
    "between secret lines": fenced("4b1d9a11c02e", "e20c11a9d1b4"),
    "a secret mark on every line": prefixed,
    "rubric": ours,
    "rubric, texts whole": lambda task, text: ours(task, text, longest=None),
    "rubric, in the prompt": lambda _, text: ours(text, HARMLESS),
    "rubric, in the reference": lambda task, text: ours(task, HARMLESS, reference=text),
    "rubric, as one of a pair": lambda task, text: ours(task, HARMLESS, text),
}


def study() -> dict[str, Any]:
    """Returns, per prompt, how many ways out work and which."""
    found = {}
    for name, write in PROMPTS.items():
        obeyed = [way for way, (_, text) in WAYS.items() if obeys(write("What is 1+1?", text))]
        assert not obeys(write("What is 1+1?", HARMLESS)), name
        found[name] = {"ways": len(WAYS), "obeyed": len(obeyed), "which": obeyed if len(obeyed) < len(WAYS) else "all"}
    return found
