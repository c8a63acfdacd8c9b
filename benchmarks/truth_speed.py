"""Measures what truth on some rows adds to an audit: CPU seconds of openness, channel and efficiency.

    python -m benchmarks.truth_speed          (1 million rows, 2,000 of them labelled)

Every figure is taken in a process of its own: CPU seconds after the imports, peak memory of the whole process.

    count      one pass over the text, and all counts
    audit      count, and every statistic that needs no truth
    truth      the same with the labels: openness with its controls, channel, pressure, efficiency
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.audit_speed import peak_mb, write


def main() -> None:
    """Writes a log and its labels, measures each stage in a child process, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "truth_speed.json")
    parser.add_argument("--child", nargs=2, metavar=("STAGE", "FOLDER"), default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child[0], Path(options.child[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "log", options.rows)
        label_rows(folder, options.labels)
        figures = {stage: _run(stage, folder) for stage in ("count", "audit", "truth")}
    statistics = round(figures["truth"]["cpu_s"] - figures["count"]["cpu_s"], 1)
    report = {
        "rows": options.rows,
        "labels": options.labels,
        "polars": pl.__version__,
        **figures,
        "all statistics, CPU s (bar 60)": statistics,
        "of these with truth, CPU s": round(figures["truth"]["cpu_s"] - figures["audit"]["cpu_s"], 1),
    }
    record(report, options.out)


def record(report: dict[str, object], out: Path) -> None:
    """Prints figures and writes them, whole or not at all."""
    text = json.dumps(report, indent=2) + "\n"
    print(text)
    temporary = out.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(out)


def label_rows(folder: Path, count: int) -> None:
    """Draws labels for the accuracy reward and fills them in: the reward is wrong on one row in ten."""
    import freshbits as fb

    table, _ = fb.label(fb.read(folder / "log"), "accuracy_reward", count)
    wrong = np.random.default_rng(0).random(table.height) < 0.1
    truth = np.where(wrong, 1.0 - table["accuracy_reward"].to_numpy(), table["accuracy_reward"].to_numpy())
    table.with_columns(pl.Series("truth", truth)).write_parquet(folder / "labels.parquet")


def _run(stage: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.truth_speed", "--child", stage, str(folder)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def _child(stage: str, folder: Path) -> None:
    import freshbits as fb
    from freshbits.auditing import audit
    from freshbits.tally.local import tally

    log = folder / "log"
    start, wall = time.process_time(), time.monotonic()
    if stage == "count":
        tally(fb.read(log))
    elif stage == "audit":
        audit(log)
    else:
        audit(log, fb.ReadOptions(labels=folder / "labels.parquet"))
    cpu, took = round(time.process_time() - start, 2), round(time.monotonic() - wall, 2)
    print(json.dumps({"cpu_s": cpu, "wall_s": took, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
