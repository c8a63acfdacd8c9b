"""Trains small language models on rewards with planted shortcuts, and reads forecasts, order and cures beside them.

    python -m benchmarks.policies [--runs DIR] [--read]

Runs are kept under --runs and gone on with (about 25 minutes of one core in all); --read reads what lies there and
trains nothing. Seeds, definitions and constants stand in the modules of this package.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.policies.judged import BARS, summed
from benchmarks.policies.study import read_all
from benchmarks.policies.told import markdown
from benchmarks.policies.trained import train_all

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Trains, reads, writes."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=None, help="where runs are kept")
    parser.add_argument("--read", action="store_true", help="train nothing")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.runs or Path(temporary)
        if not asked.read:
            train_all(place, lambda words: print(words, flush=True))
        found = read_all(place)
    asked.output.mkdir(parents=True, exist_ok=True)
    data = {"bars": BARS, "summary": summed(found), **found}
    (asked.output / "policies.json").write_text(json.dumps(rounded(data), indent=1) + "\n", encoding="utf-8")
    text = markdown(found)
    (asked.output / "policies.md").write_text(text, encoding="utf-8")
    print(text)


def rounded(value: object) -> object:
    """Keeps four significant digits: more would differ from machine to machine."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
