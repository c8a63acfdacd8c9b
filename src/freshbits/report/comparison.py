"""The comparison on a terminal: one table, best first, and under it what the order does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from freshbits.report.layout import WIDTH, command, item, printed, safe
from freshbits.report.words import number

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.compared import Compared, Comparison

TITLES = {"task_bits": "task bits", "class_bits": "answer-class bits"}


def comparison_page(comparison: Comparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes the comparison as a page of text.

    Args:
        comparison: what `freshbits.compare` returned.
        width: characters per line.
        colour: whether to add terminal colours.
    """
    return printed(lambda console: _write(console, comparison), width, colour=colour)


def _write(console: Console, comparison: Comparison) -> None:
    """Prints the table and what it does not say."""
    console.print(_table(comparison))
    for signal in comparison.compare:
        if signal.clear is False:
            item(console, f"{_name(signal, comparison)} and the next overlap: their order is not certain")
    for warning in comparison.warnings:
        item(console, warning, "yellow", mark="!")
    for note in comparison.notes:
        item(console, note, "dim")
    unranked = [signal for signal in comparison.compare if signal.rank is None]
    if unranked:
        console.print("\n[bold]No rank[/bold]")
    for signal in unranked:
        item(console, f"{_name(signal, comparison)}: {signal.reason} ({signal.code})")
        if signal.needs is not None:
            command(console, "    this would let it: ", signal.needs)


def _table(comparison: Comparison) -> Table:
    rows = comparison.compare
    several = len({row.log for row in rows}) > 1
    costs = any(row.cost is not None for row in rows)
    truth = any(row.base_rate is not None for row in rows)
    heads = ["rank", *(["log"] if several else []), "signal", TITLES[comparison.basis], "contrast bits", "mean"]
    heads += ["base rate"] if truth else []
    heads += ["cost", "bits per cost", "rank per cost"] if costs else []
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        cells = ["–" if row.rank is None else str(row.rank)]
        cells += [safe(row.log)] if several else []
        bits = row.task_bits if comparison.basis == "task_bits" else row.class_bits
        cells += [safe(row.signal), number(bits, 3), number(row.contrast_bits), number(row.mean)]
        cells += [number(row.base_rate)] if truth else []
        if costs:
            cells += ["–" if row.cost is None else f"{row.cost:g}"]
            cells += ["–" if row.per_cost is None else f"{row.per_cost:.3g}"]
            cells += ["–" if row.rank_per_cost is None else str(row.rank_per_cost)]
        table.add_row(*cells, style="" if row.rank is not None else "dim")
    return table


def _name(signal: Compared, comparison: Comparison) -> str:
    several = len({row.log for row in comparison.compare}) > 1
    return f"{signal.signal} of {signal.log}" if several else signal.signal
