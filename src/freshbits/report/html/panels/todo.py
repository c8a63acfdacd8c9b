"""What should I do? The commands to copy, with what they are expected to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.html.escape import join, tag
from freshbits.report.html.parts import Panel, command, notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.results import Remedy

QUESTION = "What should I do?"


def todo(remedies: Sequence[Remedy]) -> Panel:
    """Writes the panel of what to do next."""
    steps = [
        tag(
            "li",
            command(remedy.command),
            tag("p", f"{remedy.why[:1].upper()}{remedy.why[1:]}."),
            tag("p", tag("b", "Expected: "), f"{remedy.expected}.", class_="note"),
        )
        for remedy in remedies
    ]
    if not steps:
        return Panel("remedies", QUESTION, "This log suggests nothing to do.", "judged", join(), marked=False)
    answer = f"First: {remedies[0].command}"
    return Panel("remedies", QUESTION, answer, "judged", tag("ol", *steps, class_="steps"), marked=False)


def advice(sentences: Sequence[str]) -> Panel:
    """Writes the panel of what to change first, in words."""
    body = join(notes(list(sentences)))
    return Panel("remedies", QUESTION, sentences[0] if sentences else "Nothing binds.", "judged", body, marked=False)
