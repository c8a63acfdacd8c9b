"""How the page is laid out: tables without lines, items under them, and how many signals find room."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

MOST_SIGNALS = 8

Held = TypeVar("Held")


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


def filled(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], empty: str = "–") -> Table:
    """Returns a table without the columns that hold nothing at all; names of rows are escaped.

    >>> len(filled("t", ["a", "b"], [("x", ["1", "–"])]).columns)
    2
    """
    kept = [at for at in range(len(columns)) if any(cells[at] != empty for _, cells in rows)]
    made = new_table(title, *(columns[at] for at in kept))
    for name, cells in rows:
        made.add_row(safe(name), *(safe(cells[at]) for at in kept))
    return made


def item(console: Console, text: str, style: str = "", *, indent: int = 2, mark: str = "·") -> None:
    """Prints one line under a heading; text is never read as markup."""
    lead = f"{mark} " if mark else ""
    console.print(Padding(Text(lead + plain(text), style=style), (0, 0, 0, indent)))
