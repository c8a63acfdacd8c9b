"""Draws the figures of the concept pages, docs/figures/*.svg, from the library's own laws; the same bytes every time.

    python docs/figures.py

Colour never tells alone: lines have dashes of their own and stand in the legend in the order of their ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import vl_convert

from freshbits.dynamics import verifier
from freshbits.dynamics.drift import replace
from freshbits.dynamics.fresh import fresh
from freshbits.loop.exact.ledger import exact_ledger
from freshbits.loop.exact.signals import Majority, Verifier
from freshbits.loop.exact.world import one_of
from freshbits.report.charts.picture import AXIS, DASHES, FONT, PALETTE, SCHEMA, SERIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TARGET = Path(__file__).with_name("figures")
WIDTH, HEIGHT = 300, 210
CONFIG = {
    "font": FONT,
    "background": PALETTE["card"],
    "view": {"stroke": None},
    "axis": AXIS,
    "title": {"color": PALETTE["ink"], "fontSize": 13, "anchor": "start"},
    "legend": {"orient": "bottom", "columns": 2, "title": None, "labelColor": PALETTE["ink"], "labelFontSize": 12,
               "symbolStrokeWidth": 2, "symbolType": "stroke", "symbolSize": 400, "labelLimit": 250},
}  # fmt: skip
Line = tuple[str, "Sequence[float]", "Sequence[float]"]


def panel(title: str, lines: Sequence[Line], across: str, up: str, *, log: bool = False, most: float = 1.0) -> Any:
    """Returns one panel of lines (name, x, y)."""
    names = [name for name, _, _ in lines]
    values = [
        {"x": float(x), "y": round(float(y), 5), "line": name}
        for name, xs, ys in lines
        for x, y in zip(xs, ys, strict=True)
    ]
    scale = {"type": "log", "base": 2} if log else {}
    axis = {"tickCount": 6, "tickMinStep": 1 if across == "round" else 0}
    return {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 2.2},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": across, "scale": scale, "axis": axis},
            "y": {"field": "y", "type": "quantitative", "title": up, "scale": {"domain": [0, most]}},
            "color": {"field": "line", "type": "nominal", "sort": names,
                      "scale": {"domain": names, "range": [PALETTE[name] for name in SERIES[: len(names)]]}},
            "strokeDash": {"field": "line", "type": "nominal", "sort": names,
                           "scale": {"domain": names, "range": list(DASHES[: len(names)])}},
        },
    }  # fmt: skip


def open_and_closed() -> Any:
    """Draws a closed and an open loop side by side: how often right, and bits held about the task."""
    panels = []
    for title, signal in (("Majority vote: closed", Majority()), ("Verifier .9/.3: open", Verifier(0.9, 0.3))):
        world = one_of(3, start=[0.5, 0.25, 0.25], signal=signal, samples=6, start_rows=6)
        rows = exact_ledger(world, 4).rounds
        rounds = [row.round for row in rows]
        lines = [
            ("share right", rounds, [row.accuracy for row in rows]),
            ("bits held, of log2 3", rounds, [row.held_bits for row in rows]),
        ]
        panels.append(panel(title, lines, "round", "share, bits", most=1.6))
    return {"hconcat": panels, "resolve": {"scale": {"color": "shared"}}}


def efficiency() -> Any:
    """Draws the bits about truth per verdict against the base rate."""
    rates = np.linspace(0, 1, 101)
    channels = ((1.0, 0.0), (0.9, 0.1), (0.6, 0.1), (0.7, 0.4))
    lines = [(f"TPR {tpr:g}, FPR {fpr:g}", rates, verifier.bits(rates, tpr, fpr)) for tpr, fpr in channels]
    return panel("What a verdict says about truth", lines, "base rate", "bits per verdict")


def variety() -> Any:
    """Draws accuracy and variety under a perfect verifier, sixteen right answers, with and without fresh rows."""
    rounds = np.arange(31)
    lines = [(f"{kept} rows kept", rounds, replace(1.0, kept, rounds)) for kept in (128, 32, 8)]
    sixteen = np.full(16, 1 / 16)
    left = fresh(sixteen, sixteen, 32, 1 / 16, 30) / (1 - 1 / 16)
    lines.insert(1, ("32 rows kept, 2 of them fresh", rounds, left))
    return panel("Variety inside the right class", lines, "round", "share of variety left")


def pressure() -> Any:
    """Draws the best of n where one rollout in fifty holds a trick."""
    trick, right = 0.02, 0.5
    n = 2.0 ** np.linspace(0, 5, 51)
    truth = (1 - trick) ** n - (1 - trick - right) ** n
    score = truth + 2 * (1 - (1 - trick) ** n)
    lines = [("score of what is kept", n, score), ("share right of what is kept", n, truth)]
    return panel("Best of n", lines, "n", "score, share", log=True, most=1.6)


FIGURES = (open_and_closed, efficiency, variety, pressure)


def drawing(draw: Callable[[], Any]) -> Any:
    """Returns the specification of a figure."""
    return {"$schema": SCHEMA, "config": CONFIG, "padding": 8, **draw()}


def main() -> None:
    """Writes the figures."""
    TARGET.mkdir(exist_ok=True)
    for draw in FIGURES:
        svg = vl_convert.vegalite_to_svg(drawing(draw))
        (TARGET / f"{draw.__name__}.svg").write_text(svg + "\n", encoding="utf-8")
        print(f"{draw.__name__}.svg: {len(svg):,} bytes")


if __name__ == "__main__":
    main()
