"""What a signal pays for besides the truth, by name: the split of its response, and whether that is a risk.

Nothing here looks at one number crossing a threshold: a feature is named where the signal pays for it among rollouts
that are equally right, more surely than chance would make the surest of all features looked at, and it is a risk where
it takes a share of the response to selection that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.held import Held, held
from freshbits.criteria.opposed import both_ways
from freshbits.criteria.traits import Traits, traits, words
from freshbits.information.resampling import LEVEL, jackknife_interval
from freshbits.information.split import Split, split
from freshbits.results import Estimate

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

MATTERS = 0.05  # share of the predicted response below which a feature is named, not a risk
RULES = 0.5  # a component is part of the declared reward: it is a risk where it takes over
TOTAL = "total"
VERIFIER = 0.5  # correlation with truth inside groups from which a component is a verifier, and no shortcut
ROUNDING = 1e-6  # of the score's spread: less than this is the arithmetic, not the signal
BLIND = 0.25  # a feature that could take as much and would not have been seen leaves the question open


@dataclass(frozen=True)
class Paid:
    """Holds a split with the rows it was made of.

    Attributes:
        split: what truth and the named features take.
        traits: all columns that were looked at, as they are.
        score: score of each row, as it is.
        right: whether each row is right; None without truth.
        unit: the rows that were compared with each other.
        prompt: prompt key of each row.
        round: round of each row.
        weight: 1 / inclusion probability of each row.
        rows: the narrow rows.
        pairs: whether rows are judged pairs.
        fixed: score (first) and traits as they were split: less the sources' own means where these had to be taken
            off; None where they are as they are.
    """

    split: Split
    traits: Traits
    score: NDArray[np.float64]
    right: NDArray[np.bool_] | None
    unit: NDArray[np.uint64]
    prompt: NDArray[np.uint64]
    round: NDArray[np.int64]
    weight: NDArray[np.float64]
    rows: pl.DataFrame
    pairs: bool = False
    fixed: NDArray[np.float64] | None = None

    @property
    def names(self) -> list[str]:
        """Names of the features that are paid for, the surest first."""
        return [self.traits.names[k] for k in self.split.chosen]

    def again(self, score: NDArray[np.float64]) -> Split | None:
        """Splits another score of the same rows in the same way."""
        values = self.traits.values if self.fixed is None else self.fixed[:, 1:]
        return _fit(score, self.right, values, self.unit, self.prompt, self.round, self.weight, pairs=self.pairs)

    def share(self, place: int) -> Estimate:
        """Returns the share of the predicted response that truth (0) or the k-th named feature (k) takes."""
        value, low, high = jackknife_interval(self.split.share[:, place])
        return Estimate(
            value,
            low,
            high,
            LEVEL,
            "share",
            "share of the response to selection by the signal, effects inside groups and truth, jackknife over prompts",
            int(np.unique(self.prompt).size),
            int(self.score.size),
        )

    def risky(self) -> list[int]:
        """Lists the places (from 1) of the named features whose share matters and is surely above nothing."""
        found = []
        for place, column in enumerate(self.split.chosen, start=1):
            share = self.share(place)
            least = RULES if self.traits.kinds[column] == "component" else MATTERS
            if (share.value or 0.0) >= least and (share.low or 0.0) > 0:
                found.append(place)
        return found


def paid(
    evidence: Evidence,
    signal: str,
    rows: pl.DataFrame,
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    weight: NDArray[np.float64],
) -> Paid | None:
    """Splits what a signal pays for on these rows; None where too few cells hold differences.

    Args:
        evidence: what the criteria judge by.
        signal: the signal.
        rows: narrow rows, sorted by group.
        score: the signal's score of each.
        right: whether each is right; None without truth.
        weight: 1 / inclusion probability of each.
    """
    looked = traits(evidence, signal, rows)
    if signal == TOTAL and evidence.weights:  # its components make it up: their own sections say what they pay for
        looked = looked.of(np.array([kind != "component" for kind in looked.kinds], dtype=bool))
    if right is not None:
        looked = _without_verifiers(looked, right, rows["group"].to_numpy())
    for fixing in held(rows, pairs=evidence.pairs):
        found = _split(evidence, fixing, looked, rows, score, right, weight)
        if found is not None:
            return found
    return None


def _split(
    evidence: Evidence,
    fixing: Held,
    looked: Traits,
    rows: pl.DataFrame,
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    weight: NDArray[np.float64],
) -> Paid | None:
    unit, prompt, round_ = fixing.unit, rows["prompt"].to_numpy(), rows["round"].to_numpy()
    if fixing.source is not None:  # their means are taken off: what is left of their names is nothing
        looked = looked.of(np.array([kind != "source" for kind in looked.kinds], dtype=bool))
    cell = unit if right is None else unit * np.uint64(2) + right.astype(np.uint64)
    every = looked + words(evidence, rows, fixing.fixed(score[:, None], right)[:, 0], right, cell)
    if not every.names:
        return None
    columns = fixing.fixed(np.column_stack([score, every.values]), right)
    found = _fit(columns[:, 0], right, columns[:, 1:], unit, prompt, round_, weight, pairs=evidence.pairs)
    if found is None:
        return None
    fixed = columns if fixing.source is not None else None
    return Paid(found, every, score, right, unit, prompt, round_, weight, rows, evidence.pairs, fixed)


def _fit(
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    values: NDArray[np.float64],
    unit: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    round_: NDArray[np.int64],
    weight: NDArray[np.float64],
    *,
    pairs: bool,
) -> Split | None:
    """Splits a score, being right priced where the traits stood in the first round; pairs both ways round."""
    centre = _start(values, round_, weight)
    if pairs:
        score, right, values = both_ways(score, right, values)
        unit, prompt, weight = np.tile(unit, 2), np.tile(prompt, 2), np.tile(weight, 2)
        centre = np.zeros(values.shape[1])
    found = split(score, right, values, unit, prompt, weight, centre, pooled=pairs)
    return None if found is None else _without_rounding(found, score)


def _without_rounding(found: Split, score: NDArray[np.float64]) -> Split:
    """Leaves out features that were let in after those before them had explained the score to the last digit."""
    size = np.abs(found.effect[0]) * found.columns.std(axis=0)
    kept = np.flatnonzero(size > ROUNDING * score.std())
    return replace(
        found,
        chosen=tuple(found.chosen[k] for k in kept),
        p_value=tuple(found.p_value[k] for k in kept),
        effect=found.effect[:, kept],
        share=found.share[:, [0, *(kept + 1)]],
        columns=found.columns[:, kept],
        among=tuple(found.among[k] for k in kept),
    )


def _start(values: NDArray[np.float64], round_: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the traits' means in the first round: where being right is priced."""
    first = round_ == round_.min()
    return np.asarray(np.average(values[first], axis=0, weights=weight[first]), dtype=np.float64)


def _without_verifiers(looked: Traits, right: NDArray[np.bool_], group: NDArray[np.uint64]) -> Traits:
    """Leaves out components that mostly tell right from wrong themselves: what they share with the signal is truth.

    Their errors are shared too, and would be named as what the signal pays for.
    """
    _, place = np.unique(group, return_inverse=True)
    size = np.bincount(place)

    def inside(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values - (np.bincount(place, weights=values) / size)[place]

    truth = inside(right.astype(np.float64))
    kept = []
    for kind, values in zip(looked.kinds, looked.values.T, strict=True):
        own = inside(values)
        scale = np.sqrt((own @ own) * (truth @ truth))
        kept.append(kind != "component" or scale == 0 or (own @ truth) / scale < VERIFIER)
    return looked.of(np.array(kept, dtype=bool))


def alarm_rate(found: Paid, draws: int, seed: int = 0) -> float:
    """Returns how often verdicts in random order, inside cells of equally right rollouts, would raise an alarm here.

    It is the alarm rate on a log like this one whose signal pays for nothing but the truth; ± 1/√draws.
    """
    rng = np.random.default_rng(seed)
    truth = np.zeros(found.score.size, dtype=np.uint64) if found.right is None else found.right.astype(np.uint64)
    _, cell = np.unique(found.unit * np.uint64(2) + truth, return_inverse=True)
    score = found.score if found.fixed is None else found.fixed[:, 0]
    alarms = 0
    order = np.argsort(cell, kind="stable")
    for _ in range(draws):
        mixed = np.empty_like(score)
        mixed[order] = score[np.lexsort((rng.random(cell.size), cell))]
        again = found.again(mixed)
        alarms += again is not None and bool(replace(found, split=again).risky())
    return alarms / draws
