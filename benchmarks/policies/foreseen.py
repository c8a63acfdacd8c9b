"""What is forecast of a run, from which data: the first candidate from round 0, the onset from rounds 0, 0-1, 0-2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.policies.shortcuts import KINDS, shows

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.dynamics.takeover import passes, pull, tracked
from freshbits.loop.rounds import Rounds
from freshbits.probes.pairs import Pairs, pair_up
from freshbits.probes.race import ProbeResult, race

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.policies.measured import Counted
    from numpy.typing import NDArray

FAMILIES = ("ngram", "gru", "transformer")
FEATURES = [f"{name}=matches:{text}" for name, text in KINDS.items()]
# Growth per round as a share of a full refit's, mean and spread over development runs of the same recipe.
STEP = {"rft": (0.85, 0.35), "grpo": (0.6, 0.35)}


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
    columns = {name: shows(rows["completion"], name).cast(pl.Float64).to_numpy() for name in KINDS}
    columns["truth"] = rows["truth"].to_numpy()
    pairs = Pairs([texts[at] for at in high], [texts[at] for at in low])
    return race(pairs, {name: (each[high], each[low]) for name, each in columns.items()}, families=FAMILIES, seed=seed)


def foreseen_onset(found: Counted, method: str, last: int, trained: NDArray[np.float64]) -> tuple[float, float, float]:
    """Forecasts from rounds 0 to `last` when the shortcut's share of accepted rollouts passes its level.

    It reads verdicts and who shows the shortcut, no truth. Among accepted rollouts its odds are w/v times those among
    all, so they pass the level ln(w/v) earlier.
    """
    with_it, without = found.accepted(last)
    growth = float(pull(with_it, without))
    step, spread = STEP[method]
    shown = found.cells[: last + 1, :, 1].sum((1, 2))
    rows = found.cells[: last + 1].sum((1, 2, 3))
    error = float(np.hypot(spread * growth, step * _error(found, last)))
    course = tracked(shown, rows, trained[: last + 1], step * growth, max(error, 1e-3))
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
