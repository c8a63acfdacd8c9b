"""What panels are made of: a question with its answer, boxes for what was not judged, tables, commands to copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from freshbits.report.html.escape import Html, Part, join, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.results import Section, Status

BADGES: dict[str, str] = {"judged": "judged", "not_judged": "? not judged", "not_applicable": "– does not apply"}
MOST_NAMED = 6


@dataclass(frozen=True)
class Panel:
    """Holds one panel of a page.

    Attributes:
        anchor: its place in the page.
        question: what it answers, as a person asks it.
        answer: the answer in a sentence.
        status: whether it was judged; what was not looks like itself everywhere.
        body: pictures, tables, boxes.
        listed: whether it stands among the answers at the top of the page.
        marked: whether its status is written beside it.
    """

    anchor: str
    question: str
    answer: str
    status: Status
    body: Html
    listed: bool = True
    marked: bool = True

    @property
    def shows(self) -> bool:
        """Says whether anything was measured that can be drawn."""
        return "<figure>" in self.body.text


def written(panel: Panel) -> Html:
    """Writes a panel."""
    return tag(
        "section",
        tag("h2", panel.question, badge(panel.status) if panel.marked else None),
        tag("p", unbroken(panel.answer), class_="answer") if panel.answer else None,
        panel.body,
        id=panel.anchor,
        class_=f"panel {panel.status}",
    )


def badge(status: Status) -> Html:
    """Writes a status as words in a frame of its own."""
    return tag("span", BADGES[status], class_=f"badge {status}")


def unjudged(sections: Mapping[str, Section], *, named: bool = True) -> Html | None:
    """Writes what was not judged or does not apply: why, the code, and what would let it be; None where all was."""
    found: dict[tuple[str | None, Status], dict[str | None, list[str]]] = {}
    needed: dict[tuple[str | None, Status], str] = {}
    for name, section in sections.items():
        if section.status != "judged":
            found.setdefault((section.code, section.status), {}).setdefault(section.reason, []).append(name)
            if section.needs is not None:  # what is said of the first stands for the others
                needed.setdefault((section.code, section.status), section.needs)
    if not found:
        return None
    boxes = []
    for key, reasons in found.items():
        code, status = key
        lines = [
            tag("p", tag("b", f"{some(names)}: ") if named else None, reason or "no reason is given", ".")
            for reason, names in list(reasons.items())[:MOST_NAMED]
        ]
        boxes.append(
            tag(
                "div",
                tag("p", badge(status), tag("code", code, class_="note") if code else None, class_="kind"),
                *lines,
                join(tag("p", "This would let it be judged:", class_="note"), command(needed[key]))
                if key in needed
                else None,
                class_=f"box {status}",
            )
        )
    return join(*boxes)


def unbroken(text: str) -> str:
    """Keeps a number with its per cent sign and its interval on one line.

    >>> unbroken("35 % [28, 42] of groups") == "35\u00a0%\u00a0[28,\u00a042] of groups"
    True
    """
    return re.sub(r" (?=%|\[-?[\d?])|(?<=,) (?=-?[\d.?]+\])", "\u00a0", text)


def some(names: Sequence[str]) -> str:
    """Joins names; of many only the first few.

    >>> some(["a", "b"])
    'a, b'
    """
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def command(text: str) -> Html:
    """Writes a command with a button that copies it; a setting or an advice has nothing to paste and gets none."""
    run, mark, remark = text.partition("  (")  # a remark stands behind two blanks
    if not run.startswith("freshbits "):
        return tag("p", tag("code", text), class_="command")
    button = tag("button", "Copy", type="button", class_="copy", data_copy=run, aria_label=f"Copy: {run}")
    return tag(
        "p", tag("code", run, tag("span", f"  ({remark}", class_="note") if mark else None), button, class_="command"
    )


def notes(lines: Sequence[str], kind: Literal["note", "warning"] = "note") -> Html | None:
    """Writes sentences as a list; None without any."""
    return tag("ul", *(tag("li", unbroken(line)) for line in lines), class_=kind) if lines else None


def table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[Part]], *, sort: bool = False, keys: object = None
) -> Html | None:
    """Writes a table in a box of its own that scrolls sideways; columns that hold nothing at all are left out.

    Args:
        title: what it holds, for who cannot see it.
        heads: titles of the columns; the first column names the row.
        rows: the cells.
        sort: whether a click on a title sorts, and a field above searches.
        keys: per row and column the number to sort by, where the cell's text is none.
    """
    if not rows:
        return None
    kept = [at for at in range(len(heads)) if at == 0 or any(row[at] not in ("–", "", None) for row in rows)]
    body = []
    for number, row in enumerate(rows):
        cells = []
        for at in kept:
            key = keys[number][at] if isinstance(keys, list) else None
            value = None if key is None else f"{key:.6g}" if isinstance(key, (int, float)) else str(key)
            cells.append(tag("th" if at == 0 else "td", row[at], scope="row" if at == 0 else None, data_key=value))
        body.append(tag("tr", *cells))
    head = [
        tag("th", tag("button", heads[at], type="button", class_="sort") if sort else heads[at], scope="col")
        for at in kept
    ]
    made = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body))
    box = tag("div", made, class_="scroll", tabindex=0, role="region", aria_label=title)
    if not sort:
        return box
    search = tag(
        "p",
        tag("label", "Search ", tag("input", type="search", class_="search", autocomplete="off")),
        tag("span", f"{len(rows):,} rows", class_="count", role="status"),
        class_="tools",
    )
    return tag("div", search, box, class_="sortable")
