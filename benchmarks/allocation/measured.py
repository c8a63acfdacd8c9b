"""Tunes every strategy alike, runs it on fresh seeds, and says how many calls it needs relative to uniform.

Target of a seed: four fifths of what uniform, at the rate that gains it most, gains in its budget. Rates are tuned on
seeds of their own, each strategy for the fewest calls to that target, on one grid that grows until the best rate lies
inside it; a run of tuning that has spent 1.5 times the calls of the best rate so far is given up. Where runs may break
(`careful`), a rate has to bring every seed of tuning to its target, and the median of calls decides among those that
do. Fresh seeds then run at the tuned rates. Runs that do not get there within 1.5 times the budget count as that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.allocation.worlds import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHARE = 0.8
KEPT_TO = 2e-5  # runs are kept to five digits
SMOOTH = 3  # evaluations that a curve is averaged over before it is read
PATIENCE = 1.5  # times the budget, or the best rate's calls, after which a run is given up
GROWN = 2  # times that a grid may grow on either side


@dataclass(frozen=True)
class Course:
    """Holds one run: calls, steps and accuracy at every evaluation."""

    calls: list[int]
    steps: list[int]
    accuracy: list[float]

    def smooth(self) -> NDArray[np.float64]:
        """Returns accuracy averaged over the last evaluations."""
        each = np.asarray(self.accuracy)
        total = np.cumsum(np.concatenate([[0.0], each]))
        ends = np.arange(1, len(each) + 1)
        starts = np.maximum(ends - SMOOTH, 0)
        return np.asarray((total[ends] - total[starts]) / (ends - starts))

    def reached(self, target: float, cap: float) -> tuple[float, float, bool]:
        """Returns calls and steps to the target, between two evaluations by proportion; the cap where it is not met."""
        level = self.smooth()
        there = np.flatnonzero(level >= target - KEPT_TO)
        if not len(there):
            per = self.steps[-1] / max(self.calls[-1], 1)
            return cap, cap * per, False
        at = int(there[0])
        if at == 0:
            return float(max(self.calls[0], 1)), float(max(self.steps[0], 1)), True
        part = (target - level[at - 1]) / (level[at] - level[at - 1])
        return (
            self.calls[at - 1] + part * (self.calls[at] - self.calls[at - 1]),
            self.steps[at - 1] + part * (self.steps[at] - self.steps[at - 1]),
            True,
        )


class Shelf:
    """Keeps runs on disk, one line each, so that a study can be gone on with."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.held: dict[str, Course] = {}
        if file is not None and file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self.held[row["key"]] = Course(row["calls"], row["steps"], row["accuracy"])

    def get(self, key: str, make: Callable[[], Course]) -> Course:
        """Returns a run, made once."""
        if key not in self.held:
            found = self.held[key] = make()
            if self.file is not None:
                with self.file.open("a", encoding="utf-8") as out:
                    accuracy = [round(each, 5) for each in found.accuracy]
                    row = {"key": key, "calls": found.calls, "steps": found.steps, "accuracy": accuracy}
                    out.write(json.dumps(row) + "\n")
        return self.held[key]


@dataclass(frozen=True)
class Study:
    """Says what is compared in one cell.

    Attributes:
        name: of the cell.
        prompts: how many there are.
        strategies: names; the first is uniform.
        rates: the grid that tuning begins with.
        growth: factor between neighbouring rates.
        budget: calls of uniform.
        run: (strategy, rate, seed, target or None, most calls) → course.
        tuned_on: seeds of tuning.
        seeds: fresh seeds.
        untuned: names of strategies that are run at uniform's rates, too: the one it was tuned to, and the one that
            gains it most in its whole budget, at which uniform is run for comparison.
        careful: whether a rate has to bring every seed of tuning to its target.
    """

    name: str
    prompts: int
    strategies: tuple[str, ...]
    rates: tuple[float, ...]
    growth: float
    budget: int
    run: Callable[[str, float, int, float | None, float], Course]
    tuned_on: Sequence[int]
    seeds: Sequence[int]
    untuned: tuple[str, ...] = ()
    careful: bool = False

    def held(self, shelf: Shelf) -> dict[str, Any]:
        """Tunes, runs, and returns what came out."""
        uniform = self.strategies[0]
        grid, best = self._best_gain(shelf)
        targets = {seed: self._target(shelf, best, seed) for seed in (*self.tuned_on, *self.seeds)}
        tuned: dict[str, dict[str, Any]] = {}
        for name in self.strategies:
            tuned[name] = (self._survived if self.careful else self._tuned)(shelf, name, grid, targets)
        base = self._fresh(shelf, uniform, tuned[uniform]["rate"], targets)
        rows = {}
        for name in self.strategies:
            rows[name] = {**tuned[name], **compared(self._fresh(shelf, name, tuned[name]["rate"], targets), base)}
        for name in self.untuned:
            same = tuned[uniform]
            rows[f"{name}, at uniform's rate"] = {
                **same,
                **compared(self._fresh(shelf, name, same["rate"], targets), base),
            }
            if best != same["rate"]:  # the rate that gains uniform most in its whole budget, for both
                slow = self._fresh(shelf, uniform, best, targets)
                both = compared(self._fresh(shelf, name, best, targets), slow)
                rows[f"{name}, both at {best:.2g}"] = {"rate": best, "inside": True, **both}
        start = [self._whole(shelf, best, seed).accuracy[0] for seed in self.seeds]
        return {
            "cell": self.name,
            "budget": self.budget,
            "seeds": len(self.seeds),
            "start": float(np.mean(start)),
            "target": float(np.mean([targets[seed] for seed in self.seeds])),
            "uniform_calls": float(np.median([each[0] for each in base])),
            "passes": float(np.median([each[0] for each in base])) / (GROUP * self.prompts),
            "rate_of_target": best,
            "strategies": rows,
        }

    def _whole(self, shelf: Shelf, rate: float, seed: int) -> Course:
        key = f"{self.name}|whole|{rate:.6g}|{seed}"
        return shelf.get(key, lambda: self.run(self.strategies[0], rate, seed, None, self.budget))

    def _target(self, shelf: Shelf, rate: float, seed: int) -> float:
        found = self._whole(shelf, rate, seed)
        return found.accuracy[0] + SHARE * (float(found.smooth()[-1]) - found.accuracy[0])

    def _best_gain(self, shelf: Shelf) -> tuple[list[float], float]:
        grid = list(self.rates)
        for _ in range(2 * GROWN):
            gains = [np.mean([self._whole(shelf, rate, seed).smooth()[-1] for seed in self.tuned_on]) for rate in grid]
            at = int(np.argmax(gains))
            if 0 < at < len(grid) - 1:
                break
            grid = [grid[0] / self.growth, *grid] if at == 0 else [*grid, grid[-1] * self.growth]
        return grid, grid[at]

    def _tuned(self, shelf: Shelf, name: str, grid: list[float], targets: dict[int, float]) -> dict[str, Any]:
        rates, spent = list(grid), {}
        least = dict.fromkeys(self.tuned_on, np.inf)
        for _ in range(2 * GROWN):
            for rate in sorted(rates, key=lambda each: abs(np.log(each / grid[len(grid) // 2]))):
                if rate in spent:
                    continue
                each = []
                for seed in self.tuned_on:
                    cap = PATIENCE * min(self.budget, least[seed])
                    calls, _, there = self._one(shelf, name, rate, seed, targets, cap)
                    least[seed] = min(least[seed], calls if there else np.inf)
                    each.append(np.log(calls))
                spent[rate] = float(np.mean(each))
            at = int(np.argmin([spent[rate] for rate in rates]))
            if 0 < at < len(rates) - 1:
                break
            rates = [rates[0] / self.growth, *rates] if at == 0 else [*rates, rates[-1] * self.growth]
        at = rates.index(min(spent, key=lambda each: spent[each]))
        return {"rate": rates[at], "inside": 0 < at < len(rates) - 1}

    def _survived(self, shelf: Shelf, name: str, grid: list[float], targets: dict[int, float]) -> dict[str, Any]:
        """Tunes by the median of calls, among rates at which every seed gets there; else by how many do."""
        rates: list[float] = list(grid)
        spent: dict[float, tuple[int, float]] = {}
        for _ in range(2 * GROWN):
            for rate in sorted(rates, key=lambda each: abs(np.log(each / grid[len(grid) // 2]))):
                if rate in spent:
                    continue
                least = min((calls for lost, calls in spent.values() if lost == 0), default=np.inf)
                each: list[tuple[float, float, bool]] = []
                for seed in self.tuned_on:
                    each.append(self._one(shelf, name, rate, seed, targets, PATIENCE * self.budget))
                    worse = sum(calls > least for calls, _, _ in each) > len(self.tuned_on) / 2
                    if least < np.inf and (worse or not each[-1][2]):
                        break  # another rate brings all of them there, and it takes fewer calls or loses none
                lost = len(self.tuned_on) - sum(bool(there) for _, _, there in each)
                spent[rate] = (lost, float(np.median([calls for calls, _, _ in each])))
            at = rates.index(min(spent, key=lambda each: spent[each]))
            if 0 < at < len(rates) - 1:
                break
            rates = [rates[0] / self.growth, *rates] if at == 0 else [*rates, rates[-1] * self.growth]
        at = rates.index(min(spent, key=lambda each: spent[each]))
        return {"rate": rates[at], "inside": 0 < at < len(rates) - 1, "lost": int(spent[rates[at]][0])}

    def _one(
        self, shelf: Shelf, name: str, rate: float, seed: int, targets: dict[int, float], cap: float
    ) -> tuple[float, float, bool]:
        key = f"{self.name}|{name}|{rate:.6g}|{seed}"
        whole = f"{self.name}|whole|{rate:.6g}|{seed}"
        if name == self.strategies[0] and whole in shelf.held and cap <= self.budget * PATIENCE:
            found = shelf.held[whole]  # the same run, and further
            calls, steps, there = found.reached(targets[seed], cap)
            if there:
                return (min(calls, cap), steps, calls <= cap)
        found = shelf.get(key, lambda: self.run(name, rate, seed, targets[seed], cap))
        return found.reached(targets[seed], cap)

    def _fresh(
        self, shelf: Shelf, name: str, rate: float, targets: dict[int, float]
    ) -> list[tuple[float, float, bool]]:
        return [self._one(shelf, name, rate, seed, targets, PATIENCE * self.budget) for seed in self.seeds]


def compared(own: list[tuple[float, float, bool]], base: list[tuple[float, float, bool]]) -> dict[str, Any]:
    """Returns calls and steps relative to uniform, seed by seed, with the 95 % interval of the geometric mean."""
    calls = np.log([a[0] / b[0] for a, b in zip(own, base, strict=True)])
    steps = np.log([max(a[1], 1) / max(b[1], 1) for a, b in zip(own, base, strict=True)])
    low, high = interval(calls)
    return {
        "median": float(np.exp(np.median(calls))),
        "mean": float(np.exp(calls.mean())),
        "low": low,
        "high": high,
        "steps": float(np.exp(np.median(steps))),
        "reached": int(sum(each[2] for each in own)),
        "ratios": np.exp(calls).tolist(),
    }


def interval(logs: NDArray[np.float64]) -> tuple[float, float]:
    """Computes a 95 % interval of the geometric mean ratio: Student's t on paired log-ratios."""
    from scipy.stats import t

    half = float(t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))) if len(logs) > 1 else np.inf
    return float(np.exp(logs.mean() - half)), float(np.exp(logs.mean() + half))
