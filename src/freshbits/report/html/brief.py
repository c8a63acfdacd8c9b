"""The compact page of a result, for notebooks: the verdict, a picture or two, what to do; no script, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.compared import Comparison
from freshbits.errors import InputError
from freshbits.report.charts import against, ahead, carried
from freshbits.report.charts.picture import PALETTE
from freshbits.report.forecast import projection_verdict
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.panels.lead import lead, read
from freshbits.report.html.panels.side import order
from freshbits.report.html.parts import notes
from freshbits.results import Audit, Forecast, Projection

if TYPE_CHECKING:
    from freshbits.report.charts.picture import Picture

MOST_DRAWN = 2
COLOURS = " ".join(f"--{name}: {colour};" for name, colour in PALETTE.items())
STYLE = f"""
.freshbits {{ {COLOURS} color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 10px 16px; max-width: 760px; font-size: 14px; line-height: 1.5; }}
.freshbits h1 {{ font-size: 19px; font-weight: 500; line-height: 1.3; margin: 6px 0; }}
.freshbits figure {{ margin: 12px 0; }} .freshbits h3 {{ font-size: 14px; margin: 0 0 4px; }}
.freshbits svg {{ max-width: 100%; height: auto; }} .freshbits svg.narrow {{ display: none; }}
.freshbits .not_judged {{ border-left: 4px dashed var(--mute); padding-left: 10px; }}
.freshbits figcaption, .freshbits .note {{ color: var(--mute); }}
"""


def brief(result: Audit | Comparison | Forecast | Projection) -> str:
    """Writes the compact page of a result; without vl-convert it has no pictures."""
    if isinstance(result, Audit):
        pictures, parts = _audited(result)
    elif isinstance(result, Comparison):
        pictures, parts = [ahead.compared(result)], [tag("h1", order(result)), notes(result.warnings)]
    elif isinstance(result, Forecast):
        pictures, parts = [ahead.fan(result, "signal")], [_said(result)]
    else:
        pictures = [ahead.projected(result.trajectory)]
        judged = result.status == "judged"
        parts = [tag("h1", projection_verdict(result)) if judged else _said(result), notes(result.advice)]
    return tag("div", tag("style", Html(STYLE)), *parts, _drawn(pictures), class_="freshbits").text


def _audited(audit: Audit) -> tuple[list[Picture | None], list[Html | None]]:
    truth = [against.openness(section, signal) for signal, section in audit.openness.items()]
    pictures = [
        *(picture for picture in truth if picture is not None),
        carried.contrast(audit),
        carried.dead_groups(audit),
    ]
    steps = [f"{remedy.command}: {remedy.why}; expected: {remedy.expected}" for remedy in audit.remedies]
    return list(pictures), [lead(audit), read(audit), tag("p", tag("b", "Do next")) if steps else None, notes(steps)]


def _said(section: Forecast | Projection) -> Html:
    if section.status == "judged":
        risk = f"; first to bind: {section.binding_risk}" if section.binding_risk else ""
        return tag("h1", f"What is expected, by {section.form}{risk}.")
    return tag("h1", f"Not judged: {section.reason} ({section.code}).", class_="not_judged")


def _drawn(pictures: list[Picture | None]) -> Html:
    known = [picture for picture in pictures if picture is not None][:MOST_DRAWN]
    try:
        return join(*(figure(picture) for picture in known))
    except InputError:  # vl-convert is an extra; the words say the same
        return notes([f"{picture.title}: {picture.finding}" for picture in known]) or join()
