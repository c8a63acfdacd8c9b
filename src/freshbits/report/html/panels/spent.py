"""How well spent? Task bits of all bits, the ladder, surface form by name; what the answers cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts import spent as charts
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.words import estimate_of, number

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Audit, Estimate

MOST_DETAILED = 3
MOST_SIGNALS = 8
QUESTION = "How well is it spent?"
COVERED = "What is covered?"


def spent(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of efficiency."""
    judged = {signal: section for signal, section in audit.efficiency.items() if section.status == "judged"}
    whole = charts.efficiency(audit)
    parts: list[Html | None] = [figure(whole) if whole else None]
    rows = [
        (
            signal,
            numbers.show(held.task_bits),
            numbers.show(held.total_bits),
            numbers.show(held.eta),
            numbers.show(_eta(held.coarser)),
            numbers.show(_eta(held.finer)),
            held.partition or "–",
        )
        for signal, held in judged.items()
    ]
    heads = ("signal", "task bits", "of total", "η", "coarser η", "finer η", "answers told apart by")
    parts.append(table("Task bits and their share, by signal", heads, rows))
    ladders = [(signal, charts.ladder(held, signal)) for signal, held in list(judged.items())[:1]]
    parts += [figure(picture) for _, picture in ladders if picture is not None]
    for signal, held in list(judged.items())[:MOST_DETAILED]:
        named = [(str(row.get("feature")), estimate_of(row.get("bits"))) for row in held.surface]
        surface = [(name, numbers.show(found, 3)) for name, found in named if found is not None]
        if surface:
            parts.append(tag("h3", f"Surface form that {signal} pays for, given the answer"))
            parts.append(table(f"Surface bits of {signal}", ("feature", "bits per rollout"), surface))
        parts.append(notes([f"{signal}: {held.reason}"] if held.reason else []))
    parts.append(unjudged(audit.efficiency))
    parts.append(numbers.table(QUESTION, dict(list(audit.efficiency.items())[:MOST_SIGNALS])))
    if judged:
        signal, held = next(iter(judged.items()))
        answer = f"{_said(held.task_bits)} of {_said(held.total_bits)} bit per rollout of {signal} are on the task."
        return Panel("efficiency", QUESTION, answer, "judged", join(*parts))
    first = next(iter(audit.efficiency.values()), None)
    answer = f"Not judged: {first.reason}." if first is not None else "No signal."
    return Panel("efficiency", QUESTION, answer, first.status if first is not None else "not_judged", join(*parts))


def covered(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of coverage."""
    held = audit.coverage
    if held.status != "judged":
        body = join(unjudged({"coverage": held}, named=False))
        return Panel("coverage", COVERED, f"Not judged: {held.reason}.", held.status, body)
    picture = charts.pass_at(audit)
    rows: list[tuple[Any, ...]] = [
        ("effective answer classes per group", numbers.show(held.effective, 1)),
        ("share of rollouts with a class that others show too", numbers.show(held.good_turing)),
        ("answer classes, seen and unseen, at least", numbers.show(held.chao1, 1)),
        ("answer classes seen", "–" if held.classes is None else f"{held.classes:,}"),
        ("rollouts that repeat an answer", "–" if held.redundancy is None else f"{100 * held.redundancy:.0f} %"),
        ("unreadable", "–" if held.unreadable is None else f"{100 * held.unreadable:.0f} %"),
    ]
    signals = [
        (signal, numbers.show(found.distinct_accepted, 1), numbers.show(found.next_new))
        for signal, found in held.by_signal.items()
    ]
    parts = [
        figure(picture) if picture else None,
        table("Answers", ("of all answers", "value"), rows),
        table("Accepted answers", ("signal", "distinct accepted per prompt", "next rollout shows a new one"), signals),
        notes([held.reason] if held.reason else []),
        numbers.table(COVERED, {"": held}),
    ]
    answer = f"{number(held.effective, 1)} effective answer classes per group."
    return Panel("coverage", COVERED, answer, "judged", join(*parts))


def _said(found: Estimate | None) -> str:
    """Writes a number inside a sentence: with its interval, or as bounds."""
    if found is None or found.value is not None:
        return number(found)
    return number(found).replace("in [", "").replace(", ", " to ").rstrip("]")


def _eta(beside: Any) -> Estimate | None:
    return estimate_of(beside["eta"] if isinstance(beside, dict) and "eta" in beside else beside)
