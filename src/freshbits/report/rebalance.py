"""What rebalancing did, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.layout import WIDTH, item, new_table, printed, safe
from freshbits.report.words import number

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.rebalanced import Rebalanced

ROLES = {"against": "removed", "protected": "protected", "truth": "truth"}


def rebalance_page(found: Rebalanced, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes what `freshbits.rebalance` did as a page of text."""
    return printed(lambda console: _write(console, found), width, colour=colour)


def _write(console: Console, found: Rebalanced) -> None:
    """Prints rows kept and bits before and after."""
    share = 100 * found.kept / max(found.rows, 1)
    held = "over the whole log" if found.within == "log" else f"inside every {found.within}"
    console.print(
        f"[bold]{safe(found.signal)}[/bold]: {found.kept:,} of {found.rows:,} rows kept ({share:.0f} %), half of them "
        f"accepted, {held}"
    )
    table = new_table("bits of the verdict per row", "", "before", "after")
    for entry in found.features:
        table.add_row(safe(entry.feature), ROLES[entry.role], number(entry.before, 3), number(entry.after, 3))
    console.print(table)
    if found.bins > 1:
        item(console, f"numbers cut into {found.bins} levels", "dim")
    for note in found.notes:
        item(console, note, "dim")
