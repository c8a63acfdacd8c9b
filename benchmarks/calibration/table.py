"""Results as Markdown: pooled over worlds first, then every world by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

_HIDDEN = ("values", "intervals", "sd", "covered")
_RESULTS = (*_HIDDEN, "logs", "truth", "bias", "bias_se", "coverage", "below", "width")


def markdown(question: str, rows: list[dict[str, Any]]) -> str:
    """Writes the rows of a study as two tables."""
    if not rows:
        return ""
    keys = [key for key in rows[0] if key not in _RESULTS]
    pooled = pool(rows, [key for key in keys if key != "world"])
    several = len(pooled) < len(rows)
    text = [f"# {question}", "", f"All: {_overall(rows)}.", ""]
    text += ["## Pooled over worlds", "", *_table(pooled)] if several else []
    text += ["", "## Every world", "", *_table(rows)] if several else _table(rows)
    return "\n".join(text) + "\n"


def pool(rows: list[dict[str, Any]], keys: list[str]) -> list[dict[str, Any]]:
    """Joins the rows that agree on the keys: largest bias, and coverage over all their logs."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [{**dict(zip(keys, place, strict=True)), **_joined(part)} for place, part in found.items()]


def _joined(part: list[dict[str, Any]]) -> dict[str, Any]:
    biases = [row for row in part if row["bias"] is not None]
    worst = max(biases, key=lambda row: abs(row["bias"]), default=None)
    intervals = sum(row["intervals"] for row in part)
    widths = [row["width"] for row in part if row["width"] is not None]
    return {
        "logs": sum(row["logs"] for row in part),
        "largest bias": worst["bias"] if worst else None,
        "its s.e.": worst["bias_se"] if worst else None,
        "mean bias": float(np.mean([row["bias"] for row in biases])) if biases else None,
        "coverage": sum(row["covered"] for row in part) / intervals if intervals else None,
        "below": sum((row["below"] or 0.0) * row["intervals"] for row in part) / intervals if intervals else None,
        "worst world": min((row["coverage"] for row in part if row["coverage"] is not None), default=None),
        "width": float(np.mean(widths)) if widths else None,
    }


def _overall(rows: list[dict[str, Any]]) -> str:
    intervals = sum(row["intervals"] for row in rows)
    covered = sum(row["covered"] for row in rows)
    share = f", {covered / intervals:.1%} of {intervals:,} intervals cover the truth" if intervals else ""
    return f"{sum(row['logs'] for row in rows):,} readings{share}"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = [key for key in rows[0] if key not in _HIDDEN]
    head = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return head + ["| " + " | ".join(_shown(key, row[key]) for key in columns) + " |" for row in rows]


def _shown(key: str, value: object) -> str:
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")  # a bar would end the cell
    if key in ("coverage", "below", "worst world"):
        return f"{value:.1%}"
    return f"{value:+.4f}" if "bias" in key and key != "bias_se" else f"{value:.4f}"
