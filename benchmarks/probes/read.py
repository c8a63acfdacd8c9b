"""Runs of learners with what probes said of them, as arrays; ranks, orders and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.probes.learners import LEARNERS

from freshbits.probes.curve import LEARNED, routed
from freshbits.probes.targets import LEAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DRAWS = 1_000
ALL = tuple(LEARNERS)


@dataclass(frozen=True)
class Runs:
    """Holds one row per learner trained.

    Attributes:
        config: number of its configuration.
        learner: its family.
        relied: whether it leans on the spurious feature more than on the intended one at the end.
        gap: effect of the spurious feature less that of the intended one.
        first: 1 where the spurious feature came first, 0 where the intended one did, NaN where neither.
        says: statistic -> spurious less intended.
        decided: whether the probes would give a probability: truth was learned, and they agree.
        rows: the configurations.
    """

    config: NDArray[np.int64]
    learner: NDArray[np.str_]
    relied: NDArray[np.bool_]
    gap: NDArray[np.float64]
    first: NDArray[np.float64]
    says: dict[str, NDArray[np.float64]]
    decided: NDArray[np.bool_]
    rows: list[dict[str, Any]]

    def where(self, mask: NDArray[np.bool_]) -> Runs:
        """Returns the runs that a mask keeps."""
        kept = [row for row, keep in zip(self.rows, mask, strict=True) if keep]
        return Runs(
            self.config[mask],
            self.learner[mask],
            self.relied[mask],
            self.gap[mask],
            self.first[mask],
            {name: values[mask] for name, values in self.says.items()},
            self.decided[mask],
            kept,
        )


def runs(
    rows: list[dict[str, Any]],
    learned: dict[int, dict[str, Any]],
    probed: dict[int, dict[str, Any]],
    probe: str | None = None,
) -> Runs:
    """Joins learners with probes: of their own family, of one family, or the mean of all ("all").

    Args:
        rows: described configurations.
        learned: seed -> family -> effects.
        probed: seed -> family -> curves.
        probe: family of the probe; None for the learner's own.
    """
    found: list[tuple[Any, ...]] = []
    for row in rows:
        for family, effects in learned[row["seed"]].items():
            used = ALL if probe == "all" else (probe or family,)
            said = [probed[row["seed"]]["families"][each] for each in used]
            if any("intended" not in each for each in said):
                continue
            found.append((row, family, effects, said))
    says: dict[str, NDArray[np.float64]] = {}
    for name, of in STATISTICS.items():
        says[name] = np.array([np.mean([of(each) for each in said]) for _, _, _, said in found])
    return Runs(
        np.array([row["seed"] for row, *_ in found]),
        np.array([family for _, family, *_ in found]),
        np.array([e["spurious"] > e["intended"] for _, _, e, _ in found]),
        np.array([e["spurious"] - e["intended"] for _, _, e, _ in found]),
        np.array([np.nan if e["first"] is None else e["first"] for _, _, e, _ in found], dtype=np.float64),
        says,
        np.array([_decided(said, row.get("read", row["pairs"])) for row, *_, said in found]),
        [row for row, *_ in found],
    )


def _decided(said: list[dict[str, Any]], pairs: int) -> bool:
    """Tells whether truth was learned by a probe, and all that learned either of the two lean the same way."""
    able = [s for s in said if any(_learned(s, name, pairs) for name in ("intended", "spurious"))]
    leans = {s["spurious"]["psi"] > s["intended"]["psi"] for s in able}
    return len(leans) == 1 and any(_learned(s, "intended", pairs) for s in able)


def _learned(said: dict[str, Any], name: str, pairs: int) -> bool:
    """Tells whether accuracy ends at .6 or more and surely above one half; weights are not looked at."""
    k = ("intended", "spurious").index(name)
    seen = pairs * _share(said["bits"][k], said["agreement"][k]) / 4
    accuracy = said[name]["accuracy"]
    return bool(accuracy >= LEARNED and (2 * accuracy - 1) * np.sqrt(seen) > LEAN)


def _agreement(said: dict[str, Any]) -> float:
    return float(said["agreement"][1] - said["agreement"][0])


def _correlation(said: dict[str, Any]) -> float:
    """Correlation of the sign of the difference with the verdict: √share · (2a - 1)."""
    pairs = zip(said["bits"], said["agreement"], strict=True)
    found = [float(np.sqrt(_share(bits, a)) * (2 * a - 1)) for bits, a in pairs]
    return found[1] - found[0]


def _early(said: dict[str, Any]) -> float:
    """PSI of the first quarter of the pass."""
    found = []
    for name, bits, agreement in zip(("intended", "spurious"), said["bits"], said["agreement"], strict=True):
        found.append(routed(tuple(said[name]["blocks"][:2]), agreement, _share(bits, agreement)))
    return found[1] - found[0]


def _share(bits: float, agreement: float) -> float:
    """Share of the pairs that differ, from the bits that the feature shares with the verdict."""
    a = min(max(agreement, 1e-6), 1 - 1e-6)
    each = 1 + a * np.log2(a) + (1 - a) * np.log2(1 - a)
    return float(min(bits / each, 1.0)) if each > 1e-4 else 0.0


def _of(key: str) -> Callable[[dict[str, Any]], float]:
    return lambda said: float(said["spurious"][key] - said["intended"][key])


STATISTICS: dict[str, Callable[[dict[str, Any]], float]] = {
    "correlation": _correlation,
    "agreement": _agreement,
    "signal bits": lambda said: float(said["bits"][1] - said["bits"][0]),
    "price": lambda said: float(said["intended"]["price"] - said["spurious"]["price"]),
    "AULC": _of("aulc"),
    "PSI": _of("psi"),
    "early PSI": _early,
}


def auroc(score: NDArray[np.float64], yes: NDArray[np.bool_]) -> float:
    """Returns P(a yes scores above a no), ties one half; NaN where one of the two is missing."""
    from scipy.stats import rankdata

    number = int(yes.sum())
    if number in (0, yes.size):
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[yes].sum() - number * (number + 1) / 2) / (number * (yes.size - number)))


def interval(
    config: NDArray[np.int64], of: Callable[[NDArray[np.int64]], float], seed: int = 0
) -> tuple[float, float, float]:
    """Returns (value, low, high) of a statistic of row numbers, 95 % by resampling whole configurations."""
    rng = np.random.default_rng(seed)
    _, place = np.unique(config, return_inverse=True)
    members = [np.flatnonzero(place == k) for k in range(int(place.max()) + 1)]
    values = []
    for _ in range(DRAWS):
        drawn = rng.integers(len(members), size=len(members))
        values.append(of(np.concatenate([members[k] for k in drawn])))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return of(np.arange(config.size)), float(low), float(high)


def order_right(score: NDArray[np.float64], yes: NDArray[np.bool_]) -> float:
    """Returns how often the sign of a statistic says which of the two it is."""
    return float(np.mean((score > 0) == yes)) if yes.size else float("nan")
