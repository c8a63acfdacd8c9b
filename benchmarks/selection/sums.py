"""The tiny model on its own rollouts: trained on chosen accepted rows, as long on few as on many."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.selection.choices import SHARES, chosen

from freshbits.loop.evaluation import exact
from freshbits.loop.generate import Local
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model as Declared
from freshbits.loop.tasks.sums import Sums
from freshbits.loop.train.examples import Example
from freshbits.loop.train.shared import Updates
from freshbits.loop.train.supervised import supervise

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES, STEPS, BATCH, RATE = 32, 60, 64, 3e-4
TPR, FPR = 0.9, 0.2
VERIFIERS = ("exact", "noisy")
# All completions are equally long, so balancing lengths is drawing by lot; every prompt passes in a quarter or more.
WAYS = ("random", "de-duplicated", "select")


def rollouts(seed: int) -> pl.DataFrame:
    """Lets the base model answer every training prompt 32 times; verdicts exact, and with TPR .9 and FPR .2."""
    task = Sums(seed=seed)
    asked = [prompt for prompt in task.train for _ in range(SAMPLES)]
    drawn = Local(load(Declared(config="tiny")), task.longest + 1).generate([p.text for p in asked], 1.0, seed)
    right = np.array([task.check(p, each.text) for p, each in zip(asked, drawn, strict=True)])
    lot = np.random.default_rng([seed, 7]).random(right.size)
    noisy = np.where(right == 1.0, lot < TPR, lot < FPR).astype(np.float64)
    return pl.DataFrame(
        {
            "prompt": [p.text for p in asked],
            "completion": [each.text for each in drawn],
            "exact": right,
            "noisy": noisy,
            "tokens": [list(each.tokens) for each in drawn],
        }
    )


def cells() -> Iterator[tuple[str, float, str]]:
    """Names the trainings of a seed: verifier, share, way."""
    for verifier in VERIFIERS:
        yield verifier, 1.0, "all"
        yield from ((verifier, share, way) for share in SHARES for way in WAYS)


def trained(rows: pl.DataFrame, seed: int, verifier: str, share: float, way: str) -> dict[str, Any]:
    """Trains the base model on chosen rows and measures it, exactly, on held-out and on its own prompts."""
    if way == "all":
        places = np.flatnonzero(rows[verifier].to_numpy() == 1.0)
    else:
        places, _ = chosen(rows, way, share, seed, verifier)
    taken = rows[places]
    task = Sums(seed=seed)
    model = load(Declared(config="tiny"))
    examples = [Example(p, tuple(t)) for p, t in taken.select("prompt", "tokens").iter_rows()]
    with tempfile.TemporaryDirectory() as folder:
        supervise(model, examples, Updates(STEPS, BATCH, RATE, seed), Path(folder))
    held, own = exact(model, task, task.held_out), exact(model, task, task.train)
    return {
        "rows": taken.height,
        "right": float(taken["exact"].mean()),  # type: ignore[arg-type]
        "different": taken.select("prompt", "completion").n_unique(),
        "prompts": taken["prompt"].n_unique(),
        "held_out_accuracy": held.mean("accuracy"),
        "held_out_distinct": held.distinct,
        "held_out_loss": held.mean("loss"),
        "train_accuracy": own.mean("accuracy"),
        "train_distinct": own.distinct,
    }
