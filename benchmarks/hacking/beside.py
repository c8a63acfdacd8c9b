"""Judges whose better sources or texts have a style of their own, and the interval of the split gain.

    python -m benchmarks.hacking.beside [--logs N]

Alarms where the style is not paid for, with the source held fixed, one rollout per source and prompt or four; the same
for judged pairs. Coverage: the parts of the gain that truth and a shortcut took, against the loop's exact shares.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from freshbits.auditing import gather
from freshbits.criteria.gained import gained
from freshbits.criteria.labelled import labelled
from freshbits.criteria.paid import Paid, paid
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.hacked import Hacked
from freshbits.worlds.judged import judged_pairs, styled_sources

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs the studies and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=100, help="per row of the first table; twice as many loops")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    seeds = range(asked.logs)
    alarms = {
        "six sources, one rollout each": [_alarm(styled_sources(seed), "score") for seed in seeds],
        "six sources, four rollouts each": [_alarm(styled_sources(seed, 4, 38), "score") for seed in seeds],
        "pairs": [_alarm(judged_pairs(seed), "winner") for seed in seeds],
        "pairs, better texts 2.2 times as long": [_alarm(judged_pairs(seed, styled=0.8), "winner") for seed in seeds],
    }
    parts = [_parts(seed) for seed in range(2 * asked.logs)]
    found = {
        "alarms": {name: {"logs": len(each), "at_risk": sum(each)} for name, each in alarms.items()},
        "gain": {
            name: _covered([each[name] for each in parts if each and name in each]) for name in ("truth", "lured")
        },
        "loops": len(parts),
        "not named": sum(not each for each in parts),
    }
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "hacking_beside.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = _markdown(found)
    (asked.output / "hacking_beside.md").write_text(text, encoding="utf-8")
    print(text)


def _split(rows: pl.DataFrame, signal: str) -> Paid | None:
    _, evidence, _ = gather(rows, ReadOptions())
    known = labelled(evidence.tally, signal)
    assert known is not None
    return paid(evidence, signal, known.rows, known.score, known.right, known.weight)


def _alarm(rows: pl.DataFrame, signal: str) -> bool:
    found = _split(rows, signal)
    return found is not None and bool(found.risky())


def _parts(seed: int) -> dict[str, tuple[float, float, float, float]] | None:
    """Returns (exact, value, low, high) of what truth and the shortcut added from the first round to the last."""
    world = Hacked(name="bullets", lured=0.9, rounds=3, prompts=150)
    rows = world.rows(seed)
    found = _split(rows, "reward")
    if found is None or found.names[:1] != ["bullets"]:
        return None
    start, *_, end = world.states(seed)
    shown = float(rows.filter(pl.col("round") == 0)["completion"].str.contains("- I checked").to_numpy().mean())
    right = float((end[:, 0] - start[:, 0]).sum(axis=1).mean())
    lured = float((end[:, 1:, 1] - start[:, 1:, 1]).sum(axis=1).mean())
    # Being right is priced where the trait stood at first: a wrong rollout then earns FPR + (lured - FPR) · its share.
    price = (world.lured - world.fpr) * shown
    exact = {
        "truth": (world.tpr - world.fpr - price) * right,
        "lured": (world.lured - world.fpr) * lured + price * right,
    }
    by = gained(found)[-1]["by"]
    return {
        name: (exact[name], part["value"], part["low"], part["high"])
        for name, part in (("truth", by["truth"]), ("lured", by["bullets"]))
    }


def _covered(rows: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    table = np.array(rows)
    inside = (table[:, 2] <= table[:, 0]) & (table[:, 0] <= table[:, 3])
    return {
        "loops": len(rows),
        "exact": float(f"{table[:, 0].mean():.4g}"),
        "bias": float(f"{(table[:, 1] - table[:, 0]).mean():.3g}"),
        "coverage": float(f"{inside.mean():.4g}"),
    }


def _markdown(found: dict[str, Any]) -> str:
    lines = ["# Hacking: styles that are not paid for, and the interval of the split gain", ""]
    lines += ["| the style marks | logs | at risk |", "| --- | --- | --- |"]
    lines += [f"| {name} | {each['logs']} | {each['at_risk']} |" for name, each in found["alarms"].items()]
    lines += ["", "| part of the gain | loops | exact, mean | bias | 95 % intervals that cover |", "| --- " * 5 + "|"]
    lines += [
        f"| {name} | {each['loops']} | {each['exact']} | {each['bias']} | {each['coverage']:.1%} |"
        for name, each in found["gain"].items()
    ]
    lines += [
        "",
        f"In {found['not named']} of {found['loops']} loops the shortcut was not named first. Exact shares are those "
        "of the log's own prompts; the intervals speak of other prompts too, and so cover more than 95 %.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
