"""The one place where text becomes HTML: every string is escaped here, markup is a type of its own.

A page is built of `Html` values. `tag` escapes each string it is given, as text and as attribute, and leaves `Html` as
it is; nothing else makes `Html` of a string. So what a log brought along (prompts, completions, names) cannot become
markup, and there is no template in which an escape could be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from freshbits.report.layout import plain

UNBROKEN = "\u00a0"
VOID = frozenset({"meta", "input", "br", "col"})


@dataclass(frozen=True, slots=True)
class Html:
    """Holds markup that is safe to put on a page."""

    text: str


Part = Html | str | None


def clean(text: str) -> str:
    r"""Returns text without control characters and marks that turn the writing direction; line breaks stay.

    >>> clean("a\x00b\u202ec\nd")
    'a?b?c\nd'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(UNBROKEN.join(plain(part) for part in line.split(UNBROKEN)) for line in lines)


def tag(name: str, /, *parts: Part, **attributes: str | int | bool | None) -> Html:
    """Builds an element; strings are escaped.

    Attribute names lose a trailing underscore, and further underscores become hyphens; None and False leave an
    attribute out, True writes it without a value.

    >>> tag("p", "1 < 2", tag("b", "x"), class_="a", title='say "so"', hidden=True).text
    '<p class="a" title="say &quot;so&quot;" hidden>1 &lt; 2<b>x</b></p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*parts).text}</{name}>")


def join(*parts: Part) -> Html:
    """Puts parts one after another; strings are escaped.

    >>> join("<", tag("i", "a"), None).text
    '&lt;<i>a</i>'
    """
    return Html("".join(_written(part) for part in parts))


def _written(part: Part) -> str:
    if part is None:
        return ""
    return part.text if isinstance(part, Html) else escape(clean(part))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(clean(str(value)))}"'
