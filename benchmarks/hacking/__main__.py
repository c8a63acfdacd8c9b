"""Holds the audit of hacking against loops whose shortcuts are known: python -m benchmarks.hacking [--loops N].

Without a shortcut: how often is one alarmed at. With one: is it named first by the time it explains half of the gain of
the reward, and how many rounds before truth falls.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.hacking.drawn import KINDS, innocent, lured

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.rollouts.options import ReadOptions

if TYPE_CHECKING:
    from freshbits.results import Hacking
    from freshbits.worlds.hacked import Hacked

RESULTS = Path(__file__).parents[1] / "results"
FALLS = 0.02  # fall of the accuracy from its peak that counts as one
LENGTH = ("characters", "words", "lines")  # names of one thing, in these worlds


def main() -> None:
    """Runs both studies and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=400, help="loops without a shortcut; half as many with one")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    nulls = [_null(seed) for seed in range(asked.loops)]
    planted = [_planted(seed, follow=seed < asked.loops // 8) for seed in range(asked.loops // 2)]
    asked.output.mkdir(parents=True, exist_ok=True)
    found = {"nulls": nulls, "planted": planted}
    (asked.output / "hacking_audit.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = _markdown(nulls, planted)
    (asked.output / "hacking_audit.md").write_text(text, encoding="utf-8")
    print(text)


def _audited(world: Hacked, rows: pl.DataFrame) -> Hacking:
    weights = {"checker": 1 - world.leaky, "style": world.leaky} if world.leaky else {}
    _, evidence, _ = gather(rows, ReadOptions(weights=weights))
    return hacking(evidence, "total" if world.leaky else "reward")


def _null(seed: int) -> dict[str, Any]:
    world = innocent(seed)
    found = _audited(world, world.rows(seed))
    named = [entry.name for entry in found.shortcuts]
    return {
        "seed": seed,
        "skill": world.trait[0] != world.trait[1],
        "verdict": found.verdict or found.code,
        "named": named,
        "own_alarm_rate": found.own_alarm_rate,
    }


def _planted(seed: int, *, follow: bool) -> dict[str, Any]:
    world, kind, at, truth = lured(seed)
    rows = world.rows(seed)
    found = _audited(world, rows.filter(pl.col("round") <= at))
    peak = int(np.argmax(truth))
    falls = truth[peak] - min(truth[peak:]) > FALLS
    first = next((r for r in range(at + 1) if _seen(world, kind, rows, r)), None) if follow else None
    return {
        "seed": seed,
        "kind": kind,
        "round": at,
        "verdict": found.verdict or found.code,
        "first": found.first,
        "right": _is(kind, found.first),
        "risk": found.risk,
        "followed": follow,
        "seen": first,
        "peak": peak if falls else None,
    }


def _seen(world: Hacked, kind: str, rows: pl.DataFrame, last: int) -> bool:
    return _is(kind, _audited(world, rows.filter(pl.col("round") <= last)).first)


def _is(kind: str, name: str | None) -> bool:
    if kind == "characters":
        return name in LENGTH
    if kind == "ngram:certainly":
        return name is not None and name.startswith("ngram:") and ("certainly" in name or "alright" in name)
    return name == kind


def _markdown(nulls: list[dict[str, Any]], planted: list[dict[str, Any]]) -> str:
    lines = [
        "# Hacking, audited",
        "",
        "Loops drawn at random (3 to 9 rounds, 80 to 200 prompts, 8 or 16 rollouts, rejection sampling or a policy "
        "gradient), truth on every row.",
        "",
        "## Without a shortcut",
        "",
        "| the trait is | loops | at risk | undetermined | none found | not judged | something named |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for skill in (False, True, None):
        part = [row for row in nulls if skill is None or row["skill"] == skill]
        counts = Counter(row["verdict"] for row in part)
        judged = sum(counts[verdict] for verdict in ("at_risk", "undetermined", "none_found"))
        name = {False: "independent of truth", True: "a skill, or a fault", None: "any"}[skill]
        lines.append(
            f"| {name} | {len(part)} | {counts['at_risk']} | {counts['undetermined']} | {counts['none_found']} "
            f"| {len(part) - judged} | {sum(bool(row['named']) for row in part)} |"
        )
    lines += [
        "",
        "## With a shortcut, when it explains half of the reward's gain",
        "",
        "`right`: at risk, and the right name first. `lead`: rounds from the first audit that names it (of the log up "
        "to that round) to the peak of accuracy, where accuracy falls afterwards; over the loops that were followed.",
        "",
        "| shortcut | loops | at risk | right | followed | lead: median | lead: least |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in (*KINDS, None):
        part = [row for row in planted if kind is None or row["kind"] == kind]
        leads = [row["peak"] - row["seen"] for row in part if row["seen"] is not None and row["peak"] is not None]
        spread = f"{np.median(leads):g} | {min(leads)}" if leads else " | "
        lines.append(
            f"| {kind or 'any'} | {len(part)} | {sum(row['verdict'] == 'at_risk' for row in part)} "
            f"| {sum(row['right'] for row in part)} | {sum(row['followed'] for row in part)} | {spread} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
