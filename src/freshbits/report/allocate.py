"""What allocating chose, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.layout import WIDTH, item, new_table, printed, safe

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.allocated import Allocated, Prediction


def allocate_page(found: Allocated, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes what `freshbits.allocate` chose as a page of text."""
    return printed(lambda console: _write(console, found), width, colour=colour)


def _write(console: Console, found: Allocated) -> None:
    """Prints what was chosen, what else would give, and how good the belief is."""
    untried = found.candidates - found.tried
    console.print(
        f"[bold]{safe(found.signal)}[/bold]: {found.ways[0].prompts:,} of {found.candidates:,} prompts chosen for "
        f"{found.ways[0].calls:,} rollouts" + (f"; {untried:,} of them were never tried" if untried else "")
    )
    table = new_table("expected of the same rollouts", "contrast bits", "per rollout", "mixed groups", "prompts")
    for way in found.ways:
        table.add_row(
            ("written: " if way is found.ways[0] else "") + safe(way.rule),
            f"{way.expected_bits:,.0f}",
            f"{way.expected_bits / max(way.calls, 1):.2f}",
            f"{way.mixed_groups:,.0f}",
            f"{way.prompts:,}",
        )
    console.print(table)
    if found.prediction is not None:
        _belief(console, found.prediction)
    for note in found.notes:
        item(console, note, "dim")


def _belief(console: Console, told: Prediction) -> None:
    console.print()
    table = new_table("pass rates of prompts not seen", "log loss", "Brier", "better than the base rate by")
    for score in told.scores:
        gain = score.gain
        shown = "" if gain is None else f"{gain.value:.3f}  [{gain.low:.3f}, {gain.high:.3f}] bit per rollout"
        name = ("mean of " if score.name not in ("base rate", "learned") else "") + score.name
        table.add_row(safe(name), f"{score.log_loss:.3f}", f"{score.brier:.3f}", safe(shown))
    console.print(table)
    item(console, _verdict(told), "" if told.believed == "learned" else "yellow")
    if told.worth is not None:
        kept = "" if told.kept is None else f"; a round leaves {told.kept:.0%} of a prompt's old verdicts"
        item(console, f"a stated rate is worth {told.worth:.1f} rollouts of the prompt itself{kept}", "dim")


def _verdict(told: Prediction) -> str:
    read = ", ".join(told.columns) or "nothing"
    if told.believed == "learned":
        return (
            f"believed: what is learned from {read}; stated and observed rates differ by {told.calibration_error:.3f} "
            f"on average, over {told.prompts:,} prompts"
        )
    if told.believed == "base rate" and len(told.scores) == 1:
        return f"believed: the base rate. {told.prompts:,} prompts with verdicts are too few to learn from {read}"
    if told.believed == "base rate":
        return f"believed: the base rate. What can be read ({read}) says no more about prompts that were not seen"
    return f"believed: the mean of {told.believed}. The rest that can be read ({read}) says no more about new prompts"
