"""Measures what an allocator costs on a pool of a million prompts: python -m benchmarks.predictor.speed [-n 1000000].

The pool is made up: a sentence with a number, a topic, a few words. Reading and hashing happen once; a round is
`suggest` and the `observe` calls of its verdicts; learning again happens when half as many prompts again were tried.
Seconds are those of the processor, on one thread, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from freshbits.remedies.allocator import Allocator

RESULTS = Path(__file__).parents[1] / "results"
ROUND, SAMPLES, ROUNDS = 512, 8, 6
NOUNS = ("apple", "bridge", "cloud", "dragon", "engine", "forest", "garden", "harbour", "island", "jungle")


def main() -> None:
    """Builds the pool, plays rounds, writes the seconds of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1_000_000)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    word = rng.integers(0, len(NOUNS), (asked.n, 6))
    number = rng.integers(1, 10 ** rng.integers(1, 6, asked.n))
    texts = pl.Series(
        "prompt",
        [
            f"Problem {at}: how many ways are there to put {value} of the {' '.join(NOUNS[w] for w in row)}? Explain."
            for at, (value, row) in enumerate(zip(number.tolist(), word, strict=True))
        ],
    )
    rate = 1 / (1 + np.exp(0.8 * np.log10(number) - 0.4 * word[:, 0] + 0.5))
    began = time.process_time()
    allocator = Allocator(texts, samples=SAMPLES, seed=1)
    found: dict[str, Any] = {"prompts": asked.n, "reading and hashing": round(time.process_time() - began, 2)}
    suggest: list[float] = []
    observe: list[float] = []
    learning: list[float] = []
    for _ in range(ROUNDS):
        before = allocator.prediction
        began = time.process_time()
        places = allocator.suggest(ROUND)
        (suggest if allocator.prediction is before else learning).append(time.process_time() - began)
        began = time.process_time()
        for place in places:
            allocator.observe(place, int(rng.binomial(SAMPLES, rate[place])), SAMPLES)
        observe.append(time.process_time() - began)
    found["suggest, most"] = round(max(suggest), 3)
    found["suggest with learning again, most"] = round(max(learning), 2)
    found["observe a round, most"] = round(max(observe), 4)
    found["memory, GB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    (asked.output / "predictor_speed.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
