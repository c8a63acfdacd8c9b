"""Holds the predictor against worlds whose pass rates are known: python -m benchmarks.predictor.worlds [-n 12].

Every world draws prompts whose mean pass rate follows from a word and a number of the text (much, a little, or not at
all), and a pass rate of each prompt from a Beta around it. Asked are: how often the 95 % interval of the gain over the
base rate holds the gain on 3,000 fresh prompts; how often the central 80 % of the believed Beta hold the true rate, of
prompts that were tried and of fresh ones; what was believed; and what is gained on fresh prompts, of what could be.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.stats import beta

from freshbits.remedies.prediction.betabinomial import UNKNOWN
from freshbits.remedies.prediction.encode import Raw
from freshbits.remedies.prediction.scores import difference, log_loss
from freshbits.remedies.prediction.stack import FOLDS, Predictor, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESULTS = Path(__file__).parents[1] / "results"
WORDS = ("apple", "bridge", "cloud", "dragon", "engine", "forest", "garden", "harbour", "island", "jungle")
SAYS = {"much": 1.2, "a little": 0.4, "nothing": 0.0}  # spread of the logit that the text tells
SIZES = ((200, 8), (800, 4))  # prompts, rollouts of each
FRESH = 3_000
SPREADS = (1.0, 4.0, 16.0)  # rollouts that the mean is worth


def main() -> None:
    """Draws worlds, predicts, writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=12, help="worlds of each kind")
    parser.add_argument("--seed", type=int, default=300)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rows = []
    for says in SAYS:
        for prompts, size in SIZES:
            rows.append(_kind(says, prompts, size, asked.n, asked.seed))
            print(rows[-1], flush=True)
    (asked.output / "predictor_worlds.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = _markdown(rows, asked.n)
    (asked.output / "predictor_worlds.md").write_text(text, encoding="utf-8")
    print(text)


def _kind(says: str, prompts: int, size: int, count: int, seed: int) -> dict[str, Any]:
    held, tried, fresh, gained, possible = [], [], [], [], []
    believed: Counter[str] = Counter()
    for number in range(count):
        rng = np.random.default_rng([seed, number, prompts, list(SAYS).index(says)])
        worth = SPREADS[number % len(SPREADS)]
        texts, mean, rate = _world(rng, prompts + FRESH, SAYS[says], worth)
        passed = rng.binomial(size, rate[:prompts]).astype(np.float64)
        raw = Raw.of(pl.DataFrame({"prompt": texts}))
        n = np.full(prompts, float(size))
        found = fit(raw.take(np.arange(prompts)), passed, n, seed=number)
        believed[found.kind] += 1
        stated = found.predict(raw.take(np.arange(prompts, prompts + FRESH)))
        true, base = rate[prompts:], np.full(FRESH, (passed.sum() + 0.5) / (n.sum() + 1))
        one = np.ones(FRESH)
        gain = float((log_loss(base, true, one) - log_loss(stated, true, one)).mean())
        gained.append(gain)
        possible.append(float((log_loss(base, true, one) - log_loss(mean[prompts:], true, one)).mean()))
        _, low, high = difference(log_loss(found.base, passed, n), log_loss(found.crossed, passed, n), FOLDS)
        if found.kind != "base rate":
            held.append(low <= gain <= high)
        tried.append(_inside(found, found.crossed, rate[:prompts], passed, n))
        fresh.append(_inside(found, stated, true, 0 * one, 0 * one))
    return {
        "says": says,
        "prompts": prompts,
        "rollouts": size,
        "believed": dict(sorted(believed.items())),
        "gain held": [sum(held), len(held)],
        "gained": round(float(np.mean(gained)), 4),
        "least gained": round(float(np.min(gained)), 4),
        "possible": round(float(np.mean(possible)), 4),
        "inside 80 %, tried": round(float(np.mean(tried)), 3),
        "inside 80 %, fresh": round(float(np.mean(fresh)), 3),
    }


def _world(
    rng: np.random.Generator, prompts: int, spread: float, worth: float
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    word = rng.integers(0, len(WORDS), prompts)
    digits = rng.integers(1, 6, prompts)
    effect = rng.normal(size=len(WORDS))
    score = spread * (effect[word] - effect.mean() + 0.5 * (3 - digits)) - 0.4
    mean = 1 / (1 + np.exp(-score))
    rate = rng.beta(worth * mean, worth * (1 - mean))
    filler = rng.choice(WORDS, (prompts, 3))
    texts = [
        f"Tell of the {WORDS[w]} that {10 ** (d - 1) + at % 9} people saw near the {' '.join(row)}."
        for at, (w, d, row) in enumerate(zip(word, digits, filler, strict=True))
    ]
    return texts, mean, np.clip(rate, 1e-9, 1 - 1e-9)


def _inside(
    found: Predictor,
    rates: NDArray[np.float64],
    true: NDArray[np.float64],
    passed: NDArray[np.float64],
    asked: NDArray[np.float64],
) -> float:
    value = found.worth or UNKNOWN
    a, b = value * rates + passed, value * (1 - rates) + asked - passed
    return float(((beta.ppf(0.1, a, b) <= true) & (true <= beta.ppf(0.9, a, b))).mean())


def _markdown(rows: list[dict[str, Any]], count: int) -> str:
    lines = [
        "# The predictor on worlds whose pass rates are known",
        "",
        f"{count} worlds of each kind; bits per rollout on fresh prompts. `gain held`: 95 % intervals that hold the "
        "gain on fresh prompts, of those where not the base rate is believed. `inside`: how many true rates lie in the "
        "central 80 % of what is believed.",
        "",
        "| the text says | prompts × rollouts | believed | gained (least), of | gain held | inside: tried, fresh |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        believed = ", ".join(f"{name} {number}" for name, number in row["believed"].items())
        held, of = row["gain held"]
        lines.append(
            f"| {row['says']} | {row['prompts']} × {row['rollouts']} | {believed} | {row['gained']:.3f} "
            f"({row['least gained']:.3f}), {row['possible']:.3f} | {held} of {of} | {row['inside 80 %, tried']:.3f}, "
            f"{row['inside 80 %, fresh']:.3f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
