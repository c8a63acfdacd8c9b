"""Measures how an audit's CPU time and memory grow, JSON lines against Parquet, and other engines beside it.

    python -m benchmarks.scale          (1, 2, 5 and 10 million rollouts; about 25 CPU minutes and 5 GB of disk)

Every figure is of one process of its own: CPU seconds (user and system, imports left out, the least of the repeats),
and its peak memory. Seconds differ between machines and with what else runs; the ratios are what to compare.
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
from benchmarks.scale.page import page

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (1_000_000, 2_000_000, 5_000_000, 10_000_000)
SMALL = 200_000
PEERS = ("freshbits", "duckdb", "pandas")


def main() -> None:
    """Writes the logs, measures, and writes results/scale.json and scale.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=1, help="of the sizes up to 2 million, and of the small logs")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results" / "scale.json")
    parser.add_argument("--child", nargs=2, metavar=("STAGE", "LOG"), default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_child(options.child[0], Path(options.child[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for figures in _measure(Path(folder), sorted(options.sizes), options.repeats):
            options.out.write_text(json.dumps(figures, indent=2) + "\n")
            options.out.with_suffix(".md").write_text(page(figures))
    print(page(figures))


def _measure(folder: Path, sizes: list[int], repeats: int) -> Iterator[dict[str, Any]]:
    """Yields all figures so far, after every size."""
    from benchmarks.audit_speed import write
    from benchmarks.scale.logs import as_lines, as_table, first

    whole = folder / "whole"
    write(whole, sizes[-1], compression="lz4")  # cheap to read: what is counted is the rest
    small = first(folder / "small", whole, SMALL)
    figures: dict[str, Any] = {"cores": os.cpu_count(), "polars": pl.__version__, "repeats": repeats, "audits": {}}
    lines, table = as_lines(small, folder / "lines.jsonl"), as_table(small, folder / "table.parquet")
    figures["files"] = {
        "rows": SMALL,
        "parquet": _least("audit", table, repeats),
        "jsonl": _least("audit", lines, repeats),
    }
    figures["peers"] = {"rows": SMALL, **{name: _least(name, small, repeats) for name in PEERS}}
    answers = [figures["peers"][name].pop("answer") for name in PEERS]
    figures["peers"]["equal"] = all(_same(answers[0], other) for other in answers[1:])
    for rows in sizes:
        log = first(folder / f"rows{rows}", whole, rows)
        figures["audits"][str(rows)] = _least("audit", log, repeats if rows <= 2_000_000 else 1)
        print(json.dumps({rows: figures["audits"][str(rows)]}), file=sys.stderr, flush=True)
        yield figures


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tells whether two engines give the same integers, and bits that agree to the last digits."""
    bits = abs(one["plug_in_bits"] - other["plug_in_bits"]) < 1e-12
    return bits and {**one, "plug_in_bits": 0} == {**other, "plug_in_bits": 0}


def _least(stage: str, log: Path, repeats: int) -> dict[str, Any]:
    """Runs a stage in processes of their own; the run that took the least CPU."""
    runs = []
    for _ in range(repeats):
        command = [sys.executable, "-m", "benchmarks.scale", "--child", stage, str(log)]
        result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        runs.append(json.loads(result.stdout))
    best: dict[str, Any] = min(runs, key=lambda run: float(run["cpu_s"]))
    return best


def _child(stage: str, log: Path) -> dict[str, Any]:
    from benchmarks.audit_speed import peak_mb
    from benchmarks.scale import peers

    found: dict[str, Any] = {}
    if stage == "audit":
        from freshbits.auditing import gather, judge
        from freshbits.tally.tally import Tally  # noqa: F401 — imports are no part of what is measured

        start = time.process_time()
        read, evidence, labels = gather(log)
        found["gather_s"] = round(time.process_time() - start, 2)
        judge(read, evidence, labels)
        found |= {"rows": evidence.tally.rows, "groups": evidence.tally.groups.height}
        found["prompts"] = evidence.tally.prompts.height
    else:
        if stage == "duckdb":
            import duckdb  # noqa: F401
        elif stage == "pandas":
            import pandas  # type: ignore[import-untyped] # noqa: F401
        work = {"freshbits": peers.with_freshbits, "duckdb": peers.with_duckdb, "pandas": peers.with_pandas}
        start = time.process_time()
        found["answer"] = work[stage](log)
    return {"cpu_s": round(time.process_time() - start, 2), "peak_mb": peak_mb(), **found}


if __name__ == "__main__":
    main()
