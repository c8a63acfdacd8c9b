"""The shell of a page: head, verdict, the answers at a glance, panels, appendix; and what forbids it a network.

The page may run one script and use one style sheet, both its own, named by their SHA-256; everything else (images,
fonts, frames, forms, requests) is forbidden by its content security policy. So text that came in as markup, if there
ever were such, could neither run nor call anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, badge, written
from freshbits.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.report.html.numbers import Numbers

SHORT = 180  # letters of an answer among the answers at a glance


def document(title: str, lead: Html, panels: Sequence[Panel], numbers: Numbers) -> str:
    """Writes a whole page.

    Args:
        title: of the window.
        lead: the verdict and what was read.
        panels: in their order; those that are listed stand at the top with their answers.
        numbers: what wrote the numbers of the panels, for the appendix.
    """
    style, script = packaged("style.css"), packaged("page.js")
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="generator", content=f"freshbits {__version__}"),
        tag("title", title),
        tag("style", Html(style)),
    )
    appendix = tag(
        "section",
        tag("h2", "How this is measured"),
        tag(
            "p",
            "An interval is 95 % unless it says otherwise, with prompts as the unit: rollouts of one prompt are not "
            "independent. Bits are to base 2. Contrast bits and surprise bits are different currencies and are never "
            "added.",
            class_="note",
        ),
        numbers.appendix(),
        id="measured",
        class_="panel judged",
    )
    bar = tag(
        "div",
        tag("b", "freshbits"),
        tag("span", title),
        tag("button", "Dark", type="button", id="theme"),
        class_="bar",
    )
    main = tag("main", *(written(panel) for panel in panels), appendix, id="main")
    body = tag(
        "body",
        tag("a", "Skip to the panels", href="#main", class_="skip"),
        tag("header", bar, lead, _glance(panels)),
        main,
        tag("footer", tag("p", f"Written by freshbits {__version__}. One file, no network.")),
        tag("script", Html(script)),
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en").text + "\n"


def packaged(name: str) -> str:
    """Returns the text of a file that lies beside this module."""
    return resources.files("freshbits.report.html").joinpath(name).read_text(encoding="utf-8")


def _glance(panels: Sequence[Panel]) -> Html:
    tiles = [
        tag(
            "li",
            tag(
                "a",
                tag("b", panel.question),
                tag("span", _cut(panel.answer), class_="short"),
                badge(panel.status) if panel.marked else None,
                href=f"#{panel.anchor}",
                class_=panel.status,
            ),
        )
        for panel in panels
        if panel.listed
    ]
    return tag("nav", tag("ul", *tiles), aria_label="Answers at a glance") if len(tiles) > 2 else join()


def _cut(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1].rstrip() + "…"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
