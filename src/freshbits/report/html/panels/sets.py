"""What does this set hold? Who judged, what repeats, how varied it is, what its filter keeps and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, notes, table
from freshbits.report.sets import REPEATS, filters, headline, judges, repeats, variety
from freshbits.report.words import estimate_of, share

if TYPE_CHECKING:
    from freshbits.described import Sft
    from freshbits.report.html.numbers import Numbers

QUESTION = "What does the set hold?"


def sets(sft: Sft, numbers: Numbers) -> Panel:
    """Writes the panel of a set that was made to be trained on."""
    lines = variety(sft)
    if sft.right is not None:
        lines.append(f"right: {share(estimate_of(sft.right))} of the set")
    told: list[Html | None] = [
        notes([f"{signal}: {words}" for signal, words, _ in judges(sft)]),
        table(
            "Share of rows that stood there before", ("", *REPEATS), [(name, *cells) for name, cells in repeats(sft)]
        ),
        notes(lines),
    ]
    for signal, sentences in filters(sft):
        told += [tag("h3", f"The filter {signal}"), notes(sentences)]
    held: dict[str, object] = {"variety": sft.variety, **sft.filter}
    told.append(numbers.table(QUESTION, held))
    return Panel("sft", QUESTION, headline(sft), "judged" if sft.status == "judged" else "not_judged", join(*told))
