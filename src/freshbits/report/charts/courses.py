"""Courses: values over rounds, over the n of best of n, over k tries; the interval as a band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.report.charts.picture import DASHES, PALETTE, SERIES, SHAPES, sheet
from freshbits.report.words import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.results import Estimate, Json


@dataclass(frozen=True)
class Point:
    """Holds one point of a course: where it stands, the estimate, and whether it was projected, not measured."""

    name: str
    at: float
    found: Estimate
    projected: bool = False


@dataclass(frozen=True)
class Turn:
    """Marks one place on the axis, with the interval that it lies in where that is known."""

    at: float
    low: float | None
    high: float | None
    said: str


def courses(
    points: Sequence[Point],
    axis: str,
    unit: str,
    width: int,
    *,
    share: bool = False,
    powers: bool = False,
    turn: Turn | None = None,
    zero: bool = True,
) -> Json:
    """Draws one line per name with a band from low to high; projected points are hollow and their band is paler.

    Args:
        points: what to draw; names in order of their first point.
        axis: title of the horizontal axis.
        unit: title of the vertical axis.
        width: pixels.
        share: whether values are shares, written in per cent.
        powers: whether the horizontal axis counts in doublings.
        turn: a place to mark.
        zero: whether the vertical axis begins at 0.

    >>> from freshbits.results import Estimate
    >>> course = [Point("a", t, Estimate(0.5, 0.4, 0.6, 0.95, "", "", 9, 9)) for t in (1, 2)]
    >>> len(courses(course, "round", "bits", 300)["layer"])
    4
    """
    names = list(dict.fromkeys(point.name for point in points))
    values = [
        {
            "name": point.name,
            "at": point.at,
            "value": point.found.value,
            "low": point.found.low,
            "high": point.found.high,
            "projected": point.projected,
            "said": said(f"{point.name}, {axis} {point.at:g}" + (", projected" * point.projected), point.found),
        }
        for point in points
    ]
    whole = all(float(point.at).is_integer() for point in points)
    spots = sorted({point.at for point in points})
    x: Json = {"field": "at", "type": "quantitative", "axis": {"title": axis, "grid": False, "format": "~f"}}
    if powers:
        most = 5 if width < 400 else 9
        shown = spots[:: -(-len(spots) // most)]
        x |= {"scale": {"type": "log", "base": 2}, "axis": {**x["axis"], "values": shown}}
    else:
        x |= {"scale": {"zero": False, "nice": False}}
        if whole and len(spots) <= 6:
            x["axis"]["values"] = spots
        elif whole:
            x["axis"] |= {"tickMinStep": 1, "tickCount": 5 if width < 400 else 10}
    upright: Json = {"title": unit, "tickCount": 5, **({"format": ".0%"} if share else {})}
    y: Json = {"type": "quantitative", "axis": upright, "scale": {"zero": zero}}
    several = len(names) > 1
    tone: Json = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": names, "range": [PALETTE[SERIES[at % 4]] for at in range(len(names))]},
        "legend": {} if several else None,
    }
    dash = {**tone, "legend": None, "scale": {"domain": names, "range": [DASHES[at % 4] for at in range(len(names))]}}
    shape = {**tone, "scale": {"domain": names, "range": [SHAPES[at % 4] for at in range(len(names))]}}
    spoken = {"tooltip": {"field": "said", "type": "nominal"}, "description": {"field": "said", "type": "nominal"}}
    value = {**y, "field": "value"}
    layers: list[Json] = []
    if turn is not None:
        layers += _turn(turn, x)
    layers += [
        {
            "mark": {"type": "area", "opacity": 0.17, "aria": False, "line": False},
            "encoding": {
                "x": x,
                "y": {**y, "field": "low"},
                "y2": {"field": "high"},
                "color": tone,
            },
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, "aria": False},
            "encoding": {"x": x, "y": value, "color": tone, "strokeDash": dash},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 42},
            "transform": [{"filter": "!datum.projected"}],
            "encoding": {"x": x, "y": value, "color": tone, "shape": shape, **spoken},
        },
        {
            "mark": {"type": "point", "filled": True, "fill": PALETTE["card"], "opacity": 1, "size": 42},
            "transform": [{"filter": "datum.projected"}],
            "encoding": {"x": x, "y": value, "stroke": tone, "shape": shape, **spoken},
        },
    ]
    return sheet(layers, values, width, 200 if width < 400 else 240)


def _turn(turn: Turn, x: Json) -> list[Json]:
    here = [{"at": turn.at, "low": turn.low, "high": turn.high, "said": turn.said}]
    spoken = {"tooltip": {"field": "said", "type": "nominal"}, "description": {"field": "said", "type": "nominal"}}
    layers: list[Json] = [
        {
            "data": {"values": here},
            "mark": {"type": "rule", "stroke": PALETTE["bad"], "strokeWidth": 2, "strokeDash": [5, 4]},
            "encoding": {"x": x, **spoken},
        }
    ]
    if turn.low is not None and turn.high is not None and turn.low < turn.high:
        layers.insert(
            0,
            {
                "data": {"values": here},
                "mark": {"type": "rect", "fill": PALETTE["bad"], "opacity": 0.1, "aria": False},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
        )
    return layers
