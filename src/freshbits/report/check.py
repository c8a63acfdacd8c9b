"""The page of a check: the verdict in one sentence, the path, what would close it, the projection, what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from freshbits.report.forecast import chart, projection_page
from freshbits.report.layout import WIDTH, command, item, plain, printed

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.loop.checking import Check
    from freshbits.loop.structure import Structure
    from freshbits.results import Projection

LABEL = 16
STYLES = {"open": "bold green", "closed": "bold yellow", "undetermined": "bold magenta"}


def check_page(check: Check, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes a check as a page of text."""

    def write(console: Console) -> None:
        _structure(console, check.name, check.structure)
        console.print()
        _projection(console, check.projection)
        console.print()
        _unknown(console, check)

    return printed(write, width, colour=colour)


def _structure(console: Console, name: str, found: Structure) -> None:
    verdict = found.verdict if found.adjective is None else f"{found.verdict}, {found.adjective}"
    head = Text(f"{plain(name)} is ") + Text(verdict, style=STYLES[found.verdict]) + Text(f": {plain(found.reason)}.")
    console.print(head)
    if found.way or found.signals or found.needs:
        console.print()
    if found.way:
        _line(console, "possible path" if found.verdict == "undetermined" else "path", found.way)
    if len(found.parts) == 1 and found.parts != ["task"]:
        _line(console, "of the task", f"{found.parts[0]} only")
    if found.cut:
        arrows = " and ".join(f"{tail} → {head}" for tail, head in found.cut)
        _line(console, "closed without", arrows)
    for signal, each in found.signals.items():
        used = "" if each.used else "; nothing is trained on it"
        _line(console, signal, f"{each.words} ({each.origin.replace('_', ' ')}){used}")
    if found.needs:
        _line(console, "to settle it", found.needs)


def _projection(console: Console, found: Projection) -> None:
    console.print(Text("Projection", style="bold"))
    if found.status != "judged":
        item(console, f"not judged: {found.reason} ({found.code})")
        if found.needs:
            command(console, "    this would let it: ", found.needs)
    elif found.ceiling is not None:
        for line in projection_page(found).splitlines():
            console.print(Text(plain(line)), soft_wrap=True)
    else:
        _variety(console, found)


def _variety(console: Console, found: Projection) -> None:
    """Tells what is left of the variety where accuracy is not projected."""
    end, half = found.numbers["variety_in_the_end"], found.diversity_half_life
    whose = "the fresh rows' variety" if "fresh_rows" in found.numbers else "the variety of answers"
    said = f"{100 * end:.0f} % of {whose} is left in the end"
    if half is not None and half.value is not None:
        said += f"; half of it is gone after {half.value:.1f} rounds"
    item(console, f"{said} ({found.form})")
    item(console, f"{found.reason}" + (f": {found.needs}" if found.needs else ""))
    for sentence in found.advice:
        item(console, sentence)
    drawn = chart(found.trajectory, "diversity")
    if drawn:
        console.print()
    for line in drawn:
        console.print(Text(line), soft_wrap=True)


def _unknown(console: Console, check: Check) -> None:
    console.print(Text("A declaration does not tell", style="bold"))
    item(console, "how good a signal is, nor what the student learns from it: freshbits audit on the first round's log")
    if check.structure.verdict == "closed":
        item(console, "closed means no new information, not no gain: a closed loop can sharpen for a while")
    elif check.structure.verdict == "open":
        item(console, "open does not mean right, nor safe: what comes in may be wrong")


def _line(console: Console, name: str, text: str) -> None:
    console.print(Text(f"  {plain(name):<{LABEL}}", style="dim") + Text(plain(text)), soft_wrap=True)
