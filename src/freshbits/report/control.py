"""Scores at equal features on a terminal: per signal one table of sources, and what each feature is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from freshbits.report.layout import WIDTH, item, new_table, plain, printed, safe
from freshbits.report.words import number

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.controlled import Controls

MOST_SOURCES = 40


def control_page(controls: Controls, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes what `freshbits.control` returned as a page of text."""
    return printed(lambda console: _write(console, controls), width, colour=colour)


def _write(console: Console, controls: Controls) -> None:
    """Prints one table per signal, the highest controlled score first."""
    for signal, sources in controls.control.items():
        slopes = controls.slopes[signal]
        console.print(Text(plain(signal), style="bold") + Text(f" at equal {', '.join(s.feature for s in slopes)}"))
        table = new_table("", "score", "at equal features", "shift")
        for each in sources[:MOST_SOURCES]:
            table.add_row(safe(each.source), number(each.raw, 3), number(each.controlled, 3), number(each.shift, 3))
        console.print(Padding(table, (0, 0, 0, 0)))
        if len(sources) > MOST_SOURCES:
            item(console, f"and {len(sources) - MOST_SOURCES} more sources: see --json", "dim")
        item(console, f"{controls.swapped[signal]} of {controls.pairs[signal]} pairs of sources stand in another order")
        for slope in slopes:
            paid = f"{slope.per_deviation:+.3f} per standard deviation"
            item(console, f"{slope.feature}: {number(slope.slope, 3)} per log unit, {paid}", "dim")
        console.print()
    for note in controls.notes:
        item(console, note, "yellow", mark="!")
