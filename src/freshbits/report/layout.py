"""How the page is laid out: tables without lines, items under them, and how many signals find room."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH = 110
MOST_SIGNALS = 8
LONG_NAME = 20

Held = TypeVar("Held")


def printed(write: Callable[[Console], None], width: int, *, colour: bool) -> str:
    """Returns what a function prints, the same whatever terminal it is called from; no blanks at line ends.

    >>> printed(lambda console: console.print("a  "), 20, colour=False)
    'a\\n'
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        force_jupyter=False,  # else a notebook is shown every line, and the text comes back empty
    )
    write(console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n") + "\n"


def few(sections: dict[str, Held]) -> list[tuple[str, Held]]:
    """Returns the sections of the first signals: what a page has room for.

    >>> few({"a": 1})
    [('a', 1)]
    """
    return list(sections.items())[:MOST_SIGNALS]


def new_table(title: str, *columns: str) -> Table:
    """Returns an empty table; the title heads its first column, which is never wrapped."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    made.add_column(title, no_wrap=True)
    for column in columns:
        made.add_column(column, justify="left", overflow="fold")
    return made


def plain(text: str) -> str:
    """Returns text that a log brought along without control characters, which a terminal would obey.

    >>> plain("re\\x1b[2Jward")
    're?[2Jward'
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def safe(text: str) -> str:
    """Returns text to be printed as it is where markup is read.

    >>> safe("[bold]x")
    '\\\\[bold]x'
    """
    return escape(plain(text))


def filled(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], empty: str = "–") -> Table:
    """Returns a table of rows with names; columns that hold nothing at all are left out.

    Long names that begin alike have their beginning in the heading.

    >>> len(filled(["a", "b"], [("x", ["1", "–"])]).columns)
    2
    """
    kept = [at for at in range(len(columns)) if any(cells[at] != empty for _, cells in rows)]
    shared = _beginning([name for name, _ in rows])
    made = new_table(safe(shared) + "…" if shared else "", *(columns[at] for at in kept))
    for name, cells in rows:
        shown = "…" + name.removeprefix(shared) if shared else name
        made.add_row(safe(shown), *(safe(cells[at]) for at in kept))
    return made


def _beginning(names: Sequence[str]) -> str:
    """Returns what long names share at their beginning, up to a judge's mark or a part of its name; else nothing.

    >>> _beginning(["winner@GPT-4-0613/Vanilla", "winner@GPT-4-0613/Swap_CoT"]), _beginning(["a@b", "a@c"])
    ('winner@GPT-4-0613/', '')
    """
    if len(names) < 2 or max(map(len, names)) <= LONG_NAME:
        return ""
    first, last = min(names), max(names)  # what these two share, all do
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    shared = first[:same]
    return shared[: 1 + max(shared.rfind("/"), shared.rfind("@"))]


def item(console: Console, text: str, style: str = "", *, indent: int = 2, mark: str = "·") -> None:
    """Prints one line under a heading; text is never read as markup."""
    lead = f"{mark} " if mark else ""
    console.print(Padding(Text(lead + plain(text), style=style), (0, 0, 0, indent)))


def command(console: Console, lead: str, text: str) -> None:
    """Prints a command on one line however long it is, so that it can be copied."""
    console.print(Text(lead, style="dim") + Text(plain(text), style="bold cyan"), soft_wrap=True)
