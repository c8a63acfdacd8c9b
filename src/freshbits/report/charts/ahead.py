"""Pictures of what will happen and of what is followed: the fan over the rounds that exist, the race of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts.courses import Point, courses
from freshbits.report.charts.intervals import Row, intervals
from freshbits.report.charts.picture import Picture, listed
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from freshbits.compared import Comparison
    from freshbits.results import Estimate, Forecast, Hacking

FOLLOWED = ("accuracy", "diversity")
MOST_RACED = 14
MOST_ROWS = 24


def fan(section: Forecast, signal: str) -> Picture | None:
    """Draws the forecast's fan with the rounds that exist over it."""
    if len(section.trajectory) < 2:
        return None
    points = [*trajectory(section.logged, "logged", projected=False), *trajectory(section.trajectory)]
    return Picture(
        f"{signal}: the rounds that exist, and what is expected",
        _words(points),
        lambda width: courses(points, "round", "share", width, share=True, zero=False),
    )


def trajectory(rows: list[dict[str, Any]], said: str = "expected", *, projected: bool = True) -> list[Point]:
    """Returns accuracy and variety of rounds as points."""
    points = []
    for name in FOLLOWED:
        for row in rows:
            found = estimate_of(row.get(name))
            if found is not None and found.value is not None:
                points.append(Point(f"{name}, {said}", row["round"], found, projected))
    return points


def projected(rows: list[dict[str, Any]]) -> Picture | None:
    """Draws the fan of a loop that is declared in numbers."""
    points = trajectory(rows)
    if len(points) < 2:
        return None
    return Picture("What is expected", _words(points), lambda w: courses(points, "round", "share", w, share=True))


def race(section: Hacking, signal: str, unit: str) -> Picture | None:
    """Draws what the signal goes with inside a prompt, most bits first; beyond the truth where that is known."""
    rows = []
    for candidate in section.features[:MOST_RACED]:
        fixed = candidate.source_fixed.signal_bits if candidate.source_fixed is not None else None
        named: list[tuple[str, Estimate | None]] = [
            ("shared with the signal", candidate.signal_bits),
            ("beyond the truth", candidate.spurious_bits),
            ("source held fixed", fixed),
        ]
        rows += [Row(candidate.name, kind, found) for kind, found in named if found is not None]
    if not rows:
        return None
    first = [row for row in rows if row.kind == rows[0].kind][:3]
    said = "most shared: " + ", ".join(f"{row.name} {number(row.found, 3)}" for row in first) + f" bits per {unit}"
    return Picture(f"What {signal} goes with", said, lambda width: intervals(rows, f"bits per {unit}", width))


def gained(section: Hacking, signal: str) -> Picture | None:
    """Draws where the gain of the score went, from the first rounds to the last."""
    if not section.gain:
        return None
    step = section.gain[-1]
    parts = [("all of it", estimate_of(step.get("total")))]
    parts += [(name, estimate_of(part)) for name, part in (step.get("by") or {}).items()]
    rows = [Row(name, "gain", found) for name, found in parts if found is not None]
    title = f"Where the gain of {signal} went, round {step.get('from')} to {step.get('to')}"
    said = listed([f"{row.name} {number(row.found)}" for row in rows])
    return Picture(title, said, lambda width: intervals(rows, "of the mean score", width)) if rows else None


def compared(comparison: Comparison) -> Picture | None:
    """Draws signals side by side, best first, by the bits that they are ranked by."""
    several = len({row.log for row in comparison.compare}) > 1
    rows, title = [], "bits about the task" if comparison.basis == "task_bits" else "bits shared with the answer"
    for row in comparison.compare[:MOST_ROWS]:
        bits = row.task_bits if comparison.basis == "task_bits" else row.class_bits
        name = f"{row.signal} · {row.log}" if several else row.signal
        if bits is not None:
            rows.append(Row(name, title, bits))
    said = listed([f"{row.name} {number(row.found, 3)}" for row in rows[:3]]) + " bits per rollout"
    unit = f"{title}, per rollout"
    return Picture("Signals, best first", said, lambda width: intervals(rows, unit, width)) if rows else None


def _words(points: list[Point]) -> str:
    parts = []
    for name in dict.fromkeys(point.name for point in points):
        here = [point for point in points if point.name == name]
        parts.append(
            f"{name} {share(here[0].found)} at round {here[0].at:g}, {share(here[-1].found)} at round {here[-1].at:g}"
        )
    return listed(parts)
