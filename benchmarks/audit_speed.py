"""Measures a whole audit against the bare decoding of the same columns: CPU seconds and peak memory.

    python -m benchmarks.audit_speed          (2 million rows; 4 million for the memory; 15,000 small files)

Every figure is taken in a process of its own: CPU seconds after the imports, peak memory of the whole process.
Seconds differ between machines; the ratios, and memory against rows, are what to compare.

    decode     the columns that an audit reads, every string touched
    count      one pass over the text with the core twelve features, answer classes, and all counts
    audit      count, and every statistic of the report
    one file / many files   `count` on the same rows in one file and in files of 64 rows, as TRL writes them
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
from typing import Any, Literal

import polars as pl

BLOCK = 25_000
SMALL = 64


def main() -> None:
    """Writes the logs, measures each stage in a child process, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--files", type=int, default=15_000, help="small files of 64 rows")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "audit_speed.json")
    parser.add_argument("--child", nargs=2, metavar=("STAGE", "LOG"), default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(*options.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(Path(folder), options.rows, options.files)
    text = json.dumps(figures, indent=2) + "\n"
    print(text)
    temporary = options.out.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(options.out)


def _measure(folder: Path, rows: int, files: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": rows, "cores": os.cpu_count(), "polars": pl.__version__}
    for name, count in (("whole", rows), ("double", 2 * rows)):
        log = folder / name
        write(log, count)
        stages = ("decode", "count", "audit") if name == "whole" else ("audit",)
        figures[name] = {stage: _run(stage, log) for stage in stages}
        print(json.dumps({name: figures[name]}), file=sys.stderr)
        if name == "whole":
            one, many = folder / "one", folder / "many"
            _reshape(log, one, many, files)
            figures["one file"] = _run("count", one)
            figures["many files"] = {"files": files, **_run("count", many)}
        for path in log.rglob("*.parquet"):
            path.unlink()
    figures["ratios"] = _ratios(figures)
    return figures


def _ratios(figures: dict[str, Any]) -> dict[str, float]:
    whole, double = figures["whole"], figures["double"]
    one, many = figures["one file"], figures["many files"]
    return {
        "count / decode (bar 10, aim 5)": round(whole["count"]["cpu_s"] / whole["decode"]["cpu_s"], 2),
        "statistics, CPU s (bar 60)": round(whole["audit"]["cpu_s"] - whole["count"]["cpu_s"], 1),
        "peak MB (bar 1000)": whole["audit"]["peak_mb"],
        "peak MB at twice the rows": double["audit"]["peak_mb"],
        "many small files / one file (bar 3)": round(many["cpu_s"] / one["cpu_s"], 2),
    }


def write(log: Path, rows: int, compression: Literal["zstd", "lz4"] = "zstd") -> None:
    """Writes a log in TRL's layout, `BLOCK` rows per step; later steps reuse the first texts with another ending."""
    from benchmarks.text_pass import write_log

    folder = log / "completions"
    folder.mkdir(parents=True)
    base = pl.read_parquet(write_log(folder, BLOCK, seed=0)[0]).select(
        "prompt",
        "completion",
        pl.col("signal.accuracy").alias("accuracy_reward"),
        (pl.col("signal.format") < 0.9).cast(pl.Float64).alias("format_reward"),
    )
    (folder / "part-000.parquet").unlink()
    for step, start in enumerate(range(0, rows, BLOCK)):
        frame = base.head(min(BLOCK, rows - start)).select(
            pl.lit(step, pl.Int64).alias("step"),
            (pl.col("prompt") + f" ({step % 40})").alias("prompt"),
            (pl.col("completion") + f" [{step}]").alias("completion"),
            pl.col("accuracy_reward", "format_reward"),
            pl.lit(0.0).alias("advantage"),
        )
        frame.write_parquet(folder / f"completions_{step:05d}.parquet", compression=compression)


def _reshape(log: Path, one: Path, many: Path, files: int) -> None:
    """Writes the first rows of a log as one file and as many small ones."""
    for place in (one, many):
        (place / "completions").mkdir(parents=True)
    sources = sorted((log / "completions").glob("*.parquet"))
    rows = pl.scan_parquet(sources).head(files * SMALL).collect()
    rows = rows.with_columns((pl.int_range(pl.len()) // SMALL).alias("step"))
    rows.write_parquet(one / "completions" / "completions_00000.parquet", compression="zstd")
    for number, part in enumerate(rows.iter_slices(SMALL)):
        part.write_parquet(many / "completions" / f"completions_{number:05d}.parquet", compression="zstd")


def _run(stage: str, log: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", stage, str(log)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def _child(stage: str, log: str) -> None:
    import freshbits as fb
    from freshbits.auditing import audit
    from freshbits.outputs.compact import needed
    from freshbits.tally.local import tally

    start, wall = time.process_time(), time.monotonic()
    if stage == "decode":
        read = fb.read(log)
        files = list(read.files)
        names = [name.removeprefix("signal.") for name in needed(read.schema)]
        text = [pl.col(name).str.len_bytes().sum() for name in ("prompt", "completion")]
        frame = pl.scan_parquet(files).select([n for n in names if n in pl.read_parquet_schema(files[0])])
        frame.select(*text, pl.exclude("prompt", "completion").sum()).collect(engine="streaming")
    elif stage == "count":
        tally(fb.read(log))
    else:
        audit(log)
    print(
        json.dumps(
            {
                "cpu_s": round(time.process_time() - start, 2),
                "wall_s": round(time.monotonic() - wall, 2),
                "peak_mb": peak_mb(),
            }
        )
    )


def peak_mb() -> int:
    """Returns the peak resident memory of this program: rusage would carry over the parent's."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


if __name__ == "__main__":
    main()
