"""A study: cells of worlds, a measurement of one drawn log, and the table that sums up all logs of a cell."""

from __future__ import annotations

import json
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.calibration.table import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from freshbits.results import Estimate

Cell = dict[str, str | int]
CHUNKS = 8  # pieces a cell is cut into, so that two processes end together


@dataclass(frozen=True)
class Reading:
    """Holds one estimate of one quantity on one log beside the exact truth; NaN where there is none."""

    quantity: str
    value: float
    low: float
    high: float
    truth: float

    @classmethod
    def of(cls, quantity: str, estimate: Estimate | None, truth: float) -> Reading:
        """Takes the numbers of an estimate."""
        if estimate is None:
            return cls(quantity, np.nan, np.nan, np.nan, truth)
        numbers = (estimate.value, estimate.low, estimate.high)
        value, low, high = (np.nan if number is None else number for number in numbers)
        return cls(quantity, value, low, high, truth)


@dataclass(frozen=True)
class Study:
    """Describes one calibration.

    Attributes:
        name: of the result files.
        question: what is measured, for the head of the table.
        cells: what the logs are drawn from; every cell names its world under `world`.
        measure: draws and measures one log: (cell, seed) -> readings.
        logs: logs per cell and world.
    """

    name: str
    question: str
    cells: tuple[Cell, ...]
    measure: Callable[[Cell, int], list[Reading]]
    logs: int


def run(study: Study, folder: Path, logs: int, processes: int, *, resume: bool) -> None:
    """Measures every cell and writes the JSON and the Markdown after each."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"calibration_{study.name}.json"
    before = json.loads(path.read_text())["cells"] if resume and path.exists() else []
    rows: list[dict[str, Any]] = []
    start = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        for number, cell in enumerate(study.cells, start=1):
            kept = [row for row in before if _same(row, cell, logs)]
            rows += kept or _summaries(cell, _measured(study, cell, logs, pool))
            text = {"study": study.name, "question": study.question, "cells": rows}
            path.write_text(json.dumps(text, indent=1) + "\n")
            path.with_suffix(".md").write_text(markdown(study.question, rows))
            spent = time.perf_counter() - start
            print(f"{study.name} {number}/{len(study.cells)} {spent:.0f} s {cell}", flush=True)


def seed_of(cell: Cell, log: int) -> int:
    """Returns the seed of a log: by its number and its cell, the same for all worlds of the cell."""
    place = "/".join(f"{key}={value}" for key, value in sorted(cell.items()) if key != "world")
    return zlib.crc32(place.encode()) * 100_000 + log


def _measured(study: Study, cell: Cell, logs: int, pool: ProcessPoolExecutor) -> list[Reading]:
    parts = np.array_split(np.arange(logs), min(CHUNKS, logs))
    jobs = [pool.submit(_part, study.measure, cell, [int(log) for log in part]) for part in parts]
    return [reading for job in jobs for reading in job.result()]


def _part(measure: Callable[[Cell, int], list[Reading]], cell: Cell, logs: Iterable[int]) -> list[Reading]:
    return [reading for log in logs for reading in measure(cell, seed_of(cell, log))]


def _summaries(cell: Cell, readings: list[Reading]) -> list[dict[str, Any]]:
    """Returns one row per quantity: bias, its standard error, coverage, mean width."""
    names = list(dict.fromkeys(reading.quantity for reading in readings))
    rows = []
    for name in names:
        table = np.array([[r.value, r.low, r.high, r.truth] for r in readings if r.quantity == name])
        rows.append({**cell, "quantity": name, **_summary(table)})
    return rows


def _summary(table: NDArray[np.float64]) -> dict[str, float | int | None]:
    value, low, high, truth = table.T
    error = (value - truth)[~np.isnan(value)]
    known = ~(np.isnan(low) | np.isnan(high))
    inside = (low <= truth + 1e-9) & (truth <= high + 1e-9)
    return {
        "logs": table.shape[0],
        "values": int(error.size),
        "intervals": int(known.sum()),
        "truth": _round(truth.mean()),
        "bias": _round(error.mean()) if error.size else None,
        "bias_se": _round(error.std(ddof=1) / np.sqrt(error.size)) if error.size > 1 else None,
        "sd": _round(error.std(ddof=1)) if error.size > 1 else None,
        "covered": int(inside[known].sum()),
        "coverage": _round(inside[known].mean()) if known.any() else None,
        "below": _round((high < truth - 1e-9)[known].mean()) if known.any() else None,
        "width": _round((high - low)[known].mean()) if known.any() else None,
    }


def _round(number: float) -> float:
    return float(f"{number:.6g}")


def _same(row: dict[str, Any], cell: Cell, logs: int) -> bool:
    return all(row.get(key) == value for key, value in cell.items()) and row["logs"] == logs
