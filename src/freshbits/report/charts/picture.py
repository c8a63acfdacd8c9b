"""A picture: what it shows, what it says in words, and its Vega-Lite specification at any width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from freshbits.results import Json

# Light colours; the page puts its own variables in their place, so that one drawing serves light, dark and print.
PALETTE = {
    "ink": "#1b2027",
    "mute": "#566070",
    "line": "#d3d9e1",
    "card": "#fefefe",
    "one": "#1a5fb4",
    "two": "#b4500a",
    "three": "#0b7268",
    "four": "#7a3d9e",
    "bad": "#b3241c",
}
SERIES = ("one", "two", "three", "four")  # colours of series, in this order; shapes and dashes tell them apart too
SHAPES = ("circle", "square", "diamond", "triangle-up")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"  # one width everywhere: labels are measured when drawn
MOST_SAID = 6  # rows of a finding; the numbers under the chart hold all
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name that says which grammar this is; nothing loads it


@dataclass(frozen=True)
class Picture:
    """Holds one chart.

    Attributes:
        title: what is drawn.
        finding: what it shows, in one or a few sentences: the chart for who cannot see it.
        draw: makes the Vega-Lite specification for a width in pixels.
    """

    title: str
    finding: str
    draw: Callable[[int], Json]


AXIS: Json = {
    "labelColor": PALETTE["mute"],
    "titleColor": PALETTE["mute"],
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "gridColor": PALETTE["line"],
    "domainColor": PALETTE["line"],
    "tickColor": PALETTE["line"],
}


def sheet(layers: list[Json], values: list[Json], width: int, height: int | Json, **more: Any) -> Json:
    """Puts layers over one table of values into a specification that is exactly `width` pixels wide.

    >>> sheet([], [], 300, 80)["width"]
    300
    """
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 4,
        "data": {"values": values},
        **more,
        "layer": layers,
        "config": {
            "font": FONT,
            "background": PALETTE["card"],
            "view": {"stroke": None},
            "axis": AXIS
            | {
                "labelPadding": 5,
                "titleLimit": width - 60,
                "labelOverlap": "greedy",
                "labelSeparation": 8,
            },
            "axisY": {"labelColor": PALETTE["ink"]},
            "legend": {
                "orient": "top",
                "direction": "vertical" if width < 400 else "horizontal",
                "title": None,
                "labelColor": PALETTE["ink"],
                "labelFontSize": 12,
                "labelLimit": width - 60,
                "symbolStrokeWidth": 2,
                "symbolOpacity": 1,
                "columnPadding": 18,
                "offset": 6,
            },
            "text": {"color": PALETTE["ink"], "fontSize": 12},
        },
    }


def listed(parts: list[str]) -> str:
    """Joins what is said of the first few rows; the rest is counted.

    >>> listed(["a 1", "b 2"])
    'a 1; b 2'
    """
    more = len(parts) - MOST_SAID
    return "; ".join(parts[:MOST_SAID]) + (f"; and {more} more in the numbers" if more > 0 else "")
