"""Forecasts from three logged rounds of n-gram models that train on their own text: a closed loop that was not built
from the law that is fitted.

A prompt is a context of one replica, an answer the letter that follows, right is the letter most frequent at the start.
Contexts are visited as often as the model's own text visits them, so rows differ by context and by round.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.forecast import ngrams
from benchmarks.forecast.fits import HORIZON, LOGGED, QUANTITIES, SIZE, hit, inside, markdown, summary

from freshbits.criteria.forecast import SURE
from freshbits.dynamics.choice import choose
from freshbits.dynamics.panel import Panel

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

REPLICAS = 20
LENGTHS = (500, 1000, 2000, 4000)
RUNS = 6
HEAD = (
    "# Round 10 from rounds 0 to 2, n-gram models trained on their own text",
    "# Round 10 from rounds 0 to 2, loops with hidden parameters",
)


def one(source: ngrams.Source, length: int, seed: int) -> dict[str, Any]:
    """Runs replicas of a loop, logs 8 letters per context and round, and forecasts."""
    rng = np.random.default_rng([7, length, seed])
    began = int(rng.integers(source.text.size - length))
    counts = np.repeat(source.counts(source.text[None, began : began + length]), REPLICAS, axis=0)
    asked = counts[0].sum(axis=1) >= 3
    right = counts[0].argmax(axis=1)
    x, unlike, truth = [], [], []
    for number in range(HORIZON + 1):
        share = ngrams.shares(counts)[:, asked].reshape(-1, source.letters)
        mine = np.tile(right[asked], REPLICAS)
        truth.append((float(share[np.arange(mine.size), mine].mean()), float((1 - (share**2).sum(axis=1)).mean())))
        if number < LOGGED:
            drawn = rng.multinomial(SIZE, share / share.sum(axis=1, keepdims=True))
            x.append(drawn[np.arange(mine.size), mine])
            unlike.append(SIZE * (SIZE - 1) - (drawn * (drawn - 1)).sum(axis=1))
        new = source.counts(ngrams.generate(source, counts, length, rng))
        counts = np.where(new.sum(axis=2, keepdims=True) > 0, new, counts)
    n = np.full((x[0].size, LOGGED), SIZE)
    panel = Panel(np.arange(LOGGED), n, np.stack(x, axis=1), np.stack(unlike, axis=1))
    choice = choose(panel, np.array([1, 4, HORIZON - LOGGED + 1]))
    rows = length / source.contexts
    row: dict[str, Any] = {
        "source": source.name,
        "length": length,
        "prompts": x[0].size,
        "rows": rows,
        "enough": x[0].size >= max(200, 10000 / rows),
        "form": choice.course.form if choice.course else None,
        "seconds": 0.0,
    }
    seen = panel.accuracy()[0], (panel.diversity() or (np.zeros(LOGGED), 0))[0]
    for which, name in enumerate(QUANTITIES):
        row[name] = {"true": truth[HORIZON][which], "last": float(seen[which][-1])}
        band = getattr(choice.course, name) if choice.course else None
        if band is not None:
            row[name] |= {
                "value": float(band.value[-1]),
                "low": float(band.low[-1]),
                "high": float(band.high[-1]),
                "shown": bool((band.hit >= SURE).all()),
            }
    return row


def study(folder: Path) -> None:
    """Forecasts every source at every length and writes the results."""
    rows = []
    for source in (ngrams.words(), ngrams.syllables()):
        for length in LENGTHS:
            rows += [one(source, length, seed) for seed in range(RUNS)]
            good = [hit(row[name], "value") for row in rows[-RUNS:] for name in QUANTITIES if "value" in row[name]]
            held = [inside(row[name]) for row in rows[-RUNS:] for name in QUANTITIES if "value" in row[name]]
            print(f"{source.name} {length}: {sum(good)} hits, {sum(held)} covered of {len(good)}", flush=True)
    found = summary(rows)
    text = markdown(found).replace(HEAD[1], HEAD[0]).split("One forecast")[0].rstrip()
    table = "\n".join(line for line in markdown(found).splitlines() if line.startswith("|"))
    (folder / "forecast_learned.json").write_text(
        json.dumps({"study": "learned", "summary": found, "rows": rows}, indent=1) + "\n"
    )
    (folder / "forecast_learned.md").write_text(f"{text}\n\n{table}\n")
