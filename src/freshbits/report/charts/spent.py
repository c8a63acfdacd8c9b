"""Pictures of how the bits are spent and what is covered: task bits of all, the ladder, tries until one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.charts.courses import Point, courses
from freshbits.report.charts.intervals import Row, intervals
from freshbits.report.charts.picture import Picture, listed
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from freshbits.results import Audit, Efficiency

MOST = 4
MOST_ROWS = 24
BITS = "bits per rollout"


def efficiency(audit: Audit) -> Picture | None:
    """Draws task bits beside all contrast bits, signal by signal."""
    rows = []
    for signal, section in list(audit.efficiency.items())[: MOST_ROWS // 2]:
        if section.status != "judged":
            continue
        pairs = (("all contrast", section.total_bits), ("on the task", section.task_bits))
        rows += [Row(signal, kind, found) for kind, found in pairs if found is not None]
    said = listed([f"{row.name}, {row.kind}: {number(row.found)} bit" for row in rows])
    return Picture("Bits on the task, of all", said, lambda width: intervals(rows, BITS, width)) if rows else None


def ladder(section: Efficiency, signal: str) -> Picture | None:
    """Draws what one rollout could tell, rung by rung; a rung that was not judged is not drawn."""
    rows, missing = [], []
    for rung in section.ladder:
        name, found = str(rung.get("rung") or rung.get("name")).replace("_", " "), estimate_of(rung.get("bits"))
        if found is None or rung.get("status") == "not_judged":
            missing.append(name)
        else:
            rows.append(Row(name, "bits", found))
    if not rows:
        return None
    said = listed([f"{row.name} {number(row.found)}" for row in rows]) + " bit per rollout"
    said += f"; not judged: {', '.join(missing)}" if missing else ""
    return Picture(f"The ladder: what one rollout could tell beside {signal}", said, lambda w: intervals(rows, BITS, w))


def pass_at(audit: Audit) -> Picture | None:
    """Draws the chance that one of k tries passes; hollow beyond the k that were logged."""
    points: list[Point] = []
    for signal, found in list(audit.coverage.by_signal.items())[:MOST]:
        for tries, passed in found.pass_at.items():
            if tries.isdigit() and passed.value is not None:
                points.append(Point(signal, int(tries), passed, "beyond" in passed.method))
    said = []
    for name in dict.fromkeys(point.name for point in points):
        here = [point for point in points if point.name == name]
        said.append(f"{name}: {share(here[0].found)} at {here[0].at:g}, {share(here[-1].found)} at {here[-1].at:g}")
    if len(points) < 2:
        return None
    title = "One of k tries passes (hollow: beyond the k logged)"
    return Picture(
        title,
        "; ".join(said),
        lambda width: courses(points, "k (tries)", "pass@k", width, share=True, powers=True, zero=False),
    )
