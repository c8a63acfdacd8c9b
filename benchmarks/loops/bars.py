"""Reads finished runs and says which bars they meet."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.loop.arms import ROUNDS, arms
from freshbits.loop.foresight import LEVEL, Foreseen, foresee
from freshbits.loop.rounds import Rounds

if TYPE_CHECKING:
    from pathlib import Path

SINCE = 2
GAIN = 0.05  # a verifier must be worth at least so much more than as much training on true answers
COVERED, NARROW, NARROW_VARIETY = 0.8, 0.10, 0.25
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


@dataclass(frozen=True)
class Ended:
    """Holds one run: where it began and ended, and what was forecast of its end."""

    seed: int
    arm: str
    accuracy: list[float]
    distinct: list[float]
    contrast_bits: float | None
    foreseen: Foreseen


def read(directory: Path, seeds: list[int]) -> list[Ended]:
    """Reads the runs of every seed."""
    found = []
    for seed in seeds:
        for arm in arms(seed):
            rounds = Rounds(directory / str(seed) / arm.name)
            ledgers = [rounds.ledger(number) for number in range(ROUNDS + 1)]
            bits = ledgers[0]["contrast_bits"]
            found.append(
                Ended(
                    seed,
                    arm.name,
                    [ledger["evaluation"]["held_out_accuracy"] for ledger in ledgers],
                    [ledger["evaluation"]["held_out_distinct"] for ledger in ledgers],
                    None if bits is None else bits["value"],
                    foresee(rounds, SINCE, ROUNDS),
                )
            )
    return found


def judged(found: list[Ended]) -> dict[str, Any]:
    """Holds the runs against the bars."""
    ends = {(each.arm, each.seed): each for each in found}
    seeds = sorted({each.seed for each in found})

    def differences(one: str, other: str, name: str) -> list[float]:
        return [getattr(ends[one, s], name)[-1] - getattr(ends[other, s], name)[-1] for s in seeds]

    closed = {
        name: {
            "seeds_not_above_frozen": sum(value <= 1e-9 for value in differences("closed", "frozen", name)),
            **_interval(differences("closed", "frozen", name)),
        }
        for name in ("accuracy", "distinct")
    }
    gains = {}
    for arm in ("rft", "grpo"):
        told = _interval(differences(arm, "fresh", "accuracy"))
        gains[arm] = {**told, "bar": GAIN, "met": told["mean"] >= GAIN and told["low"] > 0}
    return {
        "seeds": seeds,
        "closed_against_frozen": closed,
        "gain_over_fresh": gains,
        "forecasts": _forecasts(found),
        "runs": [{**asdict(each)} for each in found],
    }


def _interval(values: list[float]) -> dict[str, float]:
    """Returns the mean over seeds with its 95 % t interval."""
    mean = float(np.mean(values))
    half = T95[len(values)] * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return {"mean": mean, "low": mean - half, "high": mean + half}


def _forecasts(found: list[Ended]) -> dict[str, Any]:
    rows = {arm: [each for each in found if each.arm == arm] for arm in dict.fromkeys(each.arm for each in found)}
    return {"all": _coverage(found), "by_arm": {arm: _coverage(some) for arm, some in rows.items()}}


def _coverage(found: list[Ended]) -> dict[str, Any]:
    told: dict[str, Any] = {"runs": len(found)}
    for name, bar in (("accuracy", NARROW), ("variety", NARROW_VARIETY)):
        told[name] = {}
        for level in (LEVEL, COVERED):
            # The ends of the 90 % interval, drawn in as a normal law would have them for the lower level.
            part = NormalDist().inv_cdf((1 + level) / 2) / NormalDist().inv_cdf((1 + LEVEL) / 2)
            inside, half = [], []
            for each in found:
                band, came = getattr(each.foreseen, name), getattr(each.foreseen, f"{name}_came")
                low, high = (band.value + part * (end - band.value) for end in (band.low, band.high))
                inside.append(low <= came <= high)
                half.append((high - low) / 2 / (1.0 if name == "accuracy" else band.value))
            share, width = float(np.mean(inside)), float(np.median(half))
            met = share >= COVERED and width <= bar
            told[name][f"{100 * level:.0f}"] = {"covered": share, "half_width": width, "met": met}
    return told
