"""What selection kept, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.layout import WIDTH, item, new_table, printed, safe
from freshbits.report.words import many

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.selected import Reach, Selected

SHOWN = 6  # features whose means are told
APART = 0.05  # standard deviations by which a feature has to move to be told


def select_page(found: Selected, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes what `freshbits.select` did as a page of text."""
    return printed(lambda console: _write(console, found), width, colour=colour)


def _write(console: Console, found: Selected) -> None:
    """Prints what was kept, why, and how it differs from all accepted rows."""
    rows = found.rows
    name = f"[bold]{safe(found.signal)}[/bold]" if found.signal is not None else "every row"
    console.print(
        f"{name}: {rows.kept:,} of {many(rows.accepted, 'accepted row')} kept "
        f"({100 * rows.kept / rows.accepted:.0f} %); answers told apart by {safe(found.partition)}"
    )
    table = new_table("what is covered", "accepted", "kept")
    if found.cost is not None:
        table.add_row(found.unit, f"{found.cost.accepted:,}", _of(found.cost))
    for words, reach in (
        ("prompts", found.prompts),
        ("regions", found.regions),
        ("different answers", found.answers),
        ("different texts", found.texts),
    ):
        if reach is not None:
            table.add_row(words, f"{reach.accepted:,}", _of(reach))
    console.print(table)
    reasons = new_table("why", "rows")
    for words, count in found.reasons.items():
        reasons.add_row(words, f"{count:,}")
    console.print(reasons)
    moved = [each for each in found.shifts if abs(each.selected - each.accepted) >= APART * each.deviation]
    if moved:
        bias = new_table("the bias it brings: means", "accepted", "kept", "kept, weighted")
        for each in moved[:SHOWN]:
            corrected = "–" if each.corrected is None else f"{each.corrected:.3g}"
            bias.add_row(safe(each.feature), f"{each.accepted:.3g}", f"{each.selected:.3g}", corrected)
        console.print(bias)
    item(console, f"weight: {found.weights}", "dim")
    for note in found.notes:
        item(console, note, "dim")


def _of(reach: Reach) -> str:
    """Writes a count with its share of the accepted."""
    return f"{reach.kept:,} ({100 * reach.kept / max(reach.accepted, 1):.0f} %)"
