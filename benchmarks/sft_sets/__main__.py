"""Holds the audit of sets against drawn ones with known answers: python -m benchmarks.sft_sets [--sets N].

How often do intervals cover what the world's rates say, with labels on 300 rows drawn by the verdict; how often is a
filter said to follow length that does not look at it; are planted repeats counted. Seeds are 30,000 and on; earlier
runs, on other seeds, led to weighing the labelled rows in the bits beyond truth and to the spread of the share kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from freshbits.auditing import gather
from freshbits.criteria.authors import own_judged
from freshbits.criteria.channel import channel
from freshbits.criteria.filtered import bought
from freshbits.criteria.picked import picked
from freshbits.criteria.sft import sft
from freshbits.outputs.keys import prompt_keys
from freshbits.remedies.label import draw_rows
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.made import Made

RESULTS = Path(__file__).parents[1] / "results"
LABELS = 300
WORLDS = {
    "honest filter": Made(instructions=1_600, again=0.2, tpr=0.8, fpr=0.3, lured=0.3),
    "likes length": Made(instructions=1_600, again=0.1, normalised=0.05, near=0.05, lured=0.75),
    "strict, likes length": Made(instructions=1_600, right=(0.3, 0.3), tpr=0.5, fpr=0.05, lured=0.3, long=0.3),
    "keeps nearly all": Made(instructions=1_600, right=(0.8, 0.8), tpr=0.97, fpr=0.8, lured=0.95, judge="writer/small"),
}


def main() -> None:
    """Runs the study and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100, help="sets per world")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rows = [_read(name, world, 30_000 + seed) for name, world in WORLDS.items() for seed in range(asked.sets)]
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "sft_sets.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = _markdown(rows, asked.sets)
    (asked.output / "sft_sets.md").write_text(text, encoding="utf-8")
    print(text)


def _read(name: str, world: Made, seed: int) -> dict[str, Any]:
    """Audits one drawn set, labelled on 300 rows, and holds every reading against the world."""
    frame = _labelled(world.rows(seed), seed)
    _, evidence, _ = gather(frame, ReadOptions(map={"truth_weight": "truth_weight"}), texts=False)
    features = {each.name: each for each in picked(evidence, "kept").features}
    found = channel(evidence, "kept")
    words = features["words"]
    section = sft(evidence, {})
    assert section is not None
    assert section.duplicates is not None
    assert found.ppv is not None
    repeats = section.duplicates["instructions"]
    planted = world.again + world.normalised
    return {
        "world": name,
        "seed": seed,
        "ppv": _inside(found.ppv, world.ppv),
        "gain": _inside(bought(evidence, "kept"), world.ppv - world.base),
        "right": _inside(section.right, world.base),
        "bits": _inside(words.signal_bits, world.length_bits),
        "beyond": _inside(words.spurious_bits, world.length_bits_beyond),
        "error": words.signal_bits.value - world.length_bits if words.signal_bits and words.signal_bits.value else None,
        "followed": (words.q_value or 1.0) <= 0.05,
        "normalised": repeats["normalised"] - planted,
        "near": repeats["near"] - planted - world.near,
        "own": "score" in own_judged(evidence),
    }


def _labelled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Keeps truth on 300 rows, drawn as `freshbits label` draws them."""
    prompts = prompt_keys(frame["instruction"]).to_numpy()
    kept = frame["kept"].to_numpy().astype(np.float64)
    drawn = draw_rows(kept, prompts, np.zeros(frame.height, dtype=np.int64), LABELS, seed)
    weight = np.full(frame.height, np.nan)
    weight[drawn.rows] = 1.0 / drawn.probability
    weights = pl.Series("truth_weight", weight).fill_nan(None)
    truth = pl.when(weights.is_not_null()).then(pl.col("truth"))
    return frame.with_columns(weights, truth.alias("truth"))


def _inside(found: Any, truth: float) -> bool | None:
    if found is None:
        return None
    low, high = (found["low"], found["high"]) if isinstance(found, dict) else (found.low, found.high)
    return bool(low <= truth <= high)


def _markdown(rows: list[dict[str, Any]], sets: int) -> str:
    lines = [
        "# Sets made to be trained on, against drawn ones with known answers",
        "",
        f"{sets} sets per world, 1,600 to 2,000 rows each, truth on {LABELS} rows drawn half kept, half dropped. The "
        "columns: 95 % intervals that hold the world's value. Followed: sets of which length is said to go with being "
        "kept (q ≤ .05 among all features).",
        "",
        "| world | precision | gain | share right | bits of length | beyond truth | bias of bits | followed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in WORLDS:
        part = [row for row in rows if row["world"] == name]
        shares = [_share([row[key] for row in part]) for key in ("ppv", "gain", "right", "bits", "beyond")]
        errors = [row["error"] for row in part if row["error"] is not None]
        bias = f"{np.mean(errors):+.4f}" if errors else "–"
        followed = f"{sum(row['followed'] for row in part)} of {len(part)}"
        lines.append(f"| {name} | {' | '.join(shares)} | {bias} | {followed} |")
    covered = [row[key] for row in rows for key in ("ppv", "gain", "right") if row[key] is not None]
    own = {name: sum(row["own"] for row in rows if row["world"] == name) for name in WORLDS}
    lines += [
        "",
        f"All: {100 * float(np.mean(covered)):.1f}% of {len(covered):,} intervals of precision, gain and share cover.",
        "",
        f"Repeats of instructions, counted less planted share: at most {_most(rows, 'normalised')} (case and marks "
        f"aside), {_most(rows, 'near')} (or nearly).",
        "",
        "Said to judge itself: " + ", ".join(f"{name} {own[name]} of {sets}" for name in WORLDS) + ".",
        "",
        "Length goes with being kept in every world but the first. An interval of bits that are 0 covers where its "
        "lower end is 0.",
    ]
    return "\n".join(lines) + "\n"


def _share(found: list[bool | None]) -> str:
    known = [each for each in found if each is not None]
    return f"{100 * float(np.mean(known)):.0f} %" if known else "–"


def _most(rows: list[dict[str, Any]], key: str) -> str:
    return f"{max(abs(row[key]) for row in rows):.4f}"


if __name__ == "__main__":
    main()
