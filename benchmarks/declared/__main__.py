"""Runs declared loops and audits them: python -m benchmarks.declared [--runs DIR]."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.declared.loops import cases, run_case
from benchmarks.declared.measured import measure
from benchmarks.declared.told import markdown

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs, audits, writes."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=None, help="where runs are kept")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.runs or Path(temporary)
        found = [measure(case, run_case(case, place)) for case in cases()]
    asked.output.mkdir(parents=True, exist_ok=True)
    data = {"loops": [{**_short(asdict(each)), "agrees": each.agrees} for each in found]}
    (asked.output / "declared.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    text = markdown(found)
    (asked.output / "declared.md").write_text(text, encoding="utf-8")
    print(text)


def _short(value: dict[str, object]) -> dict[str, object]:
    """Keeps five significant digits: more would differ from machine to machine."""
    return {name: _rounded(each) for name, each in value.items()}


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return [_rounded(each) for each in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
