"""Runs the loops of the demonstration on seeds of their own, reads them against the bars, and kills a small one.

    python -m benchmarks.loops [--seeds 11 12 13 14 15] [--runs DIR] [--kills 10]

Runs are kept under --runs and gone on with; without it they are made in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.loops.bars import judged, read
from benchmarks.loops.killed import study
from benchmarks.loops.told import markdown

from freshbits.loop.arms import run_arms

RESULTS = Path(__file__).parents[1] / "results"
SEEDS = [11, 12, 13, 14, 15]


def main() -> None:
    """Runs, reads, kills, writes."""
    parser = argparse.ArgumentParser(description="Holds loops that are run to their bars.")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=None, help="where runs are kept")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.runs or Path(temporary)
        killed = study(
            Path(temporary) / "killed", asked.kills, seed=1
        )  # first: forking wants a process without threads
        for seed in asked.seeds:
            run_arms(seed, place / str(seed), progress=lambda words: print(words, flush=True))
        found = judged(read(place, asked.seeds))
        found["killed"] = killed
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "loops.json").write_text(json.dumps(rounded(found), indent=1) + "\n")
    (asked.output / "loops.md").write_text(markdown(found))


def rounded(value: object) -> object:
    """Keeps five significant digits: more would differ from machine to machine."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
