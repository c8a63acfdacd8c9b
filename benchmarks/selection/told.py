"""The results of selection as numbers over seeds and as Markdown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}

SUMS = (
    ("held_out_accuracy", "accuracy, held-out prompts", 100, 1),
    ("held_out_distinct", "effective right answers, held-out", 1, 1),
    ("train_accuracy", "accuracy, own prompts", 100, 1),
    ("train_distinct", "effective right answers, own", 1, 1),
    ("right", "% of chosen rows right", 100, 1),
    ("different", "different rows", 1, 0),
)
CODE = (
    ("bits", "bits per byte of held-out right samples", 1, 3),
    ("bits_by_problem", "the same, mean over problems", 1, 3),
    ("covered_classes", "% of held-out right classes seen", 100, 1),
    ("right_classes", "right classes chosen", 1, 0),
    ("problems", "problems with a right row", 1, 1),
    ("right", "% of chosen rows right", 100, 1),
    ("characters", "characters per row", 1, 0),
)

HEAD = """# Selecting rows to train on

Five seeds; means over seeds, in brackets the 95 % t interval of the difference to `random` on the same seed. Bold: the
interval of the difference excludes nought.

`select, passing` leaves out prompts that pass in less than a quarter of their rollouts (`--least-pass .25`).

**Sums.** The tiny model answers its 80 training prompts 32 times each; rows are accepted by an exact verifier, or by
one with TPR .9 and FPR .2; the base model is trained for 60 updates of 64 rows at rate 3e-4 on the rows that were
chosen, the same number of updates whatever their number. Accuracy and variety are exact. Completions are all equally
long, so balancing lengths is drawing by lot, and is not run; all prompts pass in a quarter of their rollouts."""

MIDDLE = """**Code.** 100 samples of CodeGen-16B on each of 76 HumanEval problems (CodeT's), half of each problem's held
out; accepted by the hidden tests (truth), or by the tests that the model wrote (as many as any sample of the problem
passes). The learner is a byte n-gram model with Witten-Bell interpolation, problem by problem, counted once: no
network, and nothing about how a network would do. Lower bits are better."""


def summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns means over seeds and differences to `random` with their 95 % t intervals."""
    found: dict[str, Any] = {"trainings": len(rows), "cpu_s": round(sum(row["cpu_s"] for row in rows), 1)}
    for task, measures in (("sums", SUMS), ("code", CODE)):
        table = []
        some = [row for row in rows if row["cell"][0] == task]
        for cell in dict.fromkeys(tuple(row["cell"][2:]) for row in some):
            accept, share, way = cell
            here = {row["cell"][1]: row for row in some if tuple(row["cell"][2:]) == cell}
            lots = {row["cell"][1]: row for row in some if tuple(row["cell"][2:]) == (accept, share, "random")}
            entry: dict[str, Any] = {"accept": accept, "share": share, "way": way, "seeds": sorted(here)}
            entry["rows"] = float(np.mean([row["rows"] for row in here.values()]))
            for name, *_ in measures:
                entry[name] = {"mean": _round(np.mean([row[name] for row in here.values()]))}
                if lots and way != "random":
                    entry[name] |= _interval([here[s][name] - lots[s][name] for s in here if s in lots])
            if shifts := [row["shifts"][0] for row in here.values() if row.get("shifts")]:
                entry["characters_of_accepted"] = {
                    name: _round(np.mean([each[name] for each in shifts])) for name in shifts[0]
                }
            table.append(entry)
        found[task] = table
    return found


def markdown(found: dict[str, Any]) -> str:
    """Writes the results as a page."""
    parts = [HEAD, *_tables(found["sums"], SUMS), MIDDLE, *_tables(found["code"], CODE), _weights(found["code"])]
    said = f"{found['trainings']} trainings, {found['cpu_s'] / 60:.1f} CPU minutes."
    plan = ["**Plan.** What `freshbits plan` says of these samples:", *found["plan"]] if found["plan"] else []
    return "\n\n".join([*parts, *plan, said]) + "\n"


def _tables(table: list[dict[str, Any]], measures: tuple[Any, ...]) -> list[str]:
    found = []
    for accept in dict.fromkeys(entry["accept"] for entry in table):
        lines = [
            f"Accepted by: {accept}",
            "",
            f"| share | choice | rows | {' | '.join(words for _, words, *_ in measures)} |",
            "| --- | --- | --- |" + " --- |" * len(measures),
        ]
        for entry in table:
            if entry["accept"] == accept:
                cells = [_cell(entry[name], times, digits) for name, _, times, digits in measures]
                lines.append(
                    f"| {100 * entry['share']:.0f} % | {entry['way']} | {entry['rows']:.0f} | {' | '.join(cells)} |"
                )
        found.append("\n".join(lines))
    return found


def _cell(told: dict[str, float], times: float, digits: int) -> str:
    mean = f"{times * told['mean']:.{digits}f}"
    if "low" not in told:
        return mean
    text = f"{mean} [{times * told['low']:+.{digits}f}, {times * told['high']:+.{digits}f}]"
    return f"**{text}**" if told["low"] > 0 or told["high"] < 0 else text


def _weights(table: list[dict[str, Any]]) -> str:
    lines = [
        "**Weights.** Mean characters of accepted samples, and what the rows that `select` kept say of them.",
        "",
        "| accepted by | share | choice | all accepted | kept | kept, weighted |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for entry in table:
        if told := entry.get("characters_of_accepted"):
            cells = [f"{told[name]:.0f}" for name in ("accepted", "selected", "corrected")]
            lead = f"| {entry['accept']} | {100 * entry['share']:.0f} % | {entry['way']} |"
            lines.append(f"{lead} {' | '.join(cells)} |")
    return "\n".join(lines)


def _interval(values: list[float]) -> dict[str, float]:
    mean = float(np.mean(values))
    if len(values) < 2:
        return {"difference": _round(mean)}
    half = T95[len(values)] * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return {"difference": _round(mean), "low": _round(mean - half), "high": _round(mean + half)}


def _round(value: Any) -> float:
    return float(f"{float(value):.5g}")
