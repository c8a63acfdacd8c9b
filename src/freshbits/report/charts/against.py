"""Pictures of what truth shows: openness beside its controls, the channel by stratum, the pressure curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts.courses import Point, Turn, courses
from freshbits.report.charts.intervals import Row, intervals
from freshbits.report.charts.picture import Picture, listed
from freshbits.report.truth import is_projected, pressure_words, worst_words
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from freshbits.results import Audit, Channel, Openness

CONTROLS = (("moved", "verdicts moved to other prompts"), ("random", "random verdicts"), ("hidden_vote", "hidden vote"))
MOST_ROWS = 24
MOST_STRATA = 12


def openness(section: Openness, signal: str) -> Picture | None:
    """Draws what a signal says beyond the model's own state, beside its controls."""
    rows = [Row(signal, "measured", section.bits)] if section.bits is not None else []
    for key, name in CONTROLS:
        found = estimate_of((section.controls or {}).get(key))
        if found is not None:
            rows.append(Row(name, "control", found))
    if not rows:
        return None
    said = listed([f"{row.name} {number(row.found, 3)}" for row in rows]) + " bit per rollout"
    unit = "bits beyond the model's own state"
    title = "Openness beside its controls"
    return Picture(title, said, lambda width: intervals(rows, unit, width))


def channel(audit: Audit) -> Picture | None:
    """Draws TPR and FPR of every signal; for scores the AUROC."""
    rows = []
    for signal, section in list(audit.channel.items())[: MOST_ROWS // 2]:
        pairs = (("TPR", section.tpr), ("FPR", section.fpr), ("AUROC", section.auroc))
        rows += [Row(signal, kind, found) for kind, found in pairs if found is not None]
    if not rows:
        return None
    said = listed([f"{row.name}: {row.kind} {share(row.found)}" for row in rows])
    rates = any(row.kind != "AUROC" for row in rows)
    title = (
        "Accepted among the right (TPR) and among the wrong (FPR)"
        if rates
        else "A right answer ranks above a wrong one"
    )
    return Picture(title, said, lambda width: intervals(rows, "share", width, share=True))


def strata(section: Channel, signal: str) -> Picture | None:
    """Draws TPR and FPR by region or round and of the worst stratum, which is marked, with the whole log on top."""
    whole = [("all rows", {"tpr": section.tpr, "fpr": section.fpr}, False)]
    parts: list[tuple[str, dict[str, Any], bool]] = []
    worst = section.worst or {}
    for row in section.by_region[:MOST_STRATA]:
        here = worst.get("feature") == "region" and worst.get("value") == row.get("region")
        parts.append((str(row.get("region")), row, here))
    if not parts:
        parts += [(_rounds(row), row, False) for row in section.by_round[:MOST_STRATA]]
    if worst and not any(marked for _, _, marked in parts):
        parts.insert(0, (f"{str(worst.get('feature')).replace('_', ' ')} is {worst.get('value')}", worst, True))
    if not parts:
        return None
    rows = []
    for name, held, marked in whole + parts:
        for kind in ("TPR", "FPR"):
            found = estimate_of(held.get(kind.lower()))
            ring = marked and worst.get("loss", "fpr") == kind.lower()
            if found is not None:
                rows.append(Row(f"worst: {name}" if marked else name, kind, found, ring))
    title = f"Where {signal} is right and wrong"
    return Picture(title, worst_words(section), lambda width: intervals(rows, "share", width, share=True))


def pressure(section: Channel, signal: str) -> Picture | None:
    """Draws what choosing the best of n by the signal does to truth, with the peak and its interval."""
    held = section.pressure or {}
    points, hidden = [], []
    for row in held.get("curve") or []:
        truth, own = estimate_of(row.get("truth")), estimate_of(row.get("signal"))
        if truth is None or truth.value is None:
            continue
        ahead = is_projected(row, truth)
        points.append(Point("right, of those chosen", row["n"], truth, ahead))
        if own is not None and own.value is not None and own.unit in ("share accepted", "score", "share"):
            hidden.append(Point("the signal itself", row["n"], own, ahead))
    if len(points) < 2:
        return None
    if any(point.found.value is None or not 0 <= point.found.value <= 1 for point in hidden):
        hidden = []  # a score of its own scale has no place on an axis of shares
    peak = held.get("peak")
    turn = None
    if isinstance(peak, dict) and isinstance(peak.get("n"), (int, float)) and peak["n"] < points[-1].at:
        turn = Turn(peak["n"], peak.get("low"), peak.get("high"), f"highest at n = {peak['n']:g}")
    title = f"Best of n by {signal}: measured, and projected where marks are hollow"
    return Picture(
        title,
        pressure_words(section, bare=True),
        lambda width: courses(
            [*points, *hidden], "n (best of n)", "share", width, share=True, powers=True, turn=turn, zero=False
        ),
    )


def _rounds(row: dict[str, Any]) -> str:
    return f"round {row.get('from')}" + (f" to {row.get('to')}" if row.get("to") != row.get("from") else "")
