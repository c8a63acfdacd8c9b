"""Projections of declared situations: does the 90 % interval hold what a loop of that kind does?

Drawn at random for every loop: rows kept or sampled per prompt (4 … 64), TPR (.4 … .98), FPR (0 … TPR), fresh rows in
one of four (.02 … .3), a pool that accumulates in two of five of those that keep a number and have no fresh rows,
prompts (100 … 1000), base rates (a Beta with random shape), four right answers equally likely.
In half of the loops the channel is declared exactly; in the others as it would be read from 200 right and 200 wrong
labelled rows, with a 90 % interval. One loop is then run: its accuracy and the variety left among right answers are
looked up in the projection after 1, 3, 5 and 10 rounds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import beta

from freshbits.dynamics.projection import project
from freshbits.dynamics.situation import Situation
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROUNDS = (1, 3, 5, 10)
RIGHT, ANSWERS, LABELS = 4, 8, 200
HEAD = """# Projections of declared situations against one loop of each

{loops} loops. Share of 90 % intervals that hold what came, and mean width.

| channel | pool | quantity | after | loops | covered | width |
| --- | --- | --- | --- | --- | --- | --- |
"""


def one(seed: int) -> list[dict[str, Any]]:
    """Declares a loop, runs it, and compares: one row per quantity and round."""
    rng = np.random.default_rng([31, seed])
    tpr = float(rng.uniform(0.4, 0.98))
    fpr = float(rng.uniform(0.0, tpr))
    n, sampled, exact = int(np.exp(rng.uniform(np.log(4), np.log(64)))), bool(rng.random() < 0.5), seed % 2 == 0
    prompts = int(rng.choice([100, 300, 1000]))
    fresh = float(rng.uniform(0.02, 0.3)) if rng.random() < 0.25 else 0.0
    a, b = float(rng.uniform(0.4, 2.5)), float(rng.uniform(0.4, 4.0))
    pooled = not sampled and not fresh and bool(rng.random() < 0.4)
    projection = project(
        Situation(
            base_rate=("beta", a, b),
            tpr=tpr if exact else read(rng, tpr),
            fpr=fpr if exact else read(rng, fpr),
            keep=None if sampled else n,
            samples=n if sampled else None,
            prompts=prompts,
            fresh=fresh,
            pool="accumulate" if pooled else "replace",
            rounds=max(ROUNDS),
        )
    )
    rate = rng.beta(a, b, prompts)[:, None]
    start = np.hstack([np.repeat(rate / RIGHT, RIGHT, axis=1), np.repeat((1 - rate) / RIGHT, RIGHT, axis=1)])
    loop = Loop(
        kept=None if sampled else n,
        samples=n if sampled else None,
        accept=verifier(ANSWERS, tpr=tpr, fpr=fpr, right=RIGHT),
        fresh=fresh,
        source=start if fresh else None,
        accumulate=pooled,
    )
    found = []
    for number, state in enumerate(loop.run(Policies.of(start, right=RIGHT), seed, max(ROUNDS))):
        if number not in ROUNDS:
            continue
        row = projection.trajectory[number]
        square = state.rate**2
        unlike = float((square * np.nan_to_num(state.right_variety)).sum() / max(square.sum(), 1e-12))
        left = unlike / (1 - 1 / RIGHT)
        for name, true in (("accuracy", float(state.rate.mean())), ("diversity", left)):
            band = row[name]
            found.append(
                {
                    "loop": seed,
                    "channel": "exact" if exact else "labelled",
                    "pool": "accumulate" if pooled else "replace",
                    "quantity": name,
                    "after": number,
                    "true": true,
                    "value": band.value,
                    "low": band.low,
                    "high": band.high,
                }
            )
    return found


def read(rng: np.random.Generator, rate: float) -> tuple[float, float, float]:
    """Returns a rate as read from labelled rows, with its 90 % interval."""
    hits = int(rng.binomial(LABELS, rate))
    low, high = beta.ppf([0.05, 0.95], hits + 0.5, LABELS - hits + 0.5)
    value = hits / LABELS
    return value, min(float(low), value), max(float(high), value)


def study(folder: Path, loops: int) -> None:
    """Runs so many loops and writes how many intervals hold what came."""
    rows = [row for seed in range(loops) for row in one(seed)]
    text = json.dumps({"study": "projections", "rows": rows}, indent=1)
    (folder / "forecast_projections.json").write_text(text + "\n")
    names = ("accuracy", "diversity")
    lines = [_line(rows, {"channel": channel, "quantity": name}) for channel in ("exact", "labelled") for name in names]
    lines += [_line(rows, {"pool": pool, "quantity": name}) for pool in ("replace", "accumulate") for name in names]
    lines += [_line(rows, {"quantity": name, "after": after}) for name in names for after in ROUNDS]
    lines.append(_line(rows, {}))
    (folder / "forecast_projections.md").write_text(HEAD.format(loops=loops) + "\n".join(lines) + "\n")


def _line(rows: list[dict[str, Any]], only: dict[str, Any]) -> str:
    here = [row for row in rows if all(row[name] == value for name, value in only.items())]
    covered = float(np.mean([row["low"] <= row["true"] <= row["high"] for row in here]))
    width = float(np.mean([row["high"] - row["low"] for row in here]))
    cells = [str(only.get(name, "all")) for name in ("channel", "pool", "quantity", "after")]
    return f"| {' | '.join(cells)} | {len({row['loop'] for row in here})} | {covered:.1%} | {width:.3f} |"
