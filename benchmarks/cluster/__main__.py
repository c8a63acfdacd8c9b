"""Measures an audit on two Ray nodes of one machine against the same audit in one process.

    python -m benchmarks.cluster              (100,000 rows and a million, about ten minutes; --rows for others)

Sizes that the results hold already, measured with the same versions, are kept; delete the file to measure all anew.

Two nodes of one processor each on one machine show what a cluster costs and that its answers are the same; not what
several machines gain. Every run is a process of its own, whose children are counted with it: the nodes, their workers
and the cluster's own processes. On a busy machine CPU seconds are the figure to compare.

    one process        the audit as it is, its engine with one thread for each processor
    two nodes          `--engine ray` on two nodes that are started for it
    one node killed    the same; when half of the parts are read, one node is killed with what it held
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from benchmarks.audit_speed import write
from benchmarks.cluster.measured import Meter
from benchmarks.cluster.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parents[1] / "results"
RUNS = ("one process", "two nodes", "one node killed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the logs, runs each way in a child process, and writes the figures and a table of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    import ray

    found: dict[str, Any] = {"cores": os.cpu_count(), "polars": pl.__version__, "ray": ray.__version__, "logs": []}
    known = _known(options.out / "cluster.json", found)
    for rows in options.rows:
        if rows in known:
            found["logs"].append(known[rows])
            continue
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            write(log, rows)
            files = list(log.rglob("*.parquet"))
            held: dict[str, Any] = {
                "rows": rows, "files": len(files), "mb": round(sum(file.stat().st_size for file in files) / 1e6),
            }  # fmt: skip
            for run in RUNS:
                held[run] = _run(run, log)
                print(json.dumps({f"{rows} rows, {run}": held[run]}), file=sys.stderr, flush=True)
            held["same report"] = len({held[run].get("report") for run in RUNS}) == 1
            found["logs"].append(held)
    for name, text in (("json", json.dumps(found, indent=2) + "\n"), ("md", table(found))):
        place = options.out / f"cluster.{name}"
        temporary = place.with_suffix(".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(place)
    print(table(found))


def _known(file: Path, head: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Returns what was measured with the same versions, by rows."""
    if not file.exists():
        return {}
    held = json.loads(file.read_text(encoding="utf-8"))
    same = all(held[name] == head[name] for name in ("cores", "polars", "ray"))
    return {log["rows"]: log for log in held["logs"]} if same else {}


def _run(run: str, log: Path) -> dict[str, Any]:
    """Runs one way in a process of its own and adds what all its processes used."""
    mark = f"{time.time_ns()}"
    child = [sys.executable, "-m", "benchmarks.cluster.child", run, str(log)]
    environment = os.environ | {Meter.MARK: mark, "RAY_USAGE_STATS_ENABLED": "0"}
    started = time.monotonic()
    process = subprocess.Popen(child, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with Meter(mark) as meter:
        out, err = process.communicate()
    if process.returncode:
        return {"failed": err.strip().splitlines()[-1][:200] if err.strip() else f"exit {process.returncode}"}
    told: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return told | {"wall_s": round(time.monotonic() - started, 1), **meter.figures()}


if __name__ == "__main__":
    main()
