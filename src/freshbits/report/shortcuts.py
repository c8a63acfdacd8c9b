"""What a signal pays for besides the truth: verdict, named features, where the gain went, an example to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from freshbits.report.layout import few, item, plain
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.results import Audit, Hacking, Shortcut

SAYS = {"at_risk": "at risk", "none_found": "no shortcut found", "undetermined": "undetermined"}
STYLE = {"at_risk": "bold red", "none_found": "bold green", "undetermined": "bold magenta"}
AMONG = {"all": "", "wrong": " among wrong ones", "right": " among right ones"}
QUOTED = 160  # characters of an example


def risks(console: Console, audit: Audit) -> None:
    """Prints one sentence for each signal that is at risk."""
    for signal, section in few(audit.hacking):
        if section.verdict == "at_risk":
            taken = f"{100 * (section.risk or 0):.0f} % of what it selects for is not the truth, {section.first} first."
            console.print(
                Text(plain(signal), style="bold")
                + Text(" is ", style="not bold")
                + Text(SAYS["at_risk"], style=STYLE["at_risk"])
                + Text(plain(f" of being hacked: {taken}"), style="not bold")
            )


def shortcuts(console: Console, audit: Audit) -> None:
    """Prints, for each signal that was judged, its verdict, what it pays for and where its gain went."""
    judged = [(signal, section) for signal, section in few(audit.hacking) if section.status == "judged"]
    split = [(signal, section) for signal, section in few(audit.hacking) if section.gain]
    if not judged and not split:
        return
    if judged:
        console.print("\n[bold]What it pays for besides the truth[/bold] (an audit of the log, not a forecast)")
    for signal, section in judged:
        verdict = section.verdict or ""
        console.print(
            Text(plain(f"{signal}: "), style="bold")
            + Text(SAYS[verdict], style=STYLE[verdict])
            + Text(plain(f"; {tells(section)}"), style="not bold")
        )
        for entry in section.shortcuts:
            item(console, named(entry), "" if entry.matters else "dim")
        for example in [e for entry in section.shortcuts if entry.matters for e in entry.examples][:1]:
            item(console, f"for example: {quoted(example.completion)}", "dim", indent=4, mark="")
    for signal, section in split:
        item(console, f"{signal}, {went(section)}", "dim")
    if order := saturation(audit):
        item(console, order, "dim")


def tells(section: Hacking) -> str:
    """Says what a verdict rests on.

    >>> from freshbits.results import Hacking
    >>> tells(Hacking(status="judged", verdict="none_found", looked_at=12, own_alarm_rate=0.0))
    'none of the 12 looked at matters; verdicts in random order raised an alarm in 0 % of draws'
    """
    own = section.own_alarm_rate
    alarms = "" if own is None else f"; verdicts in random order raised an alarm in {100 * own:.0f} % of draws"
    if section.verdict == "at_risk":
        return (
            f"{section.first} first; {100 * (section.risk or 0):.0f} % of what it selects for is not the truth{alarms}"
        )
    if section.verdict == "none_found":
        return f"none of the {section.looked_at} looked at matters{alarms}"
    return f"{section.reason}{alarms}"


def named(entry: Shortcut) -> str:
    """Says what one feature is paid, and how surely."""
    gained = "" if entry.gained is None else f", {entry.gained:+.2f} of the gain so far"
    least = "" if entry.matters else ", too little to matter"
    surely = f"; p {entry.p_value:.1g}" if entry.p_value > 0 else ""
    paid = f"{entry.direction}{AMONG[entry.among]}; {share(entry.share)} of the response"
    soon = ""
    if entry.onset_round is not None:
        soon = f"; at these rates it outnumbers right answers in {number(entry.onset_round, 1)} rounds of filtering"
    value = "" if entry.value is None else f" {entry.value}"
    return f"{entry.name}{value}: {paid}{gained}{least}{surely}{soon}"


def saturation(audit: Audit) -> str:
    """Says in which order components ran dry; nothing where none did."""
    dry = sorted((part.saturated_at, name) for name, part in audit.components.items() if part.saturated_at is not None)
    if not dry:
        return ""
    left = [name for name, part in audit.components.items() if part.status == "judged" and part.saturated_at is None]
    order = ", then ".join(f"{name} (round {round_})" for round_, name in dry)
    return f"components saturate in this order: {order}" + (f"; not yet: {', '.join(left)}" if left else "")


def went(section: Hacking) -> str:
    """Says where the gain of the score went, from the first rounds to the last."""
    step = section.gain[-1]
    total = estimate_of(step["total"])
    parts = [f"{name} {number(estimate_of(part))}" for name, part in step["by"].items()]
    return f"gain from round {step['from']} to {step['to']}: {number(total)} = " + " + ".join(parts)


def quoted(text: str) -> str:
    r"""Quotes the beginning of a text on one line.

    >>> quoted("a\nb")
    '"a b"'
    """
    line = " ".join(text.split())
    return f'"{line[:QUOTED]}{"…" if len(line) > QUOTED else ""}"'
