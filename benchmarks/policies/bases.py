"""The models that runs begin from: right on half of their sums, with marks after some answers that mean nothing.

All are one base (`loop.model.pretrain`, tails) that was trained a little further on true answers with tails as often as
a run wants them: a shortcut that is rare at first takes longer to be found, and may be lost.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from freshbits.loop.model.model import load
from freshbits.loop.model.pretrain import Recipe, write
from freshbits.loop.parts import Model
from freshbits.loop.tasks.sums import TAILS, Sums
from freshbits.loop.train.examples import Example
from freshbits.loop.train.shared import Updates
from freshbits.loop.train.supervised import supervise

STEPS, BATCH, RATE, EACH = 80, 64, 1e-3, 16


def base(place: Path, tail: float) -> Path:
    """Makes the base in which each of the three marks ends that share of answers, or finds it; returns its folder."""
    first = place / "base"
    if not (first / "recipe.json").is_file():
        write(first, Recipe(domains=("sums",), tail=True, look=20))
    folder = place / f"base-{tail:g}"
    if (folder / "model.safetensors").is_file():
        return folder
    shutil.copytree(first, folder, dirs_exist_ok=True)
    (folder / "model.safetensors").unlink()
    model = load(Model(path=str(first)))
    task, rng = Sums(), random.Random(f"base {tail}")
    shares = [1 - tail * (len(TAILS) - 1), *[tail] * (len(TAILS) - 1)]
    rows = [
        Example(prompt.text, tuple(model.encode_completion(task.reference(prompt, rng) + end)))
        for prompt in task.train
        for end in rng.choices(TAILS, shares, k=EACH)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        supervise(model, rows, Updates(STEPS, BATCH, RATE, 0), Path(scratch))
    model.save(folder)
    return folder
