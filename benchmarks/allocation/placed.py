"""Places medians beside what was asked: with intervals, and whether anything that was run reaches it."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.allocation.measured import interval

FLOOR = "exact, told mean moves"
ORACLES = ("oracle", "exact, told moves", "stale oracle", "ours, verifier known")  # told of every prompt, or of errors
ABOVE, AT, BELOW = "above", "at", "below"


def middle(values: list[float]) -> tuple[float, float]:
    """Computes a 95 % interval of a median from order statistics; it supposes nothing of the distribution.

    >>> middle([float(n) for n in range(1, 101)])
    (40.0, 61.0)
    """
    from scipy.stats import binom

    each = np.sort(values)
    rank = int(binom.ppf(0.025, len(each), 0.5))
    return (float(each[rank - 1]), float(each[len(each) - rank])) if rank else (-np.inf, np.inf)


def place(ratios: list[float], bar: float) -> str:
    """Says on which side of a bar a median lies, by its 95 % interval: above, below, or at it.

    >>> place([0.5] * 20, 0.65), place([0.5] * 10 + [0.8] * 10, 0.65), place([0.8] * 20, 0.65)
    ('below', 'at', 'above')
    """
    low, high = middle(ratios)
    return ABOVE if low > bar else BELOW if high <= bar else AT


def told(row: dict[str, Any]) -> str:
    """Returns a median with its interval, as text."""
    low, high = middle(row["ratios"])
    return f"{row['median']:.2f} [{low:.2f}, {high:.2f}]"


def versus(cell: dict[str, Any], one: str, other: str) -> tuple[float, float, float]:
    """Returns the geometric mean ratio of calls of one strategy to another, with its 95 % interval over seeds."""
    logs = np.log(np.array(cell["strategies"][one]["ratios"]) / np.array(cell["strategies"][other]["ratios"]))
    return (float(np.exp(logs.mean())), *interval(logs))


def met(row: dict[str, Any], bar: float) -> str:
    """Says whether a median meets what was asked, and whether seeds tell it apart from that."""
    yes = "yes" if row["median"] <= bar else "no"
    return yes + (", within noise" if place(row["ratios"], bar) == AT else "")


def reach(cell: dict[str, Any], bar: float) -> str:
    """Says whether anything reaches what was asked that is told no prompt's rate: on our belief, or the exact one.

    Where nothing of the kind was run, the oracle says whether it can be reached at all.
    """
    tried = {name: row for name, row in cell["strategies"].items() if name not in (*ORACLES, "uniform", "DAPO-like")}
    if FLOOR not in tried:
        oracle = cell["strategies"].get("oracle")
        return "the oracle needs more, too" if oracle and place(oracle["ratios"], bar) == ABOVE else ""
    best = min(tried, key=lambda name: float(tried[name]["median"]))
    where = place(tried[best]["ratios"], bar)
    what = {BELOW: "reached by", AT: "on the edge of what was reached, by", ABOVE: "reached by nothing run; best:"}
    return f"{what[where]} {best}, {told(tried[best])}"
