"""A set that was made to be trained on, in words: who judged, what repeats, how varied it is, what its filter does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding

from freshbits.report.layout import item, new_table, plain
from freshbits.report.words import estimate_of, many, number, share

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.console import Console

    from freshbits.described import Sft

MOST_FILTERS = 3


def headline(sft: Sft) -> str:
    """Says in a sentence what the set holds, and how much of it stands there twice.

    >>> from freshbits.described import Sft
    >>> repeats = {"instructions": {"normalised": 0.2, "near": 0.25}, "pairs": {"normalised": 0.1, "near": None}}
    >>> headline(Sft(status="judged", rows=100, instructions=100, duplicates=repeats))
    '100 rows: 25 % of the instructions stood there before, word for word or nearly; 10 % of the pairs do.'
    """
    if sft.status != "judged" or sft.duplicates is None:
        return f"not judged: {sft.reason}."
    asked, pairs = sft.duplicates["instructions"], sft.duplicates["pairs"]
    again = asked["near"] if asked["near"] is not None else asked["normalised"]
    nearly = ", word for word or nearly" if asked["near"] is not None else ""
    return (
        f"{many(sft.rows, 'row')}: {_percent(again)} of the instructions stood there before{nearly}; "
        f"{_percent(pairs['normalised'])} of the pairs do."
    )


def judges(sft: Sft) -> list[tuple[str, str, bool]]:
    """Returns (signal, who judged in words, whether it is the writer throughout)."""
    return [(entry["signal"], entry["words"], entry["same"] == 1.0) for entry in sft.judges]


def repeats(sft: Sft) -> list[tuple[str, list[str]]]:
    """Returns the rows of the table of repeats: name, rows, exact, normalised, near."""
    return [
        (
            name,
            [
                f"{part['rows']:,}",
                _percent(part["exact"]),
                _percent(part["normalised"]),
                "–" if part["near"] is None else _percent(part["near"]),
            ],
        )
        for name, part in (sft.duplicates or {}).items()
    ]


REPEATS = ("rows", "exact", "case and marks aside", "or nearly")


def variety(sft: Sft) -> list[str]:
    """Says how varied the instructions are, and how rows spread over sources and regions."""
    held = sft.variety or {}
    lines = []
    opened = held.get("openings")
    if opened:
        common = ", ".join(f"“{entry['name']}” {_percent(entry['share'])}" for entry in opened["commonest"][:3])
        unseen = estimate_of(opened["good_turing"])
        spread = f", {number(found, 1)} effective" if (found := estimate_of(opened["effective"])) is not None else ""
        lines.append(
            f"{held['instructions']:,} different instructions in {many(opened['distinct'], 'opening')} (first three "
            f"words){spread}; commonest: {common}"
        )
        if unseen is not None:
            lines.append(f"one more instruction would open as another does with {share(unseen)} (Good-Turing)")
        lines.append(f"{_percent(held['templates']['share'])} of them differ from another in numbers or quotes only")
    for name in ("sources", "regions"):
        part = held.get(name)
        if part and part["distinct"] > 1:
            common = ", ".join(f"{entry['name']} {_percent(entry['share'])}" for entry in part["commonest"][:3])
            found = estimate_of(part["effective"])
            spread = f", {number(found, 1)} effective" if found is not None else ""
            lines.append(f"{part['distinct']:,} {name}{spread}: {common}")
    code = sft.code_length or {}
    told = [f"{number(estimate_of(code[name]))} bits per {name}" for name in ("response", "token") if code.get(name)]
    return [*lines, *([f"code length under the writer: {', '.join(told)}"] if told else [])]


def filters(sft: Sft) -> list[tuple[str, list[str]]]:
    """Says of each verdict what it keeps, spends, costs and buys."""
    return [(signal, _filter(part)) for signal, part in list(sft.filter.items())[:MOST_FILTERS]]


def _filter(part: dict[str, Any]) -> list[str]:
    surface = estimate_of(part["surface_bits"])
    read = f", of which {number(surface)} can be read off surface form, region and source" if surface else ""
    spent = number(estimate_of(part["bits"]))
    lines = [f"keeps {part['kept']:,} of {part['of']:,} rows: at most {spent} bit per row{read}"]
    lines += _costs(part["coverage"])
    bought = part["precision"]
    if bought is None:
        return [*lines, "what it buys is not judged: that takes truth on some rows"]
    before, after, more = (estimate_of(bought[name]) for name in ("before", "after", "gain"))
    lines.append(f"right: {share(before)} of all, {share(after)} of what it keeps; {number(more)} more")
    gain = part["expected_gain"]
    lines.append(
        f"a reading: training on what it keeps gains {share(estimate_of(gain['relative']))} of what as many clean rows "
        f"would (unfiltered: {share(estimate_of(gain['unfiltered']))}); it takes that {'; '.join(gain['assumed'])}"
    )
    return lines


def _costs(held: dict[str, Any]) -> list[str]:
    told = [f"{held['instructions']['kept']:,} of {held['instructions']['all']:,} instructions are left"]
    for name in ("openings", "sources", "regions"):
        part = held.get(name)
        if part is None or part["all"] < 2:
            continue
        left = estimate_of(part["effective_left"])
        ratio = f", effective number {share(left)} of before" if left is not None else ""
        told.append(f"{part['kept']:,} of {part['all']:,} {name} ({part['at_random']:.1f} by lot){ratio}")
    again = held["repeated_pairs"]
    if again["all"] > 0:
        told.append(f"repeated pairs {_percent(again['all'])} before, {_percent(again['kept'])} after")
    return ["; ".join(told)]


def sets(console: Console, sft: Sft, said: Collection[str] = ()) -> None:
    """Prints the part of a page that is about a set: its sentence, who judged, repeats, variety, filters.

    Args:
        console: where to print.
        sft: the section.
        said: signals whose judge the page has named already.
    """
    console.print()
    for signal, words, same in judges(sft):
        if signal not in said:
            item(console, f"{signal}: {words}", "bold yellow" if same else "", indent=0, mark="!" if same else "·")
    console.print(f"[bold]the set[/bold] holds {plain(headline(sft))}" if sft.status == "judged" else headline(sft))
    rows = repeats(sft)
    if rows:
        table = new_table("Repeats", *REPEATS)
        for name, cells in rows:
            table.add_row(name, *cells)
        console.print(Padding(table, (1, 0, 0, 0)))
    lines = variety(sft)
    if sft.right is not None:
        lines.append(f"right: {share(estimate_of(sft.right))} of the set")
    if lines:
        console.print("\n[bold]Variety[/bold] (of the different instructions; words, not meanings)")
        for line in lines:
            item(console, line)
    for signal, told in filters(sft):
        console.print(f"\n[bold]The filter[/bold] {plain(signal)}")
        for line in told:
            item(console, line)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if 0 < value < 0.1 else f"{100 * value:.0f} %"
