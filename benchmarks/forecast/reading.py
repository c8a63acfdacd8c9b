"""One law beside one simulated cell, and the summary over cells."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from freshbits.worlds.step import Loop
    from freshbits.worlds.step_state import Policies


@dataclass(frozen=True)
class Reading:
    """Holds what a law says about a cell, what the loops did, and whether the cell lies in the law's regime."""

    law: str
    cell: str
    inside: bool
    formula: float
    simulated: float
    se: float
    loops: int

    @property
    def error(self) -> float:
        """Returns the relative error; where both are 0 it is 0."""
        gap = abs(self.formula - self.simulated)
        return 0.0 if gap == 0 else gap / abs(self.simulated) if self.simulated else float("inf")


def watch(
    loop: Loop, start: Policies, seed: int, rounds: int, read: Callable[[Policies], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Runs the loops and returns mean and standard error over replicas of `read` (one number each), by round."""
    seen = np.stack([read(state) for state in loop.run(start, seed, rounds)])
    return seen.mean(axis=1), seen.std(axis=1, ddof=1) / np.sqrt(seen.shape[1])


def by_law(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Returns one row per law and side of its border: how far formulas and loops are apart."""
    groups: dict[tuple[str, bool], list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.law, reading.inside), []).append(reading)
    rows = []
    for (law, inside), part in sorted(groups.items(), key=lambda item: (item[0][0], not item[0][1])):
        errors = np.array([reading.error for reading in part])
        gaps = np.array([abs(reading.formula - reading.simulated) for reading in part])
        worst = part[int(np.argmax(errors))]
        rows.append(
            {
                "law": law,
                "regime": "inside" if inside else "outside",
                "cells": len(part),
                "loops per cell": min(reading.loops for reading in part),
                "median error": float(np.median(errors)),
                "90 % below": float(np.quantile(errors, 0.9)),
                "largest": float(errors.max()),
                "largest gap": float(gaps.max()),
                "sampling error": float(np.median([r.se / abs(r.simulated) if r.simulated else 0.0 for r in part])),
                "worst cell": worst.cell,
            }
        )
    return rows


def write(folder: Path, name: str, head: str, readings: list[Reading]) -> None:
    """Writes every reading as JSON and the summary by law as Markdown."""
    summary = by_law(readings)
    cells = [[_number(value) for value in asdict(reading).values()] for reading in readings]
    columns = [field.name for field in fields(Reading)]
    rows = ",\n  ".join(json.dumps(cell, ensure_ascii=False) for cell in cells)
    text = json.dumps({"study": name, "laws": _short(summary), "columns": columns}, indent=1, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"forecast_{name}.json").write_text(f'{text[:-2]},\n "cells": [\n  {rows}\n ]\n}}\n')
    (folder / f"forecast_{name}.md").write_text(head + "\n\n" + "\n".join(table(summary)) + "\n")


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Returns rows as lines of a Markdown table; shares in per cent."""
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(_shown(row[key]) for key in head) + " |" for row in rows]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{100 * value:.2f} %" if np.isfinite(value) else "–"
    return str(value)


def _short(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: _number(value) for key, value in row.items()} for row in rows]


def _number(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.5g}") if np.isfinite(value) else None
    return value
