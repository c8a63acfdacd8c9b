"""The page of each result: of an audit, a comparison, the forecasts of a log, a projection; or of a stored report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.compared import Comparison
from freshbits.errors import InputError
from freshbits.loop.checking import Check
from freshbits.plain import from_plain, to_plain
from freshbits.report.html.escape import join, tag
from freshbits.report.html.loops import check_html
from freshbits.report.html.numbers import Numbers
from freshbits.report.html.panels.ahead import ahead
from freshbits.report.html.panels.carried import carried
from freshbits.report.html.panels.channel import channel
from freshbits.report.html.panels.followed import followed
from freshbits.report.html.panels.lead import lead, read
from freshbits.report.html.panels.openness import openness
from freshbits.report.html.panels.projected import projected
from freshbits.report.html.panels.prompts import prompts
from freshbits.report.html.panels.sets import sets
from freshbits.report.html.panels.side import order, side
from freshbits.report.html.panels.spent import covered, spent
from freshbits.report.html.panels.todo import advice, todo
from freshbits.report.html.parts import unbroken
from freshbits.report.html.shell import document
from freshbits.results import Audit, Forecast, Projection

if TYPE_CHECKING:
    from freshbits.results import Json

# What a stored report holds tells what it is: the first key that it has decides.
KINDS = ("budget", "compare", "structure", "projection", "forecast")


def audit_html(audit: Audit) -> str:
    """Writes an audit as one HTML file; the audit and its JSON give the same bytes.

    Raises:
        InputError: if vl-convert, which draws the charts, is not installed.
    """
    audit = Audit.from_json(audit.to_json())  # numbers as the JSON has them
    numbers = Numbers()
    panels = [
        openness(audit, numbers),
        carried(audit, numbers),
        channel(audit, numbers),
        spent(audit, numbers),
        covered(audit, numbers),
        ahead(audit.forecast, numbers),
        followed(audit, numbers),
    ]
    proven, open_ = ([panel for panel in panels if panel.shows is shown] for shown in (True, False))
    first = [sets(audit.sft, numbers)] if audit.sft is not None else []
    # What the log can prove, what to do, what it cannot tell; each in the order of the questions.
    panels = [*first, *proven, todo(audit.remedies), *open_, prompts(audit)]
    return document(f"audit of {audit.log.format}", join(lead(audit), read(audit)), panels, numbers)


def comparison_html(comparison: Comparison) -> str:
    """Writes a comparison as one HTML file; see `audit_html`."""
    comparison = Comparison.from_json(comparison.to_json())
    numbers = Numbers()
    head = tag("h1", unbroken(order(comparison)), class_="verdict judged")
    return document("signals side by side", head, [side(comparison, numbers)], numbers)


def forecast_html(found: dict[str, Forecast]) -> str:
    """Writes the forecasts of a log's signals as one HTML file; see `audit_html`."""
    found = from_plain(dict[str, Forecast], to_plain(found))
    numbers = Numbers()
    panel = ahead(found, numbers)
    head = tag("h1", unbroken(panel.answer), class_=f"verdict {panel.status}")
    return document("forecast of a log", head, [panel], numbers)


def projection_html(projection: Projection) -> str:
    """Writes the projection of a declared loop as one HTML file; see `audit_html`."""
    projection = from_plain(Projection, to_plain(projection))
    numbers = Numbers()
    panel = projected(projection, numbers)
    panels = [panel, *([advice(projection.advice)] if projection.advice else [])]
    head = tag("h1", unbroken(panel.answer), class_=f"verdict {panel.status}")
    return document("forecast of a declared loop", head, panels, numbers)


def report_html(data: Json) -> str:
    """Writes the page of a stored report: the JSON that audit, compare, forecast or check wrote.

    Raises:
        InputError: if the JSON is none of them.
    """
    kind = next((key for key in KINDS if key in data), None) if isinstance(data, dict) else None
    if kind == "budget":
        return audit_html(_of(Audit, data))
    if kind == "compare":
        return comparison_html(_of(Comparison, data))
    if kind == "structure":
        return check_html(_of(Check, data))
    if kind == "projection":
        return projection_html(_of(Projection, data["projection"]))
    if kind == "forecast":
        return forecast_html(_of(dict[str, Forecast], data["forecast"]))
    raise InputError("this JSON is no report of freshbits", mend="write one with freshbits audit LOG --json PATH")


def _of(kind: Any, data: Json) -> Any:
    try:
        return from_plain(kind, data)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InputError(f"the report cannot be read ({error})", mend="write it anew with --json PATH") from None
