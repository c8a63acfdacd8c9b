"""Forecasts from three logged rounds: tabular loops with hidden parameters, and where they are at round 10.

Hidden, drawn at random for every loop: rows kept n (4 … 128, even in ln n), TPR (.4 … .98), FPR (0 … TPR; in one of
ten equal to TPR, a closed loop), fresh rows in half of the loops (.02 … .3 of all), whether the number kept or the
number sampled is fixed, prompts (200 … 2000), base rates (a Beta with random shape), and how wrong answers share what
is left. Logged: 8 rollouts per prompt in rounds 0, 1, 2. The forecast is told none of it.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.criteria.forecast import SURE
from freshbits.dynamics.choice import choose
from freshbits.dynamics.panel import Panel
from freshbits.dynamics.tolerance import tolerance
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from freshbits.dynamics.forms import Band

    Array = NDArray[np.float64]

LOGGED, HORIZON, SIZE, ANSWERS = 3, 10, 8, 6
CHOSEN = 600  # on loops before these the fit was mended and the chance from which a number is shown was chosen
QUANTITIES = ("accuracy", "diversity")


def hidden(rng: np.random.Generator) -> dict[str, Any]:
    """Draws the parameters of one loop."""
    tpr = float(rng.uniform(0.4, 0.98))
    return {
        "prompts": int(rng.choice([200, 500, 1000, 2000])),
        "n": int(np.round(np.exp(rng.uniform(np.log(4), np.log(128))))),
        "tpr": tpr,
        "fpr": tpr if rng.random() < 0.1 else float(rng.uniform(0.0, tpr)),
        "fresh": 0.0 if rng.random() < 0.5 else float(rng.uniform(0.02, 0.3)),
        "sampled": bool(rng.random() < 0.5),
        "beta": (float(rng.uniform(0.4, 2.5)), float(rng.uniform(0.4, 4.0))),
        "spread": float(rng.uniform(0.5, 3.0)),
    }


def run_loop(seed: int) -> tuple[dict[str, Any], Panel, Array]:
    """Runs one loop: its parameters, what it logged, and (round, quantity) what was true."""
    rng = np.random.default_rng([29, seed])
    own = hidden(rng)
    a, b = own["beta"]
    rate = rng.beta(a, b, own["prompts"])
    wrong = rng.dirichlet(np.full(ANSWERS - 1, own["spread"]), own["prompts"])
    start = np.concatenate([rate[:, None], (1 - rate)[:, None] * wrong], axis=1)
    loop = Loop(
        kept=None if own["sampled"] else own["n"],
        samples=own["n"] if own["sampled"] else None,
        accept=verifier(ANSWERS, tpr=own["tpr"], fpr=own["fpr"]),
        fresh=own["fresh"],
        source=start if own["fresh"] else None,
    )
    right, unlike, truth = [], [], []
    for number, state in enumerate(loop.run(Policies.of(start), seed, HORIZON)):
        truth.append((float(state.rate.mean()), float(state.variety.mean())))
        if number < LOGGED:
            drawn, _ = loop.rollouts(state, seed, SIZE)
            right.append(drawn[0, :, 0])
            unlike.append(SIZE * (SIZE - 1) - (drawn[0] * (drawn[0] - 1)).sum(axis=1))
    n = np.full((own["prompts"], LOGGED), SIZE)
    return own, Panel(np.arange(LOGGED), n, np.stack(right, axis=1), np.stack(unlike, axis=1)), np.array(truth)


def one(seed: int) -> dict[str, Any]:
    """Forecasts one loop."""
    own, panel, truth = run_loop(seed)
    began = time.process_time()
    choice = choose(panel, np.array([1, 4, HORIZON - LOGGED + 1]))
    row: dict[str, Any] = {"loop": seed, **own, "seconds": time.process_time() - began}
    rows = own["n"] * (own["tpr"] if own["sampled"] else 1.0)
    row["enough"] = own["prompts"] >= max(200, 10000 / rows)
    row["form"] = choice.course.form if choice.course else None
    seen = panel.accuracy()[0], (panel.diversity() or (np.zeros(LOGGED), 0))[0]
    for which, name in enumerate(QUANTITIES):
        true = float(truth[HORIZON, which])
        row[name] = {"true": true, "last": float(seen[which][-1])}
        band: Band | None = getattr(choice.course, name) if choice.course else None
        if band is not None:
            row[name] |= {
                "value": float(band.value[-1]),
                "low": float(band.low[-1]),
                "high": float(band.high[-1]),
                "chance": float(band.hit[-1]),
                "shown": bool((band.hit >= SURE).all()),
            }
    return row


def study(folder: Path, loops: int) -> None:
    """Forecasts so many loops that nothing was chosen on, and writes the results, every 20 loops."""
    rows = []
    for seed in range(CHOSEN, CHOSEN + loops):
        rows.append(one(seed))
        if len(rows) % 20 == 0 or len(rows) == loops:
            summed = summary(rows)
            text = {"study": "fits", "summary": summed, "rows": rows}
            (folder / "forecast_fits.json").write_text(json.dumps(text, indent=1) + "\n")
            (folder / "forecast_fits.md").write_text(markdown(summed))
            print(f"fits {len(rows)}/{loops}", flush=True)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns hits, coverage and refusals, for each quantity and for both together."""
    found: dict[str, Any] = {"loops": len(rows), "seconds": float(np.median([row["seconds"] for row in rows]))}

    def of(test: Callable[[dict[str, Any]], bool], among: list[dict[str, Any]]) -> float | None:
        return float(np.mean([test(row) for row in among])) if among else None

    for name in (*QUANTITIES, "both"):
        parts = QUANTITIES if name == "both" else (name,)
        shown = [row for row in rows if all(row[part].get("shown", False) for part in parts)]
        enough = [row for row in rows if row["enough"]]
        answered = [row for row in rows if all("low" in row[part] for part in parts)]
        found[name] = {
            "shown": len(shown),
            "refused": 1 - len(shown) / len(rows),
            "refused where prompts are enough": of(lambda row, s=shown: row not in s, enough),  # type: ignore[misc]
            "hit": of(lambda row, p=parts: all(hit(row[part], "value") for part in p), shown),  # type: ignore[misc]
            "last value hit": of(lambda row, p=parts: all(hit(row[part], "last") for part in p), shown),  # type: ignore[misc]
            "covered, shown": of(lambda row, p=parts: all(inside(row[part]) for part in p), shown),  # type: ignore[misc]
            "covered, all": of(lambda row, p=parts: all(inside(row[part]) for part in p), answered),  # type: ignore[misc]
        }
    return found


def hit(part: dict[str, Any], name: str) -> bool:
    """Tells whether a forecast is within 10 % or .03 of what came."""
    return bool(abs(part[name] - part["true"]) <= tolerance(part["true"]))


def inside(part: dict[str, Any]) -> bool:
    """Tells whether the 90 % interval holds what came."""
    return bool(part["low"] <= part["true"] <= part["high"])


def markdown(found: dict[str, Any]) -> str:
    """Writes the summary as a table."""
    lines = [
        "# Round 10 from rounds 0 to 2, loops with hidden parameters",
        "",
        f"{found['loops']} loops; 8 rollouts per prompt and round; a hit is within 10 % or .03. Intervals are 90 %. "
        f"One forecast with its backtest takes {found['seconds']:.1f} CPU s (median).",
        "",
    ]
    columns = list(found["accuracy"])
    lines += ["| | " + " | ".join(columns) + " |", "|" + " --- |" * (len(columns) + 1)]
    for name in (*QUANTITIES, "both"):
        cells = [
            "–" if value is None else str(value) if isinstance(value, int) else f"{value:.1%}"
            for value in found[name].values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
