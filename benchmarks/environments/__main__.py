"""Runs loops on environments of several turns and audits them: python -m benchmarks.environments [--runs DIR].

`--verifiers PYTHON` names an interpreter with the package verifiers, once for each generation of it: 0.1 plays
`hidden_number`, later ones `hidden_number_v1`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.environments.loops import ARMS, ROUNDS, SEEDS, guess, other, played
from benchmarks.environments.told import audited, course, markdown

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs, audits, writes."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=None, help="where runs are kept")
    parser.add_argument("--verifiers", action="append", default=[], metavar="PYTHON")
    parser.add_argument("--as-it-lies", action="store_true", help="run nothing more: tell of whole runs in --runs")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.runs or Path(temporary)
        others: list[dict[str, Any]] = []
        for python in asked.verifiers:
            version, later = _version(python)
            name = "hidden_number_v1" if later else "hidden_number"
            for method in ("rft", "grpo"):
                directory = place / f"{name}-{method}"
                found = played(other(name, python, method), directory)
                others.append({"environment": name, "verifiers": version, "method": method,
                               "right": [row.accuracy.value for row in found.rounds if row.accuracy is not None],
                               "faults": [row.evaluation.get("faults", 0.0) for row in found.rounds],
                               **audited(f"{name}, {method}", directory)})  # fmt: skip
        last = f"round-{ROUNDS:03d}"
        runs = [
            course(arm, seed, played(guess(arm, seed), place / f"{arm.name}-{seed}", arm.control))
            for seed in SEEDS
            for arm in ARMS
            if not asked.as_it_lies or (place / f"{arm.name}-{seed}" / last).is_dir()
        ]
        audits = [audited(f"guess, {arm.name}", place / f"{arm.name}-{SEEDS[0]}") for arm in ARMS[:2]]
    asked.output.mkdir(parents=True, exist_ok=True)
    data = {"guess": runs, "audits": audits, "verifiers": others}
    (asked.output / "environments.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    text = markdown(data)
    (asked.output / "environments.md").write_text(text, encoding="utf-8")
    print(text)


def _version(python: str) -> tuple[str, bool]:
    code = (
        "import importlib.metadata as m, importlib.util as u; "
        "print(m.version('verifiers'), u.find_spec('verifiers.envs') is None)"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    version, later = done.stdout.split()
    return version, later == "True"


if __name__ == "__main__":
    main()
