"""Trains classifiers that hack, and trains them again on rebalanced rows: python -m benchmarks.cure [-n NUMBER].

A verdict S agrees with an intended feature T with a high probability, and with a spurious one φ with another. Where the
network comes to lean on φ more than on T, and by .1 or more, it hacks. It is then trained on the rows that `matched`
keeps, with φ against the verdict, and, for comparison, on as many rows drawn at random.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.cure.learners import LEARNERS, effects, trained
from benchmarks.cure.texts import KINDS, sequence, table

from freshbits.remedies.matched import matched

RESULTS = Path(__file__).parents[1] / "results"
ROWS, TESTS, AGAIN = 2048, 60, 4
LEANS = 0.1  # change of P(accepted) by the spurious feature alone from which a network leans on it
ENOUGH = 256  # rows kept below which a network of this size learns little from any rows


def main() -> None:
    """Draws configurations, trains, cures, writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=240, help="configurations drawn")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for seed in range(asked.n):
        rows.append(_one(seed))
        print(seed, rows[-1]["hacked"], flush=True)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "cure.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = _markdown(rows)
    (asked.output / "cure.md").write_text(text, encoding="utf-8")
    print(text)


def _one(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, 9])
    intended, spurious = (KINDS[k] for k in rng.choice(len(KINDS), 2, replace=False))
    learner = LEARNERS[seed % len(LEARNERS)]
    agrees = float(rng.choice([1.0, 0.95, 0.9, 0.85]))
    lures = float(rng.uniform(0.6, agrees + 0.05))
    lures = min(lures, 0.99)
    verdict = rng.random(ROWS) < 0.5
    true = verdict ^ (rng.random(ROWS) >= agrees)
    lured = verdict ^ (rng.random(ROWS) >= lures)
    tokens = table([sequence(intended, spurious, (bool(a), bool(b)), rng) for a, b in zip(true, lured, strict=True)])
    cells = np.array(
        [
            [
                table([sequence(intended, spurious, (bool(a), bool(b)), rng) for _ in range(TESTS)])
                for b in (False, True)
            ]
            for a in (False, True)
        ]
    )
    found: dict[str, Any] = {
        "seed": seed,
        "learner": learner.__name__,
        "intended": intended.name,
        "spurious": spurious.name,
        "agrees": agrees,
        "lures": round(lures, 4),
    }
    found["none"] = effects(trained(learner, tokens, verdict.astype(np.float64), seed), cells)
    found["hacked"] = found["none"][1] > max(found["none"][0], LEANS)
    if not found["hacked"]:
        return found
    kept = matched(verdict, lured.astype(np.int64), np.zeros(ROWS, dtype=np.int64), seed)
    found["kept"] = int(kept.sum())
    if found["kept"] < ENOUGH:
        return found
    labels = verdict.astype(np.float64)
    for name in ("rebalanced", "random"):
        each = []
        for again in range(AGAIN):  # other rows where there is a choice, another start, another order
            rows = matched(verdict, lured.astype(np.int64), np.zeros(ROWS, dtype=np.int64), seed + 1000 * again)
            if name == "random":
                rows = np.isin(np.arange(ROWS), rng.choice(ROWS, found["kept"], replace=False))
            each.append(effects(trained(learner, tokens[rows], labels[rows], seed + 1000 * again), cells))
        found[name] = np.mean(each, axis=0).tolist()
        found[f"{name}_error"] = (np.std(each, axis=0, ddof=1) / np.sqrt(AGAIN)).tolist()
    return found


def _gap(row: dict[str, Any]) -> float:
    return float(row["rebalanced"][0] - row["random"][0])


def _markdown(rows: list[dict[str, Any]]) -> str:
    hacked = [row for row in rows if row["hacked"]]
    cured = [row for row in hacked if "rebalanced" in row]
    lines = [
        "# Rebalancing hacked classifiers",
        "",
        f"{len(rows)} configurations drawn, {len(hacked)} hacked; {len(hacked) - len(cured)} of these keep fewer than "
        f"{ENOUGH} rows. `hacks no more`: leans on the spurious feature less than on the intended one, or hardly (.1). "
        f"`as well`: the mean effect of the intended feature over {AGAIN} trainings is at least that after as many "
        "random rows; `worse`: it is lower by more than two standard errors; `cured`: hacks no more, and not worse.",
        "",
        "| learner | hacked, enough rows | hacks no more | as well | worse | cured | rows kept: median "
        "| effect of intended: before, random, rebalanced | effect of spurious: before, random, rebalanced |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in (*(learner.__name__ for learner in LEARNERS), None):
        part = [row for row in cured if name in (None, row["learner"])]
        if not part:
            continue
        no_more = [row["rebalanced"][1] < max(row["rebalanced"][0], LEANS) for row in part]
        as_well = [_gap(row) >= 0 for row in part]
        worse = [_gap(row) < -2 * np.hypot(row["rebalanced_error"][0], row["random_error"][0]) for row in part]
        both = sum(a and not b for a, b in zip(no_more, worse, strict=True))
        kept = np.median([row["kept"] for row in part]) / ROWS
        by = [
            ", ".join(f"{np.mean([row[which][k] for row in part]):.3f}" for which in ("none", "random", "rebalanced"))
            for k in (0, 1)
        ]
        counts = f"{len(part)} | {sum(no_more)} | {sum(as_well)} | {sum(worse)} | {both}"
        lines.append(f"| {name or 'any'} | {counts} | {kept:.0%} | {by[0]} | {by[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
