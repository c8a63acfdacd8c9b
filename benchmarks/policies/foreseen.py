"""What is forecast of a run, from which data: the first candidate from round 0, the onset from rounds 0, 0-1, 0-2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.policies.measured import FIRST
from benchmarks.policies.shortcuts import KINDS, shows

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.dynamics.takeover import passes, pull, tracked
from freshbits.loop.rounds import Rounds
from freshbits.probes.pairs import Pairs, pair_up
from freshbits.probes.race import ProbeResult, race
from freshbits.probes.targets import binary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.policies.measured import Counted
    from numpy.typing import NDArray

OWN, PASSES, HALF = "transformer", 3, 0.5
FEATURES = [f"{name}=matches:{text}" for name, text in KINDS.items()]
STEP = {"rft": 1.0, "grpo": 0.9}  # of what is learned in a pass; from development runs
SPREAD = 0.2  # standard deviation of the step around that
FEWEST = 48  # pairs that differ in a candidate; fewer are no pass, and the step is
UNKNOWN = (0.8, 0.35)
HORIZON = 8  # rounds of training


def audited(directory: Path) -> tuple[str, list[str]]:
    """Judges round 0 as the audit does: its verdict, and the shortcuts that matter, in order."""
    _, evidence, _ = gather(directory / "round-000", features=FEATURES)
    found = hacking(evidence, "exact")
    return found.verdict or str(found.code), [each.name for each in found.shortcuts if each.matters]


def probed(directory: Path, seed: int) -> list[ProbeResult]:
    """Runs the probes over accepted and rejected rollouts of round 0: every kind of shortcut, and truth."""
    rows = Rounds(directory).rollouts(0)
    group = rows["group"].rank("dense").cast(pl.UInt64).to_numpy()
    high, low = pair_up(rows["signal.exact"].to_numpy(), group, seed)
    texts = (rows["prompt"] + rows["completion"]).to_list()
    columns = {name: _column(rows, name) for name in (*KINDS, "truth")}
    pairs = Pairs([texts[at] for at in high], [texts[at] for at in low])
    return race(pairs, {name: (each[high], each[low]) for name, each in columns.items()}, families=[OWN], seed=seed)


def step_of(method: str, learned: float | None) -> tuple[float, float]:
    """Returns the share of a full refit that a round goes, before any round was trained: (mean, standard deviation).

    >>> step_of("rft", 0.5), step_of("grpo", None)
    ((0.5, 0.2), (0.8, 0.35))
    """
    return UNKNOWN if learned is None else (STEP[method] * learned, SPREAD)


def foreseen_onset(
    found: Counted, step: tuple[float, float], last: int, trained: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Forecasts from rounds 0 to `last` when the shortcut's share of accepted rollouts passes its level.

    It reads verdicts and who shows the shortcut, no truth. Among accepted rollouts its odds are w/v times those among
    all, so they pass the level ln(w/v) earlier.
    """
    with_it, without = found.accepted(last)
    growth = float(pull(with_it, without))
    shown = found.cells[: last + 1, :, 1].sum((1, 2))
    rows = found.cells[: last + 1].sum((1, 2, 3))
    error = float(np.hypot(step[1] * growth, step[0] * _error(found, last)))
    course = tracked(shown, rows, trained[: last + 1], step[0] * growth, max(error, 1e-3))
    level = found.level()
    return passes(course, float(np.log(level / (1 - level)) - growth))


def _error(found: Counted, last: int) -> float:
    """Returns the standard error of ln(w/v)."""
    by = found.cells[: last + 1].sum((0, 1)) + 0.5
    return float(np.sqrt((1 / by[:, 1] - 1 / by.sum(1)).sum()))


def summary(results: list[ProbeResult]) -> list[dict[str, Any]]:
    """Returns what the probes say of each candidate, as plain data."""
    return [
        {
            "name": each.name,
            "status": each.status,
            "pairs": each.pairs,
            "agreement": each.agreement,
            "learned_first": each.learned_first,
            "relied_on": each.relied_on,
            "price_bits": each.price_bits,
        }
        for each in results
    ]


def learned(directory: Path, seed: int, names: Sequence[str]) -> dict[str, float | None]:
    """Returns how much of each candidate a small model of the learner's family learns in one pass, in bits of 1.

    1 - h(accuracy in the last quarter of the pass), over pairs of round 0's rollouts of one prompt that differ in the
    candidate, whatever the signal said of them: no verdicts are read, and for kinds of shortcuts no truth. Mean
    accuracy of three passes over other pairs; None where fewer than 48 differ.
    """
    rows = Rounds(directory).rollouts(0)
    group = rows["group"].rank("dense").cast(pl.UInt64).to_numpy()
    texts = (rows["prompt"] + rows["completion"]).to_list()
    found: dict[str, float | None] = {}
    for name in names:
        column = _column(rows, name)
        accuracy = []
        for again in range(PASSES):
            high, low = pair_up(column, group, seed + again)
            turned = np.random.default_rng([seed, again]).random(high.size) < HALF
            one, other = np.where(turned, low, high), np.where(turned, high, low)
            pairs = Pairs([texts[at] for at in one], [texts[at] for at in other])
            [result] = race(pairs, {name: (column[one], column[other])}, families=[OWN], seed=seed + again)
            curves = result.curves or {}
            accuracy.append(max(curves[OWN].accuracy, HALF) if OWN in curves else HALF)
        found[name] = None if high.size < FEWEST else float(1 - binary(np.array(np.mean(accuracy))))
    return found


def foreseen_first(directory: Path, seed: int) -> tuple[str, dict[str, Any]]:
    """Forecasts from round 0, all rows with truth, which shortcut is learned first: its kind, `truth` or `none`.

    Whether the verifier pays for anything beyond the truth, the audit says; which kind it is, `surest`: the audit may
    call it by the name of another feature that goes with it. Of that kind, and of truth, the rounds until .1 more of
    all rollouts show it follow from step × pull and from where it stands; the earlier one comes first, `none` where
    neither comes within the horizon.
    """
    verdict, named = audited(directory)
    rows = Rounds(directory).rollouts(0)
    method = directory_method(directory)
    rivals = [*([surest(rows)] if verdict == "at_risk" else []), "truth"]
    bits = learned(directory, seed, rivals)
    paid = rows["signal.exact"].to_numpy()
    rounds = {name: to_rise(_column(rows, name), paid, step_of(method, bits[name])[0]) for name in rivals}
    best = min(rounds, key=lambda name: rounds[name])
    told = best if rounds[best] <= HORIZON else "none"
    return told, {"audit": verdict, "named": named, "learned": bits, "rounds": rounds}


def _column(rows: pl.DataFrame, name: str) -> NDArray[np.float64]:
    if name == "truth":
        return rows["truth"].to_numpy()
    return shows(rows["completion"], name).cast(pl.Float64).to_numpy()


def directory_method(directory: Path) -> str:
    """Reads from the record of a run by which method it is trained."""
    method: str = json.loads((directory / "run.json").read_text(encoding="utf-8"))["loop"]["train"]["method"]
    return method


def to_rise(column: NDArray[np.float64], accepted: NDArray[np.float64], step: float) -> float:
    """Returns in how many rounds .1 more of all rollouts show a candidate, at a step of the pull of these rows."""
    on = column > 0
    if not on.any() or on.all():
        return float("inf")
    rate = [(accepted[which].sum() + HALF) / (which.sum() + 1) for which in (on, ~on)]
    growth = step * float(pull(rate[0], rate[1]))
    start = float(on.mean())
    goal = min(start + FIRST, 1 - 1e-9)
    return float((np.log(goal / (1 - goal)) - np.log(start / (1 - start))) / growth) if growth > 0 else float("inf")


def surest(rows: pl.DataFrame) -> str:
    """Names the kind of shortcut that explains most of what is accepted among equally right rollouts of one prompt.

    The kind with the largest (Σ x y)² / Σ x² where Σ x y > 0; x and y are whether a row shows it and whether it is
    accepted, less the means of their prompt and truth.
    """
    shown = [shows(rows["completion"], name).cast(pl.Float64).alias(name) for name in KINDS]
    cells = rows.select("prompt", "truth", pl.col("signal.exact").alias("paid")).with_columns(shown)
    inside = cells.select((pl.col(name) - pl.col(name).mean()).over("prompt", "truth") for name in (*KINDS, "paid"))
    paid = inside["paid"].to_numpy()
    found = {}
    for name in KINDS:
        column = inside[name].to_numpy()
        along = float(column @ paid)
        found[name] = np.sign(along) * along**2 / max(float(column @ column), 1e-9)
    return max(found, key=lambda name: found[name])
