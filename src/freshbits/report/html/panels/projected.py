"""What will this loop come to? The projection of a loop that is declared in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.charts import ahead as charts
from freshbits.report.forecast import projection_verdict
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import join
from freshbits.report.html.parts import Panel, notes, table, unjudged

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Projection

QUESTION = "What will this loop come to?"
ASSUMES = "Assumes a full refit every round and prompts that share nothing; a network moves more slowly."


def projected(projection: Projection, numbers: Numbers) -> Panel:
    """Writes the panel of a projection."""
    if projection.status != "judged":
        body = join(unjudged({"forecast": projection}, named=False))
        return Panel("forecast", QUESTION, f"Not judged: {projection.reason}.", projection.status, body)
    picture = charts.projected(projection.trajectory)
    rows = [
        (name, numbers.show(found))
        for name, found in (
            ("rounds to the target", projection.rounds_to_target),
            ("ceiling", projection.ceiling),
            ("prompts whose right answer survives", projection.fixation),
            ("half of the variety gone after rounds", projection.diversity_half_life),
        )
        if found is not None
    ]
    declared = [
        (name.replace("_", " "), _plain(value))
        for name, value in {**projection.numbers, **projection.situation}.items()
        if value is not None
    ]
    body = join(
        figure(picture) if picture else None,
        table("Expected", ("expected", "90 % interval"), rows),
        table("Declared", ("declared, and what follows at once", "value"), declared),
        notes([ASSUMES]),
        numbers.table(QUESTION, {"": projection}),
    )
    return Panel("forecast", QUESTION, projection_verdict(projection), "judged", body)


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(each) for each in value[:20]) + ("…" if len(value) > 20 else "")
    return str(value)
