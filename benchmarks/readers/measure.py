"""One measurement in a process of its own: CPU seconds of a pass over a log, and how much memory it came to."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import polars as pl

JSON_LINES, DOCUMENTS = {".jsonl"}, {".json"}


def memory() -> float:
    """Returns the most memory that this process has held so far, MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def decode(place: Path) -> int:
    """Decodes every log file of a place once, every column, and returns the number of lines, entries or rows."""
    count = 0
    for file in sorted(place.rglob("*")):
        if file.suffix == ".parquet":
            scan = pl.scan_parquet(file, glob=False)
            count += sum(batch.height for batch in scan.collect_batches(chunk_size=20_000))
        elif file.suffix == ".arrow":
            count += pl.read_ipc_stream(file).height
        elif file.suffix in JSON_LINES:
            with file.open("rb") as lines:
                for line in lines:
                    json.loads(line)
                    count += 1
        elif file.suffix == ".csv":
            with file.open(encoding="utf-8", newline="") as rows:
                count += sum(1 for _ in csv.reader(rows))
        elif file.suffix == ".eval" or (file.name == "log.json" and _is_inspect(file)):
            from inspect_ai.log import read_eval_log

            count += len(read_eval_log(str(file)).samples or [])
        elif file.suffix in DOCUMENTS:
            count += len(json.loads(file.read_bytes()))
    return count


def _is_inspect(file: Path) -> bool:
    with file.open("rb") as stream:
        return b'"eval"' in stream.read(400)


def read(place: Path) -> tuple[int, float]:
    """Reads a log as `freshbits.read` does, every column of every batch; its rows, and the sum of its first signal."""
    import freshbits as fb

    reader = place / "reader.py"
    if reader.exists():
        log = fb.read(place / "log.jsonl", fb.ReadOptions(format=str(reader)))
    else:
        log = fb.read(place)
    rows, total = 0, 0.0
    for batch in log.batches():
        rows += batch.height
        total += float(batch[f"signal.{log.signals[0]}"].sum())
    return rows, total


def measured(stage: str, place: Path) -> dict[str, Any]:
    """Runs one stage once and returns its figures."""
    import freshbits.rollouts.read  # noqa: F401  imports are no part of what is measured

    if any(place.rglob("*.eval")) or (place / "log.json").exists():
        import inspect_ai.log  # noqa: F401
    before, start, wall = memory(), time.process_time(), time.perf_counter()
    rows, total = (decode(place), None) if stage == "decode" else read(place)
    return {
        "rows": rows, "total": total, "cpu_s": time.process_time() - start, "wall_s": time.perf_counter() - wall,
        "grown_mb": memory() - before,
    }  # fmt: skip
