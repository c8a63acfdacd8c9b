"""The plan on a terminal: ways by task bits per cost, where they lead, what that rests on, and what was not judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.layout import MOST_SIGNALS, WIDTH, command, item, new_table, printed, safe
from freshbits.report.words import number, share

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.planned import Leaning, Plan, Way
    from freshbits.results import Estimate

METHODS = {"grpo": "GRPO on", "rft": "RFT on", "sft": "SFT on references"}


def plan_page(plan: Plan, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes what `freshbits.plan` found as a page of text."""
    return printed(lambda console: _write(console, plan), width, colour=colour)


def _write(console: Console, plan: Plan) -> None:
    ranked = [way for way in plan.plan if way.rank is not None]
    if ranked:
        table = new_table("", "task bits per rollout", "cost", "bits per cost", "of accepted, right", "origin")
        for way in ranked:
            table.add_row(
                safe(f"{way.rank}  {_name(way)}"),
                number(way.task_bits, 3),
                "–" if way.cost is None else f"{way.cost:g}",
                number(way.per_cost, 3),
                share(way.precision) if way.method == "rft" else "",
                safe(way.origin),
            )
        console.print(table)
        for way in ranked:
            if way.clear is False:
                item(console, f"{_name(way)} and the next overlap: their order is not certain")
    _ahead(console, plan)
    _leanings(console, plan)
    others = [way for way in plan.plan if way.rank is None]
    if others:
        console.print(("\n" if ranked else "") + "[bold]Not ranked[/bold]")
    alike: dict[tuple[str | None, str | None], list[Way]] = {}
    for way in others:
        alike.setdefault((way.code, way.reason), []).append(way)
    for (code, reason), ways in alike.items():
        item(console, f"{_names(ways)}: {reason}{_bits(ways)} ({code})")
    for needs in dict.fromkeys(way.needs for way in others if way.needs is not None):
        command(console, "    this would let it: ", needs)
    console.print("")
    if plan.unit == "rollouts":
        item(console, "no --cost given: a rollout costs 1, verdicts nothing", "dim")
    for note in plan.notes:
        item(console, note, "dim")


def _ahead(console: Console, plan: Plan) -> None:
    """Prints what is projected, and why the rest is not."""
    some = [way for way in plan.plan if way.projection]
    if some:
        shown = sorted({0, 1, max(plan.rounds // 2, 1), plan.rounds})
        table = new_table("\nright rollouts, projected (90 %)", *(f"\nround {at}" for at in shown))
        for way in some:
            table.add_row(safe(_name(way)), *(share(way.projection[at].accuracy) for at in shown))
        console.print(table)
    told: dict[str, list[str]] = {}
    for way in plan.plan:
        if way.unprojected is not None and way.status == "judged":
            told.setdefault(way.unprojected, []).append(_name(way))
    for why, names in told.items():
        item(console, f"{', '.join(names)}: not projected; {why}")


def _leanings(console: Console, plan: Plan) -> None:
    """Prints what the numbers rest on."""
    rows = [(way, each) for way in plan.plan if way.rank is not None for each in way.leanings]
    if not rows:
        return
    heads = ("\nassumed", "\nfrom", "\nto", "\nbits per cost", f"\nright after {plan.rounds}", "\nplace")
    table = new_table("\nwhat it rests on", *heads)
    before = None
    for way, each in rows:
        name = _name(way) if way is not before else ""
        before = way
        table.add_row(safe(name), safe(each.assumption), f"{each.low:.3g}", f"{each.high:.3g}", *_moved(each))
    console.print(table)


def _moved(each: Leaning) -> tuple[str, str, str]:
    bits = "" if each.bits is None else f"{each.bits[0]:.3f} … {each.bits[1]:.3f}"
    right = "" if each.accuracy is None else f"{100 * each.accuracy[0]:.0f} … {100 * each.accuracy[1]:.0f} %"
    return bits, right, {True: "changes", False: "stays", None: ""}[each.turns]


def _told(bits: Estimate) -> str:
    if bits.value is not None:
        return f"{number(bits, 3)} {bits.unit}"
    if bits.high is None:
        return f"at least {bits.low:.2f} {bits.unit}"
    return f"at most {bits.high:.2f} {bits.unit}"


def _bits(ways: list[Way]) -> str:
    """Writes what is known of the bits of one or two ways."""
    known = [(way, way.task_bits) for way in ways if way.task_bits is not None]
    if len(ways) > len(METHODS) or not known:
        return ""
    return "; " + ", ".join((f"{way.method.upper()} " if len(known) > 1 else "") + _told(bits) for way, bits in known)


def _names(ways: list[Way]) -> str:
    """Names ways that share a reason: methods, then signals, the first few of many."""
    methods = list(dict.fromkeys(METHODS[way.method].removesuffix(" on") for way in ways))
    signals = list(dict.fromkeys(way.signal for way in ways if way.signal is not None))
    more = f" and {len(signals) - MOST_SIGNALS} more" if len(signals) > MOST_SIGNALS else ""
    return " and ".join(methods) + (f" on {', '.join(signals[:MOST_SIGNALS])}{more}" if signals else "")


def _name(way: Way) -> str:
    return METHODS[way.method] + (f" {way.signal}" if way.signal is not None else "")
