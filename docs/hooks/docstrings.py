"""Shows the `>>>` examples of docstrings as blocks of code; without this Markdown takes them for quotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator


class Examples(griffe.Extension):
    """Fences the examples of every docstring."""

    def on_object(self, *, obj: griffe.Object, **more: Any) -> None:
        """Rewrites the docstring of an object before it is parsed into sections."""
        if obj.docstring is not None and ">>>" in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """Returns a docstring with every run of `>>>` lines and what they print in a fence.

    >>> fenced("Adds.\\n\\n>>> 1 + 1\\n2\\n\\nMore.").splitlines()
    ['Adds.', '', '```pycon', '>>> 1 + 1', '2', '```', '', 'More.']
    """
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    indent: str | None = None
    held = ""
    for line in text.split("\n"):
        opening = re.match(r"( *)>>> ", line)
        if indent is None and opening:
            indent = opening[1]
            yield f"{indent}```pycon"
        elif indent is not None and not line.strip():
            held = "```"
            continue
        if held and indent is not None:
            if opening and opening[1] == indent:  # one fence for examples that a blank line parts
                yield ""
            else:
                yield from (f"{indent}```", "")
                indent = None
            held = ""
        yield line
    if indent is not None:
        yield f"{indent}```"
