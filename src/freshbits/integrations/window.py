"""The running window: the last groups that a trainer scored, and what they say, cheap enough for every step.

The hooks of all trainers hand their batches in here. A batch is measured at once; statistics that one batch is too
small for are taken over the groups before it as well. The dearest of them take turns, one a batch.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.criteria.candidates import number_levels, top_codes
from freshbits.criteria.offered import STATE, contrast_points
from freshbits.criteria.sampled import verdict_levels
from freshbits.information.counted import counted_surprise
from freshbits.information.intercept import Cells, point_bits
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.outputs.answers import choose, classes
from freshbits.outputs.belief import belief
from freshbits.outputs.features.core import CORE
from freshbits.outputs.features.feature import measure
from freshbits.outputs.keys import prompt_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from freshbits.outputs.features.feature import Feature
    from freshbits.outputs.partition import Partition

RECENT = 64  # groups that contrast bits are taken over at least, where so many have been seen
KEPT = 256  # groups that the bits of a feature are taken over
FEWEST_VARYING = 30  # groups that show a feature at several levels; fewer say nothing about it


@dataclass(frozen=True)
class Batch:
    """Holds one scored batch: keys, scores by name, and its texts, which are read when a statistic needs them."""

    group: NDArray[np.uint64]
    prompt: NDArray[np.uint64]
    scores: dict[str, NDArray[np.float64]]
    total: NDArray[np.float64] | None
    texts: pl.DataFrame

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(np.unique(self.group).size)


class Window:
    """Holds the last scored batches of a run and measures them.

    Args:
        recent: groups that contrast and surprise bits are taken over at least; a batch that has as many stands alone.
        kept: groups that the bits of a feature are taken over.
    """

    def __init__(self, recent: int = RECENT, kept: int = KEPT) -> None:
        self.recent, self.kept = recent, max(recent, kept)
        self.latest: dict[str, float] = {}
        self.batches = 0
        self._held: deque[Batch] = deque()
        self._partition: Partition | None = None
        self._next_group = 0
        self._bits: dict[str, float] = {}  # of the statistics that take turns: the last value of each
        self._turn = 0

    def take(
        self,
        prompts: Sequence[str],
        completions: Sequence[str],
        group: NDArray[np.int64],
        scores: Mapping[str, NDArray[np.float64]],
        total: NDArray[np.float64] | None,
        *,
        keep: bool = True,
    ) -> dict[str, float]:
        """Measures a batch and returns its metrics by name, leaving out what cannot be told yet.

        `info/contrast_bits` and `info/dead_groups` of the total, `info/components/NAME` of every score,
        `info/surprise_bits` and `hack/FEATURE/bits` of the total as they come round.

        Args:
            prompts: text of each rollout's prompt.
            completions: text of each rollout.
            group: number of each rollout's group inside the batch.
            scores: score of each rollout by name of the reward, NaN = unscored.
            total: what the trainer makes of them; None where that is not known.
            keep: whether the batch belongs to the run; an evaluation's does not, and is measured alone.
        """
        batch = self._read(prompts, completions, group, scores, total)
        if not keep:
            return self._offered([batch])
        self._held.append(batch)
        while len(self._held) > 1 and sum(b.groups for b in self._held) - self._held[0].groups >= self.kept:
            self._held.popleft()
        self.batches += 1
        found = self._offered(self._last(self.recent))
        if total is not None:
            self._take_turns()
        self.latest = {**found, **self._bits}
        return self.latest

    def _read(
        self,
        prompts: Sequence[str],
        completions: Sequence[str],
        group: NDArray[np.int64],
        scores: Mapping[str, NDArray[np.float64]],
        total: NDArray[np.float64] | None,
    ) -> Batch:
        texts = pl.Series("completion", list(completions), dtype=pl.String)
        asked = pl.Series("prompt", list(prompts), dtype=pl.String)
        rows = pl.DataFrame([asked, texts])
        if self._partition is None:  # once: a partition that changed would make votes of different kinds
            self._partition = replace(choose(rows), coarser=None, coarsen=None)
        numbers = (group + self._next_group).astype(np.uint64)
        self._next_group += int(group.max()) + 1
        return Batch(
            group=numbers,
            prompt=prompt_keys(asked).to_numpy(),
            scores=dict(scores),
            total=total,
            texts=rows,
        )

    def _last(self, groups: int) -> list[Batch]:
        """Returns the newest batches that hold so many groups, all where there are fewer."""
        found: list[Batch] = []
        for batch in reversed(self._held):
            found.append(batch)
            if sum(each.groups for each in found) >= groups:
                break
        return found[::-1]

    def _offered(self, batches: list[Batch]) -> dict[str, float]:
        metrics: dict[str, float] = {}
        newest, group, prompt = batches[-1], _joined(batches, "group"), _joined(batches, "prompt")
        if newest.total is not None:
            dead = _dead_share(newest.total, newest.group)
            if dead is not None:
                metrics["info/dead_groups"] = dead
        names = [name for name in newest.scores if all(name in batch.scores for batch in batches)]
        scores = [np.concatenate([batch.scores[name] for batch in batches]) for name in names]
        total = _total(batches)
        found = contrast_points([*scores, *([] if total is None else [total])], group, prompt)
        if total is not None and found[-1] is not None:
            metrics["info/contrast_bits"] = found[-1]
        parts = zip(names, found, strict=False)
        metrics.update({f"info/components/{name}": bits for name, bits in parts if bits is not None})
        return metrics

    def _take_turns(self) -> None:
        """Renews one of the dear statistics: surprise bits at every other batch, else the next feature."""
        self._turn += 1
        if self._turn % 2:
            bits = self._surprise(self._last(self.recent))
            name = "info/surprise_bits"
        else:
            feature = CORE[self._turn // 2 % len(CORE)]
            bits = self._shared(list(self._held), feature)
            name = f"hack/{feature.name}/bits"
        if bits is None:
            self._bits.pop(name, None)
        else:
            self._bits[name] = bits

    def _surprise(self, batches: list[Batch]) -> float | None:
        total = _total(batches)
        if total is None:
            return None
        known = ~np.isnan(total)
        group, prompt = _joined(batches, "group"), _joined(batches, "prompt")
        if np.unique(prompt[known]).size < MIN_PROMPTS:
            return None
        assert self._partition is not None  # chosen with the first batch
        read = classes(pl.concat([batch.texts for batch in batches]), self._partition)
        state = belief(read.select("answer_class").with_columns(group=pl.Series(group)))
        columns = [name for name in STATE if name in state.columns]
        if not columns:  # votes that never vary are no belief
            return None
        votes = state.select(columns).to_numpy().astype(np.float64)
        found = counted_surprise(verdict_levels(total[known]), votes[known], group[known], prompt[known])
        return None if found is None else found.value

    def _shared(self, batches: list[Batch], feature: Feature) -> float | None:
        total = _total(batches)
        if total is None:
            return None
        known = ~np.isnan(total)
        group, prompt, total = _joined(batches, "group")[known], _joined(batches, "prompt")[known], total[known]
        texts = pl.concat([batch.texts["completion"] for batch in batches])
        values = measure(texts, (feature,)).to_series().cast(pl.Float64).to_numpy()[known]
        if values.size == 0 or np.ptp(values) == 0:
            return None
        _, place = np.unique(group, return_inverse=True)
        mean = np.bincount(place, weights=total) / np.bincount(place)
        accepted = (total > mean[place] + 1e-12).astype(np.float64)  # above the group's mean, as the audit cuts scores
        level = number_levels(values, group) if feature.kind == "count" else top_codes(values)
        cells = Cells.count(group, level, accepted, prompt)
        if int(((cells.n > 0).sum(axis=1) > 1).sum()) < FEWEST_VARYING:
            return None
        return point_bits(cells)


def _joined(batches: list[Batch], name: str) -> NDArray[np.uint64]:
    return np.concatenate([getattr(batch, name) for batch in batches])


def _total(batches: list[Batch]) -> NDArray[np.float64] | None:
    totals = [batch.total for batch in batches if batch.total is not None]
    return np.concatenate(totals) if len(totals) == len(batches) else None


def _dead_share(total: NDArray[np.float64], group: NDArray[np.uint64]) -> float | None:
    """Returns the share of groups of two or more whose scores are all equal; None where there is no such group."""
    known = ~np.isnan(total)
    order = np.argsort(group[known], kind="stable")
    score, (_, first, size) = total[known][order], np.unique(group[known], return_index=True, return_counts=True)
    if not (size >= 2).any():
        return None
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    spread = np.maximum.reduceat(score, first) - np.minimum.reduceat(score, first)
    return float((spread[size >= 2] == 0).mean())
