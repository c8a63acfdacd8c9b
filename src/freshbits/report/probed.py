"""What probes foretell: what a learner takes first, and how likely it comes to rely on anything but truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from freshbits.report.layout import few, item, new_table, plain, safe

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.results import Audit, Foretold, HackForecast

MOST = 5


def probed(console: Console, audit: Audit) -> None:
    """Prints one table of candidates and truth with what probes say of each; nothing where none were run."""
    told = [(signal, s.foretold) for signal, s in few(audit.hacking) if s.foretold is not None]
    if not told:
        return
    console.print(
        "\n[bold]What a learner would take first[/bold] (a forecast by small models that read each text once)"
    )
    for signal, found in told:
        console.print(Text(plain(f"{signal}: "), style="bold") + Text(plain(foretells(found)), style="not bold"))
        shown = found.candidates[:MOST]
        if not any(entry.learned_first is not None for entry in shown):
            continue
        truth = any(entry.kind == "truth" for entry in found.candidates)
        headings = ("accuracy", "relied on, bits", "price, bits")
        table = new_table("", *headings, *(["truth cheaper", "P(more than truth)"] if truth else []))
        for entry in shown:
            table.add_row(*(safe(cell) for cell in cells(entry, beside=truth)))
        console.print(table)
    for line in {found.unseen for _, found in told if found.unseen}:
        item(console, line, "dim")


def foretells(found: HackForecast) -> str:
    """Says what a forecast comes to.

    >>> from freshbits.results import HackForecast
    >>> foretells(HackForecast(status="not_judged", reason="nothing to read"))
    'nothing to read'
    """
    if not found.candidates:
        return found.reason or ""
    read = f"{_probes(found.families)} read {found.pairs:,} pairs of an accepted and a rejected text once"
    order = "nothing was learned in one pass"
    if found.first is not None:
        order = f"{found.first} is learned first, {found.relied} relied on"
    if found.probability is None:
        return f"{order}; {found.reason}; {read}"
    false = "" if found.fpr is None else f"; false alarms {100 * found.fpr:.0f} % in worlds without"
    own = "" if found.own_alarm_rate is None else f", {100 * found.own_alarm_rate:.0f} % here with verdicts moved"
    return f"{order}; P(something is relied on more than truth) {found.probability:.2f}{false}{own}; {read}"


def cells(entry: Foretold, *, beside: bool) -> list[str]:
    """Returns the row of one candidate.

    >>> from freshbits.results import Foretold
    >>> cells(Foretold(name="bold", kind="surface", value=None, status="judged", code=None, reason=None, pairs=40,
    ...                agreement=0.75, learned_first=0.91, relied_on=0.2, price_bits=30.0), beside=False)
    ['  bold', '0.91', '0.200', '30']
    """
    name = f"  {entry.name}" + (f" {entry.value}" if entry.value else "")
    row = [name, _number(entry.learned_first, 2), _ranged(entry.relied_on, entry.relied_on_range, 3)]
    row.append(_number(entry.price_bits, 0))
    if beside and entry.kind == "truth":
        return [*row, "", ""]
    if beside:
        later = "–" if entry.crossover is None else f"from {entry.crossover:,.0f} rows"
        row.append(entry.crossover_is if entry.crossover_is in ("at once", "never") else later)
        chance = _ranged(entry.probability, entry.probability_range, 2)
        row.append(entry.status.replace("_", " ") if entry.probability is None else chance)
    return row


def _probes(families: list[str]) -> str:
    return f"the {families[0]} probe" if len(families) == 1 else f"{len(families)} small models ({', '.join(families)})"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _ranged(value: float | None, ends: list[float], digits: int) -> str:
    if value is None or len(ends) != 2 or ends[0] == ends[1]:
        return _number(value, digits)
    return f"{value:.{digits}f} [{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"
