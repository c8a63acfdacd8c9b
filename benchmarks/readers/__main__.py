"""Measures every reader against the raw decoding of the same file: CPU seconds and memory, in processes of their own.

    python -m benchmarks.readers                  all formats, 100,000 rollouts, and a quarter of that for the memory
    python -m benchmarks.readers verl inspect     some of them; their rows in the results are replaced

A reader's pass (`freshbits.read`, then every column of every batch) over the decoding of the same bytes by what they
are written in: Polars for Parquet and Arrow, `json` line by line, `json` for whole documents, `csv`, Inspect's own
`read_eval_log`. CPU seconds are of one run each. Memory is what the process grew by, at a quarter of the rows and at
all of them. Every reader must give the rows that were written and the sum of their verdicts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.readers import others, trainers
from benchmarks.readers.measure import measured
from benchmarks.readers.page import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.readers.world import Written

RESULTS = Path(__file__).parents[1] / "results"
ROWS, FEWER = 100_000, 2_000

LOGS: dict[str, Callable[[Path, int], Written]] = {
    "trl": trainers.trl, "verl": trainers.verl, "verl (uid)": trainers.verl_v1, "traces": trainers.prime,
    "verifiers": trainers.verifiers, "nemo-rl": trainers.nemo_rl, "nemo-gym": trainers.nemo_gym,
    "open-instruct": trainers.open_instruct, "ms-swift": trainers.swift, "wandb-table": trainers.wandb,
    "skyrl": trainers.skyrl, "slime": trainers.slime, "lm-eval": others.lm_eval, "inspect (.eval)": others.inspect_eval,
    "inspect (.json)": others.inspect_json, "alpaca-eval": others.alpaca, "arena-hard": others.arena,
    "reasoning-gym": others.reasoning_gym, "reward-bench": others.reward_bench, "distilabel": others.distilabel,
    "data-designer": others.designer, "preferences": others.preferences, "sft": others.sft,
    "plain (Parquet)": others.plain_parquet, "plain (JSON lines)": others.plain_jsonl,
    "plain (JSON array)": others.plain_array, "plain (CSV)": others.plain_csv, "plain (Arrow)": others.plain_arrow,
    "FILE.py": others.own,
}  # fmt: skip
SLOW = {"inspect (.eval)", "inspect (.json)"}  # the producer writes a few hundred samples a second


def main() -> None:
    """Writes each log, measures it in child processes, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", help="formats, or beginnings of their names")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--child", nargs=2, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measured(options.child[0], Path(options.child[1]))))
        return
    target = options.out / "readers.json"
    held: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    chosen = [name for name in LOGS if not options.formats or any(name.startswith(part) for part in options.formats)]
    for name in chosen:
        rows = min(options.rows, FEWER) if name in SLOW else options.rows
        held[name] = _format(name, rows)
        print(name, json.dumps(held[name]), file=sys.stderr)
        ordered = {each: held[each] for each in LOGS if each in held}
        _replace(target, json.dumps(ordered, indent=1) + "\n")
        _replace(options.out / "readers.md", page(ordered))


def _format(name: str, rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        whole, quarter = Path(folder) / "whole", Path(folder) / "quarter"
        for place in (whole, quarter):
            place.mkdir()
        written, less = LOGS[name](whole, rows), LOGS[name](quarter, rows // 4)
        decoded, read, before = _run("decode", whole), _run("read", whole), _run("read", quarter)
        size = sum(file.stat().st_size for file in whole.rglob("*") if file.is_file())
    right = all(
        (one["rows"], round(one["total"], 6)) == (told.rows, round(told.total, 6))
        for one, told in ((read, written), (before, less))
    )
    cpu, base = read["cpu_s"], decoded["cpu_s"]
    return {
        "rows": written.rows,
        "mb": round(size / 1e6, 1),
        "right": right,
        "rows_per_s": round(written.rows / cpu),
        "decode_rows_per_s": round(written.rows / base),
        "ratio": round(cpu / base, 2),
        "grown_mb_at_quarter": round(before["grown_mb"], 1),
        "grown_mb": round(read["grown_mb"], 1),
        "decode_grown_mb": round(decoded["grown_mb"], 1),
    }


def _run(stage: str, place: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.readers", "--child", stage, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{stage} of {place} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _replace(file: Path, text: str) -> None:
    temporary = file.with_suffix(file.suffix + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)


if __name__ == "__main__":
    main()
