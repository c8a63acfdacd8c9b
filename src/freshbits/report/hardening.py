"""The hardening on a terminal: what the signal rewards that it should not, then every probe in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from freshbits.report.layout import WIDTH, item, printed, safe
from freshbits.signals.gold import FORMS

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.signals.hardening import Hardening, Probed

EXPECTED = {"should_reject": "reject", "should_accept": "accept", "reading": "–"}


def hardening_page(hardening: Hardening, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes the hardening as a page of text.

    Args:
        hardening: what `freshbits.signals.hardening.harden` returned.
        width: characters per line.
        colour: whether to add terminal colours.
    """
    return printed(lambda console: _write(console, hardening), width, colour=colour)


def _write(console: Console, found: Hardening) -> None:
    console.print(
        f"[bold]{safe(found.signal)}[/bold] under probes: {found.prompts} prompts, origin {safe(found.origin)}"
    )
    if found.form in FORMS and found.marked in FORMS:
        item(console, f"wrong answers are stated as {found.form!r}, right ones as {found.marked!r}", "dim")
    item(console, found.gold.sentence, "" if found.gold.accepted == found.gold.prompts else "yellow")
    if found.has_rewarded_nothing:
        item(console, "it rewarded nothing at all, so nothing shows that it can accept an answer", "yellow", mark="!")
    wrong = [each for each in found.findings if each.expects == "should_reject"]
    right = [each for each in found.findings if each.expects == "should_accept"]
    _findings(console, "Rewards what it should not, or stalls on it", wrong, "red")
    _findings(console, "Rejects what is right", right, "yellow")
    if not found.findings:
        item(console, f"no finding: {len(found.probes)} probes did what a sound verifier does", "green")
    console.print()
    console.print(_table(found))
    item(console, "probes are examples: a signal without findings may have holes that nobody thought of", "dim")


def _findings(console: Console, title: str, findings: list[Probed], style: str) -> None:
    if not findings:
        return
    console.print(f"\n[bold]{title}[/bold]")
    for each in findings:
        item(console, each.sentence, style)
        if each.example is not None:
            evidence = f" → {each.example['evidence']}" if each.example["evidence"] else ""
            item(console, f"{each.example['completion']}{evidence}", "dim", indent=6, mark="")


def _table(found: Hardening) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in ("probe", "should", "rewarded", "95 % interval", "mean score", "prompts", "no verdict", ""):
        table.add_column(head, overflow="fold")
    for each in found.probes:
        share = each.rewarded
        interval = "–" if share.value is None else f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f} %"
        table.add_row(
            safe(each.probe),
            EXPECTED[each.expects],
            "–" if share.value is None else f"{100 * share.value:.0f} %",
            interval,
            "–" if each.mean is None else f"{each.mean:.2f}",
            str(each.n),
            str(each.unscored) if each.unscored else "",
            "[red]finding[/red]" if each.finding else "",
        )
    return table
