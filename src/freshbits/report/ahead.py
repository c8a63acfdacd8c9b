"""What will happen: the form that was chosen, what it expects with its bounds, and what paired logs show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from freshbits.report.layout import few, item, plain
from freshbits.report.words import bars, estimate_of, number, share

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.results import Audit, Forecast

MOST_DETAILED = 3
FOLLOWED = ("accuracy", "diversity")  # columns of a trajectory that are drawn


def forecast(console: Console, audit: Audit) -> None:
    """Prints, for the first signals whose forecast was judged, its form, its numbers and its course in a line each."""
    judged = [(signal, section) for signal, section in few(audit.forecast) if section.status == "judged"]
    lines = [(signal, line) for signal, section in judged[:MOST_DETAILED] for line in _lines(section)]
    if not lines:
        return
    console.print(Text("\nWhat will happen", style="bold") + Text(" (if the loop goes on as it did)", style="not bold"))
    for signal, line in dict.fromkeys(lines):
        item(console, plain(f"{signal}: {line}"))


def _lines(section: Forecast) -> list[str]:
    """Returns the sentences of one signal; a number without bounds is left out."""
    lines = []
    expected = [
        f"{name} {number(found, 1)}"
        for name, found in (
            ("half of the variety gone after rounds", section.diversity_half_life),
            ("rounds to the target", section.rounds_to_target),
            ("a shortcut leads from round", section.onset),
        )
        if found is not None and found.low is not None
    ]
    expected += [
        f"{name} {share(found)}"
        for name, found in (("ceiling", section.ceiling), ("the right mode survives with", section.fixation))
        if found is not None and found.low is not None
    ]
    head = [f"by {section.form}"] if section.form else []
    head += [f"first to bind: {section.binding_risk}"] if section.binding_risk else []
    if head or expected:
        lines.append("; ".join([*head, *expected]))
    lines += [drawn for name in FOLLOWED if (drawn := _course(section.trajectory, name))]
    verdict = (section.change or {}).get("verdict")
    if verdict:
        lines.append(f"before and after, on the same prompts: {verdict}")
    return [*lines, section.reason] if section.reason else lines


def _course(trajectory: list[dict[str, Any]], name: str) -> str:
    """Draws one column of a trajectory and writes its last value with bounds; nothing without bounds."""
    points = [(row.get("round"), estimate_of(row.get(name))) for row in trajectory]
    known = [(at, found) for at, found in points if found is not None and found.value is not None]
    if len(known) < 2 or known[-1][1].low is None:
        return ""
    drawn = bars([found.value for _, found in known])
    last, level = known[-1][1], f"{100 * known[-1][1].level:.0f} %"
    return f"{name}  {drawn}  {known[0][1].value:.2f} → {number(last)} at round {known[-1][0]} ({level} bounds)"
