"""Which signal is best? Signals side by side, and what the order does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts import ahead as charts
from freshbits.report.comparison import TITLES
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.words import number
from freshbits.results import Section

if TYPE_CHECKING:
    from freshbits.compared import Compared, Comparison
    from freshbits.report.html.numbers import Numbers

QUESTION = "Which signal is best?"


def side(comparison: Comparison, numbers: Numbers) -> Panel:
    """Writes the panel of a comparison."""
    picture = charts.compared(comparison)
    uncertain = [f"{named(row, comparison)} and the next overlap" for row in comparison.compare if row.clear is False]
    body = join(
        figure(picture) if picture else None,
        notes(comparison.warnings, "warning"),
        _table(comparison, numbers),
        notes([*(f"{line}: their order is not certain" for line in uncertain), *comparison.notes]),
        unjudged(
            {
                named(row, comparison): Section(status=row.status, code=row.code, reason=row.reason, needs=row.needs)
                for row in comparison.compare
                if row.rank is None
            }
        ),
        numbers.table(QUESTION, {named(row, comparison): row for row in comparison.compare}),
    )
    ranked = any(row.rank is not None for row in comparison.compare)
    return Panel("compare", QUESTION, order(comparison), "judged" if ranked else "not_judged", body)


def order(comparison: Comparison) -> str:
    """Says in a sentence which signal leads, and whether surely."""
    ranked = [row for row in comparison.compare if row.rank is not None]
    if not ranked:
        reason = next((row.reason for row in comparison.compare if row.reason), "no signal has a rank")
        return f"No order: {reason}."
    first = ranked[0]
    said = f"{named(first, comparison)} carries most: {number(_bits(first, comparison), 3)} {TITLES[comparison.basis]}"
    if len(ranked) == 1:
        return f"{said} per rollout; there is no other to rank."
    second = f"{named(ranked[1], comparison)} {number(_bits(ranked[1], comparison), 3)}"
    return f"{said} per rollout, {'ahead of' if first.clear else 'not surely ahead of'} {second}."


def named(row: Compared, comparison: Comparison) -> str:
    """Names a signal, with its log where there are several."""
    several = len({each.log for each in comparison.compare}) > 1
    return f"{row.signal} of {row.log}" if several else row.signal


def _bits(row: Compared, comparison: Comparison) -> Any:
    return row.task_bits if comparison.basis == "task_bits" else row.class_bits


def _table(comparison: Comparison, numbers: Numbers) -> Html | None:
    heads = (
        "signal", "rank", TITLES[comparison.basis], "contrast bits", "mean", "base rate", "wrong way round", "origin",
        "cost", "bits per cost", "rank per cost",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    keys: list[tuple[Any, ...]] = []
    for row in comparison.compare:
        bits = _bits(row, comparison)
        plain = (row.cost, row.per_cost, row.rank_per_cost)
        shown = (bits, row.contrast_bits, row.mean, row.base_rate, row.negative_j)
        rows.append(
            (
                named(row, comparison),
                "–" if row.rank is None else str(row.rank),
                numbers.show(bits, 3),
                *(numbers.show(found) for found in shown[1:]),
                row.origin,
                *("–" if value is None else f"{value:.3g}" for value in plain),
            )
        )
        values = [None if found is None else found.value for found in shown]
        keys.append((None, row.rank, *values, None, *plain))
    return table("Signals side by side", heads, rows, sort=True, keys=keys)
