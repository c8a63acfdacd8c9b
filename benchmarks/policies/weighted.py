"""Rewards of two components, accuracy and something easy, at weights from 4:1 to 1:4: which one is used up first."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.policies.bases import base
from benchmarks.policies.foreseen import OWN, learned, step_of
from benchmarks.policies.measured import crossing
from benchmarks.policies.plans import METHODS, TAILS
from benchmarks.policies.shortcuts import KINDS, shows

from freshbits.loop.declare import Loop
from freshbits.loop.rounds import Rounds
from freshbits.loop.run import run
from freshbits.probes.pairs import Pairs, pair_up
from freshbits.probes.race import race

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from freshbits.loop.tasks.task import Prompt

WEIGHTS = ((4, 1), (2, 1), (1, 1), (1, 2), (1, 4))
ROUNDS = 4


@dataclass(frozen=True)
class Weighed:
    """Pays being right one weight and showing something another; rft keeps what is above its group's mean.

    Attributes:
        seed: of the loop.
        method: `rft` or `grpo`.
        kind: what the easy component is paid for.
        tail: share of the base's answers that end in each of three marks.
        weights: of accuracy and of the easy component.
    """

    seed: int
    method: str
    kind: str
    tail: float
    weights: tuple[int, int]

    @property
    def name(self) -> str:
        """Its directory."""
        return f"weighed-{self.seed}"

    @property
    def key(self) -> str:
        """What the record of a run says of the reward."""
        return f"weighed {self.method} {self.kind} {self.weights[0]}:{self.weights[1]}"

    def __call__(self, _: Sequence[Prompt], rows: pl.DataFrame) -> list[float | None]:
        """Scores the rows of a round: the total, or for rft whether it is above the mean of its group."""
        total = self.weights[0] * pl.col("truth") + self.weights[1] * pl.col("easy")
        paid = rows.with_columns(easy=shows(rows["completion"], self.kind).cast(pl.Float64)).select(
            pl.col("group"), total=total
        )
        if self.method == "rft":
            paid = paid.with_columns(total=(pl.col("total") > pl.col("total").mean().over("group")).cast(pl.Float64))
        found: list[float | None] = paid["total"].to_list()
        return found

    def run(self, place: Path, folder: str) -> Path:
        """Runs the loop, or goes on with it; returns its directory."""
        declared: dict[str, Any] = {
            "name": self.name,
            "task": {"environment": "sums", "seed": self.seed, "options": {"tail": True}},
            "model": {"path": str(base(place, self.tail))},
            "signal": {"verifier": "exact"},
            "train": {"method": self.method, "rounds": ROUNDS, "learning_rate": 3e-4},
            "meter": {"exact": False, "samples": 1},
            "seed": self.seed,
        }
        directory = place / folder / self.name
        run(Loop(**declared), directory, resume=True, signals={"exact": self})
        return directory


def weighed(seed: int) -> Weighed:
    """Draws a loop: weights take turns, methods and kinds too."""
    rng = random.Random(f"weighed {seed}")
    weights = WEIGHTS[seed % len(WEIGHTS)]
    method = METHODS[(seed // len(WEIGHTS)) % len(METHODS)]
    return Weighed(seed, method, list(KINDS)[seed % len(KINDS)], rng.choice(TAILS), weights)


def course(directory: Path, kind: str) -> dict[str, list[float]]:
    """Returns the mean of each component by round."""
    rounds = Rounds(directory)
    rows = [rounds.rollouts(number) for number in range(rounds.done)]
    return {
        "accuracy": [float(each["truth"].to_numpy().mean()) for each in rows],
        "easy": [float(shows(each["completion"], kind).to_numpy().mean()) for each in rows],
    }


def used_up(course: dict[str, list[float]]) -> tuple[str, dict[str, float]]:
    """Returns which component is used up first, and the round in which each has gone half of its way to 1.

    Where neither gets there, the one that has gone more of its way in the end.
    """
    rounds = {name: crossing(np.array(means), (1 + means[0]) / 2) for name, means in course.items()}
    if np.isfinite(min(rounds.values())):
        return min(rounds, key=lambda name: rounds[name]), rounds
    way = {name: (means[-1] - means[0]) / (1 - means[0]) for name, means in course.items()}
    return max(way, key=lambda name: way[name]), rounds


def from_start(plan: Weighed, directory: Path) -> dict[str, Any]:
    """Reads what a forecast may know, from round 0: means, pulls, contrast inside groups, and what the probes say.

    The pull is ln of the ratio of acceptance with and without the component for rft, else the difference in mean
    advantage, (r - group's mean) / group's standard deviation.
    """
    rows = Rounds(directory).rollouts(0)
    group = rows["group"].rank("dense").cast(pl.UInt64).to_numpy()
    reward = rows["signal.exact"].to_numpy()
    columns = {
        "accuracy": rows["truth"].to_numpy(),
        "easy": shows(rows["completion"], plan.kind).cast(pl.Float64).to_numpy(),
    }
    high, low = pair_up(reward, group, plan.seed)
    texts = (rows["prompt"] + rows["completion"]).to_list()
    pairs = Pairs([texts[at] for at in high], [texts[at] for at in low])
    given = {name: (each[high], each[low]) for name, each in columns.items()}
    told = {each.name: each for each in race(pairs, given, families=[OWN], seed=plan.seed)}
    known = learned(directory, plan.seed, ["truth", plan.kind])
    bits = {"accuracy": known["truth"], "easy": known[plan.kind]}
    found: dict[str, Any] = {}
    for name, each in columns.items():
        found[name] = {
            "start": float(each.mean()),
            "pull": pull_of(plan.method, reward, each, group),
            "contrast": contrast(each, group),
            "learned_first": told[name].learned_first,
            "relied_on": told[name].relied_on,
            "price_bits": told[name].price_bits,
            "learned": bits[name],
            "agreement": told[name].agreement,
            "pairs": told[name].pairs,
        }
    return found


def pull_of(method: str, reward: NDArray[np.float64], column: NDArray[np.float64], group: NDArray[np.uint64]) -> float:
    """Returns what selection does to a component in one round, before any step: see `from_start`."""
    on = column > 0
    if method == "rft":
        rate = [(reward[which].sum() + 0.5) / (which.sum() + 1) for which in (on, ~on)]
        return float(np.log(rate[0] / rate[1]))
    _, place = np.unique(group, return_inverse=True)
    size = np.bincount(place)
    mean = np.bincount(place, weights=reward) / size
    spread = np.sqrt(np.maximum(np.bincount(place, weights=(reward - mean[place]) ** 2) / (size - 1), 1e-12))
    advantage = (reward - mean[place]) / (spread[place] + 1e-4)
    return float(advantage[on].mean() - advantage[~on].mean()) if on.any() and not on.all() else 0.0


def contrast(column: NDArray[np.float64], group: NDArray[np.uint64]) -> float:
    """Returns the variance of a component inside groups: its share of what a reward with these weights can follow."""
    _, place = np.unique(group, return_inverse=True)
    mean = np.bincount(place, weights=column) / np.bincount(place)
    return float(((column - mean[place]) ** 2).mean())


def foreseen(start: dict[str, Any], method: str) -> tuple[str, dict[str, float]]:
    """Forecasts from round 0 which component is used up first: the one that is sooner half-way, by step × pull."""
    rounds = {}
    for name, each in start.items():
        half = (1 + each["start"]) / 2
        way = np.log(half / (1 - half)) - np.log(each["start"] / (1 - each["start"]))
        growth = step_of(method, each["learned"])[0] * each["pull"]
        rounds[name] = float(way / growth) if growth > 0 else float("inf")
    return min(rounds, key=lambda name: rounds[name]), rounds


def rules(start: dict[str, Any], weights: tuple[int, int]) -> dict[str, str]:
    """Returns what simpler rules say: the heavier one, the one with more of the reward's variance, always the easy one.

    Where weights are equal the heavier is taken to be the easy one.
    """
    variance = {
        name: weight**2 * start[name]["contrast"] for name, weight in zip(("accuracy", "easy"), weights, strict=True)
    }
    return {
        "heavier": "accuracy" if weights[0] > weights[1] else "easy",
        "more variance": max(variance, key=lambda name: variance[name]),
        "always the easy one": "easy",
    }
