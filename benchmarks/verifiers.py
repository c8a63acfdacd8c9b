"""Measures verifiers against published verdicts, and what they reward that they should not.

    python -m benchmarks.verifiers FOLDER

FOLDER holds public logs as Parquet: `gsm8k_example_model_solutions.parquet` (prompt, completion, answer, reward) and
`reasoning_gym_easy_dev.parquet` (the same, and dataset). For each verifier: the share of rows on which it says what
the log says, rows it wrongly rejects and wrongly accepts, rows without a verdict; then what `harden` finds.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.signals.exact import Exact
from freshbits.signals.hardening import harden
from freshbits.signals.math import Math
from freshbits.signals.numeric import Numeric
from freshbits.signals.reasoning_gym import ReasoningGym
from freshbits.signals.signal import Item

if TYPE_CHECKING:
    from freshbits.signals.signal import Signal

NEAR = 0.0051  # scores of the log are rounded to two digits
GSM8K: dict[str, Signal] = {
    "exact, after 'A:'": Exact(r"regex:(?m)^A:\s*(.*\S)\s*$"),
    "exact, after '####'": Exact("hash"),
    "numeric, last number": Numeric("last_number"),
    "numeric, auto": Numeric(),
    "math, auto": Math(),
}
PROBED: dict[str, Signal] = {
    "exact, after '####'": Exact("hash"),
    "numeric, last number": Numeric("last_number"),
    "numeric, after '####'": Numeric("hash"),
    "math, auto": Math(),
}
GYM = ("gcd", "leg_counting", "products", "rectangle_count", "spell_backward", "needle_haystack")


def main() -> None:
    """Reads the logs, measures, and writes the figures as JSON and as a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, default=100, help="prompts that probes are made from")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "verifiers.json")
    options = parser.parse_args()
    log = pl.read_parquet(options.folder / "gsm8k_example_model_solutions.parquet")
    gym = pl.read_parquet(options.folder / "reasoning_gym_easy_dev.parquet")
    found = {
        "gsm8k": {name: agreement(signal, log) for name, signal in GSM8K.items()},
        "reasoning_gym": by_data_set(gym),
        "hardened": {name: hardened(signal, log, options.prompts) for name, signal in PROBED.items()}
        | {
            f"reasoning_gym, {name}": hardened(ReasoningGym(name), gym.filter(dataset=name), options.prompts)
            for name in GYM
        },
    }
    options.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    options.out.with_suffix(".md").write_text(page(found), encoding="utf-8")


def scores(signal: Signal, log: pl.DataFrame) -> list[float | None]:
    """Returns the score of each row."""
    names = log["dataset"].to_list() if "dataset" in log.columns else [None] * log.height
    rows = zip(log["prompt"], log["completion"], log["answer"], names, strict=True)
    items = [Item(prompt, completion, answer, fields={"dataset": name}) for prompt, completion, answer, name in rows]
    return [verdict.score for verdict in signal.score(items)]


def agreement(signal: Signal, log: pl.DataFrame) -> dict[str, Any]:
    """Compares the verdicts of a verifier with those of the log."""
    pairs = [(s, r) for s, r in zip(scores(signal, log), log["reward"], strict=True) if s is not None]
    return {
        "rows": log.height,
        "unscored": log.height - len(pairs),
        "agree": round(sum(abs(s - r) < NEAR for s, r in pairs) / max(len(pairs), 1), 5),
        "wrongly_rejected": sum(s < r - NEAR for s, r in pairs),
        "wrongly_accepted": sum(s > r + NEAR for s, r in pairs),
        "mean": round(sum(s for s, _ in pairs) / max(len(pairs), 1), 5),
    }


def by_data_set(log: pl.DataFrame) -> dict[str, Any]:
    """Compares Reasoning Gym's scorers with the log; data sets whose scorer needs metadata cannot be compared."""
    signal = ReasoningGym(read="tag")
    scored = log.with_columns(pl.Series("score", scores(signal, log), dtype=pl.Float64))
    differs = (pl.col("score") - pl.col("reward")).abs() >= NEAR
    sets = scored.group_by("dataset").agg(pl.len(), pl.col("score").is_not_null().mean(), n=differs.sum())
    able = sets.filter(pl.col("score") == 1.0)
    rows, differing = int(able["len"].sum()), int(able["n"].sum())
    return {
        "data_sets": sets.height,
        "scored_without_metadata": able.height,
        "rows": rows,
        "agree": round(1 - differing / rows, 5),
        "data_sets_that_agree_in_all_rows": able.filter(pl.col("n") == 0).height,
        "rows_that_differ": dict(able.filter(pl.col("n") > 0).sort("n", descending=True).select("dataset", "n").rows()),
        "partly_scored": sets.filter(pl.col("score").is_between(0, 1, closed="none"))["dataset"].to_list(),
    }


def hardened(signal: Signal, log: pl.DataFrame, prompts: int) -> dict[str, Any]:
    """Probes a verifier on the prompts of a log."""
    rows = log.unique("prompt", maintain_order=True)
    found = harden(
        signal, [Item(p, "", a) for p, a in zip(rows["prompt"], rows["answer"], strict=True)], prompts=prompts
    )
    counted = Counter(each.expects for each in found.findings)
    return {
        "gold": found.gold.sentence,
        "rewards_wrong": counted["should_reject"],
        "rejects_right": counted["should_accept"],
        "findings": [each.sentence for each in found.findings],
    }


def page(found: dict[str, Any]) -> str:
    """Writes the figures as a page."""
    lines = ["# Verifiers against published verdicts", "", "## GSM8K, solutions of four systems", ""]
    lines += [
        "| verifier | rows | agree | wrongly rejected | wrongly accepted | unscored |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {one['rows']:,} | {one['agree']:.2%} | {one['wrongly_rejected']:,} | "
        f"{one['wrongly_accepted']:,} | {one['unscored']:,} |"
        for name, one in found["gsm8k"].items()
    ]
    gym = found["reasoning_gym"]
    differ = ", ".join(f"{name} {n:,}" for name, n in gym["rows_that_differ"].items())
    lines += [
        "",
        "## Reasoning Gym",
        "",
        f"{gym['scored_without_metadata']} of {gym['data_sets']} data sets can be scored from question and answer "
        f"alone. On their {gym['rows']:,} rows {gym['agree']:.2%} of scores are those of the log; "
        f"{gym['data_sets_that_agree_in_all_rows']} data sets agree in every row. Rows that differ: {differ}.",
        "",
        "## What they reward",
        "",
    ]
    for name, one in found["hardened"].items():
        lines += [f"- **{name}**: {one['gold']}", *(f"  - {sentence}" for sentence in one["findings"])]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
