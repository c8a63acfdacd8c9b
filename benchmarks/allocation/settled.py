"""Writes what further seeds settled: of missed medians, and of the rule, whether what was asked could be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.allocation.measured import interval

FLOOR = "exact, told mean moves"
ABOVE, AT, BELOW = "above", "at", "below"
BELIEFS = (
    ("`Allocator`'s", "ours", "plug-in"),
    ("exact, told mean moves", FLOOR, "exact m(1-m), told mean moves"),
    ("exact, told moves", "exact, told moves", "exact m(1-m), told moves"),
)
HEAD = [
    "## Further seeds: could it be reached?",
    "",
    "Ten seeds did not tell the floor from what was asked. Further seeds (200 and up; number fixed before): every "
    "strategy on all, at the rates tuned before; the ten are not among them. In brackets 95 %: of medians by "
    "order statistics, which is what places floor and ours here, since a median was asked for; of means as above. "
    "`other rates`: the same where uniform and they have the best, on these seeds, of the tuned rate and half "
    "a step of the grid to either side (b, whose grid is the coarser one). "
    "The floor scores by E[p(1-p)], also where advantages are divided by σ: it bounds beliefs, not rules. So the rule "
    "after InSight was run, too, added when the others were known; on the exact posterior (`exact InSight-like`).",
    "",
]
TABLE = ["| cell | seeds | asked | ours: median | floor: median | it comes to | other rates |", "| --- " * 7 + "|"]
RULE = [
    "",
    "The rule E[p(1-p)] against m(1-m) of the same belief, where half of the prompts have a history of 16 (≤ {bar} was "
    "asked) and where all have a feature; exact: the posteriors of the floors, each with its own tuned rate:",
    "",
    "| cell | belief | seeds | calls by E[p(1-p)] to calls by m(1-m) |",
    "| --- " * 4 + "|",
]
EVERY = ["", "| cell | strategy | calls: median | mean [95 %] | rate | reached |", "| --- " * 6 + "|"]


def section(further: list[dict[str, Any]], plug: float) -> list[str]:
    """Writes the section; nothing where no further seeds were run."""
    if not further:
        return []
    lines = [*HEAD, *TABLE]
    for cell in further:
        if cell["asked"] is not None:
            ours, floor = (told_median(cell, name) for name in ("ours", FLOOR))
            near = {"strategies": cell.get("between", {})}
            rates = "; ".join(told_median(near, name) for name in ("ours", FLOOR) if near["strategies"])
            lines.append(f"| {cell['cell']} | {cell['seeds']} | ≤ {cell['asked']} | {ours} | {floor} | ")
            lines[-1] += f"{verdict(cell)} | {rates} |"
    lines += [line.format(bar=plug) for line in RULE]
    for cell in further:
        for belief, one, other in BELIEFS:
            if one in cell["strategies"] and other in cell["strategies"]:
                mean, low, high = versus(cell, one, other)
                ratio = f"{mean:.3f} [{low:.3f}, {high:.3f}]"
                lines.append(f"| {cell['cell']} | {belief} | {cell['seeds']} | {ratio} |")
    lines += EVERY
    for cell in further:
        for name, row in cell["strategies"].items():
            means = f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            edge = "" if row["inside"] else " (edge)"
            lines.append(
                f"| {cell['cell']} | {name} | {told_median(cell, name)} | {means} | {row['rate']:.3g}{edge} | "
                f"{row['reached']} of {cell['seeds']} |"
            )
    return [*lines, ""]


def verdict(cell: dict[str, Any]) -> str:
    """Says whether the bar lies within reach of the floor, and what ours needs beside it."""
    met = {ABOVE: "missed", BELOW: "met", AT: "not told apart from the bar"}
    ratio, low, high = versus(cell, "ours", FLOOR)
    ours = met[place(cell["strategies"]["ours"]["ratios"], cell["asked"])]
    return f"{reach(cell)}; ours {ours}, {ratio:.2f} [{low:.2f}, {high:.2f}] times the floor"


def reach(cell: dict[str, Any]) -> str:
    """Says whether any rule that was run reaches what was asked: on our belief, or on the exact posterior."""
    placed = {name: place(row["ratios"], cell["asked"]) for name, row in cell["strategies"].items()}
    below = [name for name, where in placed.items() if where == BELOW]
    if below:
        best = min(below, key=lambda name: float(cell["strategies"][name]["median"]))
        return f"reachable, by {best}: {cell['strategies'][best]['median']:.2f}"
    return "on the edge of what is reachable" if AT in placed.values() else "not reached by any rule run"


def read(further: list[dict[str, Any]], plug: float) -> list[str]:
    """Says what further seeds settled of the missed medians, and of the rule."""
    asked = [cell for cell in further if cell["asked"] is not None]
    some = [f"{cell['cell']} ({reach(cell)})" for cell in asked]
    lines = [f"- Of the missed medians that ten seeds left open, on further seeds: {'; '.join(some)}."] if some else []
    _, one, other = BELIEFS[1]
    for cell in further:
        if other in cell["strategies"]:
            ratio, low, high = versus(cell, one, other)
            where = "not reached" if low > plug else "reached" if high <= plug else "on the edge"
            lines.append(
                f"- {plug} of the calls of m(1-m), by the rule alone ({cell['cell']}): {where} on the exact "
                f"posterior ({ratio:.3f} [{low:.3f}, {high:.3f}])."
            )
    return lines


def place(ratios: list[float], bar: float) -> str:
    """Says on which side of a bar a median lies, by its 95 % interval: above, below, or at it."""
    low, high = middle(ratios)
    return ABOVE if low > bar else BELOW if high <= bar else AT


def middle(values: list[float]) -> tuple[float, float]:
    """Computes a 95 % interval of a median from order statistics; it supposes nothing of the distribution."""
    from scipy.stats import binom

    each = np.sort(values)
    rank = int(binom.ppf(0.025, len(each), 0.5))
    return (float(each[rank - 1]), float(each[len(each) - rank])) if rank else (-np.inf, np.inf)


def told_median(cell: dict[str, Any], name: str) -> str:
    """Returns a median with its interval, as text."""
    row = cell["strategies"][name]
    low, high = middle(row["ratios"])
    return f"{row['median']:.3f} [{low:.3f}, {high:.3f}]"


def versus(cell: dict[str, Any], one: str, other: str) -> tuple[float, float, float]:
    """Returns the geometric mean ratio of calls of one strategy to another, with its 95 % interval over seeds."""
    logs = np.log(np.array(cell["strategies"][one]["ratios"]) / np.array(cell["strategies"][other]["ratios"]))
    return (float(np.exp(logs.mean())), *interval(logs))
