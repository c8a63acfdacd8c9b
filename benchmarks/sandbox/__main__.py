"""Measures the sandbox: escapes, wrong-on-purpose candidates, costs, bombs in a batch.

    python -m benchmarks.sandbox                  (all levels that this machine offers; about five minutes)

Everything is run for real. Seconds differ between machines; the ratios are what to compare.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.sandbox import candidates, costs, escapes

from freshbits.signals.sandbox import Limits, Sandbox
from freshbits.signals.sandbox.selfcheck import LEVELS, why_not

RESULTS = Path(__file__).parents[1] / "results"
HEAD = """The sandbox, attacked and timed: every figure is of programs that were really run.

`escapes`: "held" means that the wall stopped the act; `bare` is the same act without a wall, where it is safe to run.
`candidates`: how many of each kind were rewarded: all honest right ones should be, and nothing else.
`costs`: CPU of an execution, all processes counted, and executions per CPU second against one bare interpreter each.
`batches`: honest candidates without and with a fork bomb, a 10 GB allocation and an endless print among them."""


def main() -> None:
    """Runs what was asked and writes the results."""
    parser = argparse.ArgumentParser(description="Attacks and times the sandbox.")
    parser.add_argument("--executions", type=int, default=200, help="per round of the costs")
    parser.add_argument("--batch", type=int, default=1000, help="candidates of a batch")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    missing = {level: why_not(level) for level in LEVELS}
    levels = [level for level, problem in missing.items() if not problem]
    whole: dict[str, Any] = {
        "study": "sandbox",
        "machine": costs.machine(),
        "levels_missing": {level: problem for level, problem in missing.items() if problem},
        "escapes": escapes.matrix(levels),
    }
    whole["candidates"], whole["rewards"] = judged(levels)
    print("judged", flush=True)
    whole["costs"] = costs.costs(levels, asked.executions)
    print(table(whole["costs"]), flush=True)
    whole["batches"] = costs.batches(levels, asked.batch, asked.workers)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "sandbox.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    parts = [HEAD, *(f"## {name}\n\n{table(whole[name])}" for name in ("candidates", "costs", "batches", "escapes"))]
    (asked.output / "sandbox.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print("\n\n".join(parts[1:]))


def judged(levels: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Judges every candidate at every level: counts per kind, and each one's verdict with its reason."""
    counts, each = [], []
    kinds = {
        "honest right": candidates.HONEST_RIGHT,
        "honest wrong": candidates.HONEST_WRONG,
        "wrong on purpose": candidates.HACKS,
        "bombs": candidates.BOMBS,
    }
    for level in levels:
        with Sandbox(level, limits=Limits(cpu_s=2.0, wall_s=6.0)) as sandbox:
            for kind, sources in kinds.items():
                verdicts = {name: candidates.rewarded(sandbox, source, 3.0) for name, source in sources.items()}
                each += [
                    {"level": level, "kind": kind, "candidate": name, "reward": reward, "why": why}
                    for name, (reward, why) in verdicts.items()
                ]
                rewards = [reward for reward, _ in verdicts.values()]
                counts.append(
                    {
                        "level": level,
                        "kind": kind,
                        "candidates": len(rewards),
                        "rewarded": rewards.count(1.0),
                        "faults": rewards.count(None),
                    }
                )
    return counts, each


def table(rows: list[dict[str, Any]]) -> str:
    """Writes rows as a Markdown table."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row.get(name, "")) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
