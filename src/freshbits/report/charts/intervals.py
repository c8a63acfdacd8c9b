"""Intervals side by side: one row per thing, a mark at its value, a line from low to high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.report.charts.picture import PALETTE, SERIES, SHAPES, sheet
from freshbits.report.layout import plain
from freshbits.report.words import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.results import Estimate, Json

ROW = 26  # pixels per row
LETTER = 7.2  # pixels that a letter of a label takes at most, on average
NAMES = 0.42  # share of the width that names may take


@dataclass(frozen=True)
class Row:
    """Holds one estimate to be drawn.

    Attributes:
        name: its row.
        kind: what is measured; the kinds of one row stand under each other, in their own colour and shape.
        found: the estimate.
        marked: whether it is the one that the picture is about; drawn in its own colour, with a ring.
    """

    name: str
    kind: str
    found: Estimate
    marked: bool = False


def intervals(rows: Sequence[Row], unit: str, width: int, *, share: bool = False) -> Json:
    """Draws estimates as marks with lines from low to high; a dashed line alone where only bounds are known.

    Args:
        rows: what to draw, in order.
        unit: title of the axis.
        width: pixels.
        share: whether values are shares, written in per cent.

    >>> from freshbits.results import Estimate
    >>> found = Estimate(0.5, 0.4, 0.6, 0.95, "bits", "", 10, 80)
    >>> intervals([Row("a", "contrast", found)], "bits", 300)["data"]["values"][0]["high"]
    0.6
    """
    kinds = list(dict.fromkeys(row.kind for row in rows))
    names = _short(list(dict.fromkeys(row.name for row in rows)), int(NAMES * width / LETTER))
    values = [
        {
            "name": names[row.name],
            "kind": row.kind,
            "value": row.found.value,
            "low": row.found.low,
            "high": row.found.high,
            "bounds": row.found.value is None,
            "marked": row.marked,
            "said": said(f"{row.name}, {row.kind}", row.found),
        }
        for row in rows
    ]
    several = len(kinds) > 1
    beside = len({row.name for row in rows}) < len(rows)
    room = int(max(map(len, names.values()), default=0) * LETTER) + 6
    place: Json = {
        "y": {
            "field": "name",
            "type": "nominal",
            "sort": None,
            "title": None,
            "axis": {"labelLimit": 0, "minExtent": room, "ticks": False, "domain": False},
        },
        "tooltip": {"field": "said", "type": "nominal"},
        "description": {"field": "said", "type": "nominal"},
    }
    colour: Json = {
        "field": "kind",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": kinds, "range": [PALETTE[SERIES[at % 4]] for at in range(len(kinds))]},
        "legend": {} if several else None,
    }
    if beside:
        place["yOffset"] = {"field": "kind", "type": "nominal", "sort": kinds}
    axis: Json = {"title": unit, "tickCount": 3 if width < 400 else 6}
    if share:
        axis["format"] = ".0%"
    x: Json = {"type": "quantitative", "axis": axis}
    ends = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    shape = {**colour, "scale": {"domain": kinds, "range": [SHAPES[at % 4] for at in range(len(kinds))]}}
    layers: list[Json] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2, "aria": False},
            "transform": [{"filter": "!datum.bounds"}],
            "encoding": {**place, **ends, "color": colour},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 3, "strokeDash": [3, 4]},
            "transform": [{"filter": "datum.bounds"}],
            "encoding": {**place, **ends, "color": colour},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 75},
            "transform": [{"filter": "!datum.bounds"}],
            "encoding": {**place, "x": {**x, "field": "value"}, "color": colour, "shape": shape},
        },
    ]
    if any(row.marked for row in rows):
        layers.append(
            {
                "mark": {"type": "point", "size": 260, "stroke": PALETTE["bad"], "strokeWidth": 2, "filled": False},
                "transform": [{"filter": "datum.marked && !datum.bounds"}],
                "encoding": {**place, "x": {**x, "field": "value"}},
            }
        )
    return sheet(layers, values, width, {"step": ROW if not beside else 17})


def _short(names: Sequence[str], most: int) -> dict[str, str]:
    """Returns names without control characters and short enough, each its own; long ones lose their middle.

    >>> _short(["winner@gpt-4/Vanilla", "b"], 12)
    {'winner@gpt-4/Vanilla': 'winn…Vanilla', 'b': 'b'}
    """
    found: dict[str, str] = {}
    for name in names:
        clean = plain(name)
        cut = clean if len(clean) <= most else f"{clean[: most // 3]}…{clean[len(clean) - (most - most // 3 - 1) :]}"
        number = 2
        while cut in found.values():
            cut, number = f"{cut.removesuffix(f' ({number - 1})')} ({number})", number + 1
        found[name] = cut
    return found
