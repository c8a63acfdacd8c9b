"""Is it open? What the signal says beyond the model's own state, beside its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.charts import against
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, command, notes, table, unjudged
from freshbits.report.truth import beside, verdict_of

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Audit

MOST_DETAILED = 3
MOST_SIGNALS = 8
QUESTION = "Is it open?"


def openness(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of openness."""
    judged = {signal: section for signal, section in audit.openness.items() if section.status == "judged"}
    parts: list[Html | None] = []
    for signal, section in list(judged.items())[:MOST_DETAILED]:
        verdict, rest = verdict_of(section)
        picture = against.openness(section, signal)
        parts.append(tag("h3", f"{signal} is {verdict}{rest}") if parts else None)
        parts.append(figure(picture) if picture else None)
        parts.append(notes(beside(section)))
        parts.append(
            tag("p", "It was predicted from: ", tag("code", ", ".join(section.columns)), class_="note")
            if section.columns
            else None
        )
        if section.needs:
            parts += [tag("p", "This would tell more:", class_="note"), command(section.needs)]
    rows = [
        (
            signal,
            f"{section.verdict or '–'}" + (f" ({section.adjective})" if section.adjective else ""),
            section.origin,
            numbers.show(section.bits),
            numbers.show(section.share),
            numbers.show(section.surprise_bits),
            numbers.show(section.sharpening_ceiling),
        )
        for signal, section in audit.openness.items()
        if section.status == "judged" or section.surprise_bits is not None
    ]
    heads = ("signal", "verdict", "origin", "bits beyond", "share of what is open", "surprise, at most", "majority")
    parts.append(table("Openness by signal", heads, rows))
    parts.append(unjudged(audit.openness))
    parts.append(numbers.table(QUESTION, dict(list(audit.openness.items())[:MOST_SIGNALS])))
    first = next(iter(judged.items()), None) or next(iter(audit.openness.items()), None)
    if first is None:
        return Panel("openness", QUESTION, "No signal.", "not_judged", join())
    verdict, rest = verdict_of(first[1])
    answer = f"{first[0]} is {verdict}{rest}" if verdict else f"Not judged: {rest}."
    return Panel("openness", QUESTION, answer, first[1].status, join(*parts))
