"""Holds `freshbits select` against simpler choices: python -m benchmarks.selection [--seeds 21 22 …] [--runs FILE]

Two learners, all choices at 10, 25 and 50 % of the accepted rows: the tiny model of the loops on its own rollouts of
sums (needs freshbits[loop]), and a byte model on samples of a code model (needs FRESHBITS_DATA). Every training is
written to --runs when it is done, and is not run again. --speed N measures selecting from N drawn rows instead.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from benchmarks.selection import code
from benchmarks.selection.told import markdown, summed

RESULTS = Path(__file__).parents[1] / "results"
SEEDS = [21, 22, 23, 24, 25]


def main() -> None:
    """Trains, measures, writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=Path("selection.jsonl"), help="journal of finished trainings")
    parser.add_argument("--speed", type=int, default=0, help="measure the speed on so many rows instead")
    parser.add_argument("--intervals", type=int, default=0, help="study the intervals of plans, so many times, instead")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.intervals:
        from benchmarks.selection import covered

        told = covered.studied(asked.intervals)
        (asked.output / "plan_intervals.json").write_text(json.dumps(told, indent=1) + "\n")
        (asked.output / "plan_intervals.md").write_text(covered.markdown(told))
        return
    if asked.speed:
        from benchmarks.selection.speed import measured

        (asked.output / "selection_speed.json").write_text(json.dumps(measured(asked.speed), indent=1) + "\n")
        return
    done = {}
    if asked.runs.is_file():
        done = {tuple(row["cell"]): row for row in map(json.loads, asked.runs.read_text().splitlines())}
    for seed in asked.seeds:
        _sums(seed, asked.runs, done)
    place = os.environ.get("FRESHBITS_DATA")
    for seed in asked.seeds if place else ():
        rows = code.samples(Path(str(place)))
        for cell in code.cells():
            _once(("code", seed, *cell), asked.runs, done, lambda c=cell, s=seed, r=rows: code.trained(r, s, *c))
    found = summed(list(done.values()))
    found["plan"] = code.planned(code.samples(Path(place))) if place else []
    (asked.output / "selection.json").write_text(json.dumps(found, indent=1) + "\n")
    (asked.output / "selection.md").write_text(markdown(found))


def _sums(seed: int, journal: Path, done: dict[tuple[Any, ...], Any]) -> None:
    import torch
    from benchmarks.selection import sums

    torch.set_num_threads(1)
    rows = None
    for cell in sums.cells():
        key = ("sums", seed, *cell)
        if key not in done:
            rows = sums.rollouts(seed) if rows is None else rows
            _once(key, journal, done, lambda c=cell, r=rows: sums.trained(r, seed, *c))


def _once(key: tuple[Any, ...], journal: Path, done: dict[tuple[Any, ...], Any], run: Any) -> None:
    if key in done:
        return
    began = time.process_time()
    row = {"cell": list(key), **run(), "cpu_s": round(time.process_time() - began, 2)}
    done[key] = row
    with journal.open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(*key, row["cpu_s"], flush=True)


if __name__ == "__main__":
    main()
