"""What will it learn instead? The race of candidates, and all of them in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts import ahead as charts
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.probed import cells, foretells
from freshbits.report.shortcuts import AMONG, SAYS, tells
from freshbits.report.words import number

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Audit, Estimate, Hacking

MOST_DETAILED = 3
MOST_SIGNALS = 8
MOST_ROWS = 500
QUESTION = "What will it learn instead?"
WARNING = "What a reward goes with may be a shortcut or a skill: without labels nobody can tell."


def followed(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of what the signal follows inside a prompt."""
    unit = "pair" if audit.log.pairs else "rollout"
    raced = {signal: section for signal, section in audit.hacking.items() if section.features}
    parts: list[Html | None] = []
    for signal, section in list(raced.items())[:MOST_DETAILED]:
        picture = charts.race(section, signal, unit)
        parts.append(figure(picture) if picture else None)
    for signal, section in list(audit.hacking.items())[:MOST_DETAILED]:
        parts += _paid(signal, section, numbers)
        parts += _foretold(signal, section)
    if raced and not any(section.status == "judged" for section in raced.values()):
        parts.append(notes([WARNING]))
    parts.append(_table(raced, unit, numbers))
    parts.append(unjudged(audit.hacking))
    parts.append(numbers.table(QUESTION, dict(list(raced.items())[:MOST_SIGNALS])))
    if not audit.hacking:
        return Panel("hacking", QUESTION, "No signal.", "not_judged", join())
    signal, first = next(iter(raced.items()), next(iter(audit.hacking.items())))
    return Panel("hacking", QUESTION, _answer(signal, first, unit), first.status, join(*parts))


def _answer(signal: str, section: Hacking, unit: str) -> str:
    if section.status == "judged" and section.verdict:
        return f"{signal}: {SAYS.get(section.verdict, section.verdict)}; {tells(section)}."
    if not section.features:
        return f"Not judged: {section.reason}."
    top = section.features[0]
    return f"{signal} goes most with {top.name}, {number(top.signal_bits, 3)} bit per {unit}; {section.reason}."


def _paid(signal: str, section: Hacking, numbers: Numbers) -> list[Html | None]:
    """Writes what a signal pays for besides the truth, with a rollout that is paid, and where its gain went."""
    rows: list[tuple[Any, ...]] = [
        (
            each.name if each.value is None else f"{each.name} {each.value}",
            each.kind,
            each.direction + AMONG.get(each.among, ""),
            numbers.show(each.share),
            "–" if each.gained is None else f"{each.gained:+.3f}",
            "yes" if each.matters else "too little",
            f"{each.p_value:.1g}",
        )
        for each in section.shortcuts
    ]
    heads = ("shortcut", "kind", "paid", "share of the response", "of the gain so far", "matters", "p")
    quoted = [
        tag("div", tag("p", f"paid for {each.name}", class_="note"), tag("pre", one.completion), class_="rollout")
        for each in section.shortcuts
        for one in each.examples
    ]
    shown = tag("details", tag("summary", f"Show {len(quoted)} rollouts that are paid"), *quoted) if quoted else None
    picture = charts.gained(section, signal)
    title = tag("h3", f"What {signal} pays for besides the truth") if rows else None
    return [title, table(f"Shortcuts of {signal}", heads, rows), shown, figure(picture) if picture else None]


def _foretold(signal: str, section: Hacking) -> list[Html | None]:
    """Writes what probes foretell, where they were run."""
    found = section.foretold
    if found is None:
        return []
    beside = any(entry.kind == "truth" for entry in found.candidates)
    heads = ["candidate", "accuracy in one pass", "bits relied on", "price, bits"]
    heads += ["truth is cheaper from", "relied on more than truth"] if beside else []
    rows = [tuple(cell.strip() for cell in cells(entry, beside=beside)) for entry in found.candidates]
    title = tag("h3", f"What a learner of {signal} would take first (a forecast)")
    said = [f"{foretells(found)}.", *([found.unseen] if found.unseen else [])]
    return [title, notes(said), table(f"Forecast of {signal}", tuple(heads), rows) if rows else None]


def _table(raced: dict[str, Hacking], unit: str, numbers: Numbers) -> Html | None:
    """Writes all candidates, to be sorted and searched."""
    heads = (
        "candidate", "signal", "kind", f"bits per {unit}", "leans to", "beyond the truth", "source held fixed",
        "learned first", "relied on", "price, bits", "first block", "last block", "change predicted", "q",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    keys: list[tuple[Any, ...]] = []
    for signal, section in raced.items():
        for each in section.features:
            fixed = each.source_fixed.signal_bits if each.source_fixed is not None else None
            plain = (each.learned_first, each.relied_on, each.price_bits)
            moved = each.drift
            drift = (moved.first, moved.last, moved.predicted) if moved is not None else (None, None, None)
            rows.append(
                (
                    each.name,
                    signal,
                    each.kind,
                    numbers.show(each.signal_bits, 3),
                    each.direction or "–",
                    numbers.show(each.spurious_bits, 3),
                    numbers.show(fixed, 3),
                    *("–" if value is None else f"{value:.3g}" for value in (*plain, *drift)),
                    "–" if each.q_value is None else f"{each.q_value:.1g}",
                )
            )
            found = [_value(bits) for bits in (each.signal_bits, each.spurious_bits, fixed)]
            keys.append((None, None, None, found[0], None, found[1], found[2], *plain, *drift, each.q_value))
    return table("All candidates", heads, rows[:MOST_ROWS], sort=True, keys=keys)


def _value(found: Estimate | None) -> float | None:
    return None if found is None else found.value
