"""Pictures of what a signal carries: contrast and pass rates over rounds, dead groups, what a component adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.charts.courses import Point, courses
from freshbits.report.charts.intervals import Row, intervals
from freshbits.report.charts.picture import Picture, listed
from freshbits.report.words import number, share

if TYPE_CHECKING:
    from freshbits.results import Audit, Budget, Estimate

MOST = 4  # courses in one picture: as many as there are colours and dashes
MOST_ROWS = 24
BITS = "bits per rollout"


def contrast(audit: Audit) -> Picture | None:
    """Draws contrast bits: over rounds where there are several, else one interval per signal."""
    points = _by_round(audit, "contrast_bits")
    if points:
        said = _moves(points, lambda found: f"{number(found)} bit")
        return Picture(
            "Contrast bits per rollout, over rounds", said, lambda width: courses(points, "round", BITS, width)
        )
    rows = []
    for signal, budget in list(audit.budget.items())[:MOST_ROWS]:
        if budget.contrast_bits is not None:
            rows.append(Row(signal, "contrast", budget.contrast_bits))
        given = audit.components[signal].given_others
        if given is not None:
            rows.append(Row(signal, "given the others", given))
        if budget.surprise_bits is not None and len(audit.budget) <= MOST:
            rows.append(Row(signal, "surprise (another currency)", budget.surprise_bits))
    said = listed([f"{row.name}, {row.kind}: {number(row.found)} bit" for row in rows])
    return Picture("Bits per rollout", said, lambda width: intervals(rows, BITS, width)) if rows else None


def base_rates(audit: Audit) -> Picture | None:
    """Draws the mean verdict or score: over rounds where there are several, else one interval per signal."""
    points = _by_round(audit, "mean")
    every = [budget.mean for budget in audit.budget.values() if budget.mean is not None]
    shares = bool(every) and all(found.unit == "share accepted" for found in every)
    unit = "share accepted" if shares else "mean"
    written = share if shares else number
    if points:
        said = _moves(points, written)
        return Picture(
            "Base rates, over rounds" if shares else "Mean score, over rounds",
            said,
            lambda width: courses(points, "round", unit, width, share=shares),
        )
    rows = [Row(s, "mean", b.mean) for s, b in list(audit.budget.items())[:MOST_ROWS] if b.mean is not None]
    said = listed([f"{row.name}: {written(row.found)}" for row in rows])
    title = "Base rates" if shares else "Mean scores"
    return Picture(title, said, lambda width: intervals(rows, unit, width, share=shares)) if rows else None


def dead_groups(audit: Audit) -> Picture | None:
    """Draws the share of groups without contrast, split into all wrong and all right."""
    rows = []
    for signal, budget in list(audit.budget.items())[: MOST_ROWS // 3]:
        for kind, found in _dead(budget):
            rows.append(Row(signal, kind, found))
    said = listed([f"{row.name}, {row.kind}: {share(row.found)}" for row in rows])
    title = "Groups that carry no contrast"
    return Picture(title, said, lambda width: intervals(rows, "share of groups", width, share=True)) if rows else None


def _dead(budget: Budget) -> list[tuple[str, Estimate]]:
    kinds = (("no contrast", budget.dead_groups), ("all wrong", budget.all_wrong), ("all right", budget.all_right))
    return [(kind, found) for kind, found in kinds if found is not None]


def _by_round(audit: Audit, name: str) -> list[Point]:
    """Returns the points of one number of the budget over rounds, for the first signals that have two or more."""
    points: list[Point] = []
    drawn = 0
    for signal, budget in audit.budget.items():
        known = [(block.from_, getattr(block, name)) for block in budget.by_round]
        here = [Point(signal, at, found) for at, found in known if found is not None and found.value is not None]
        if len(here) >= 2 and drawn < MOST:
            points += here
            drawn += 1
    return points


def _moves(points: list[Point], written: object) -> str:
    """Says where each course begins and ends."""
    assert callable(written)
    parts = []
    for name in dict.fromkeys(point.name for point in points):
        here = [point for point in points if point.name == name]
        first, last = here[0], here[-1]
        parts.append(
            f"{name} goes from {written(first.found)} in round {first.at:g} to {written(last.found)} "
            f"in round {last.at:g}"
        )
    return listed(parts)
