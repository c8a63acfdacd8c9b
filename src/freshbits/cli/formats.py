"""`freshbits formats`: what is read."""

from __future__ import annotations

import sys


def formats() -> None:
    """List the formats that are read, and what each can and cannot tell."""
    from rich.console import Console
    from rich.table import Table

    from freshbits.rollouts.read import formats as cards

    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold")
    for column in ("format", "files", "can tell", "cannot tell"):
        table.add_column(column, overflow="fold")
    for card in cards():
        table.add_row(card.name, card.files, card.tells, card.cannot_tell)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
