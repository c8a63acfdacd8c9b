"""The tally: everything counted about a log, from which all statistics are computed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from freshbits.tally.values import Values


@dataclass(frozen=True)
class GroupCounts:
    """Holds the counts of one signal per group that has at least one scored rollout.

    Attributes:
        prompt: prompt key of each group.
        round: round of each group.
        n: scored rollouts.
        k: rollouts at the signal's highest value.
        dead: whether all scored rollouts have the same value.
        low: whether the group's highest value is the lowest value of the log (with `dead`: all wrong).
        high: whether the group's lowest value is the highest value of the log (all right).
    """

    prompt: NDArray[np.uint64]
    round: NDArray[np.int64]
    n: NDArray[np.int64]
    k: NDArray[np.int64]
    dead: NDArray[np.bool_]
    low: NDArray[np.bool_]
    high: NDArray[np.bool_]

    def where(self, mask: NDArray[np.bool_]) -> GroupCounts:
        """Returns the groups that a mask keeps."""
        return GroupCounts(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Asked:
    """Counts the outputs that a judge was asked about more than once, one entry per output.

    Attributes:
        prompt: prompt key.
        n: verdicts on the output, two or more.
        k: verdicts that take the signal's highest value.
        differ: pairs of verdicts that differ.
    """

    prompt: NDArray[np.uint64]
    n: NDArray[np.int64]
    k: NDArray[np.int64]
    differ: NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """Holds the counts of a log; the same whatever the order and the split of its rows.

    Attributes:
        values: per signal, which values it takes.
        groups: one row per group (sorted): keys, counts, and per signal s `n.s`, `k.s`, `low.s`, `high.s`.
        prompts: one row per prompt (sorted): distinct classes, seen once, seen twice, the same per signal.
        features: one row per round (sorted): rows and the sum of every feature.
        sample: narrow rows of a seeded sample of whole prompts, for what is too dear for every row.
        labelled: narrow rows of the groups that hold a row with truth (of many labels, a sample of whole prompts).
        partition: how answers were read into classes, in words; None without completions.
        coarser: the partition one step coarser, in words; None where there is none.
        by_construction: whether the classes are the audited signal's own parse.
        degenerate: sources whose completions do not depend on their prompts.
        repeats: per signal, the outputs that its judge was asked about more than once.
    """

    values: dict[str, Values]
    groups: pl.DataFrame
    prompts: pl.DataFrame
    features: pl.DataFrame
    sample: pl.DataFrame
    labelled: pl.DataFrame
    partition: str | None = None
    coarser: str | None = None
    by_construction: bool = False
    degenerate: tuple[dict[str, Any], ...] = ()
    repeats: dict[str, Asked] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rollouts in the log."""
        return int(self.groups["rows"].sum())

    def of(self, signal: str) -> GroupCounts:
        """Returns the counts of one signal over the groups where it is scored."""
        value = self.values[signal]
        frame = self.groups.filter(pl.col(f"n.{signal}") > 0)
        low, high = frame[f"low.{signal}"], frame[f"high.{signal}"]
        return GroupCounts(
            prompt=frame["prompt"].to_numpy(),
            round=frame["round"].to_numpy(),
            n=frame[f"n.{signal}"].to_numpy(),
            k=frame[f"k.{signal}"].to_numpy(),
            dead=(low == high).to_numpy(),
            low=(high == value.low).to_numpy(),
            high=(low == value.high).to_numpy(),
        )

    def digest(self) -> str:
        """Returns the SHA-256 of all counts: equal for any order and split of the same rows."""
        digest = hashlib.sha256()
        for name, value in self.values.items():
            digest.update(repr((name, value)).encode())
        for frame in (self.groups, self.prompts, self.features, self.sample, self.labelled):
            for column in frame.drop("row", strict=False).get_columns():
                digest.update(column.name.encode() + b"\0" + str(column.dtype).encode())
                digest.update("\0".join(map(str, column.to_list())).encode())
        return digest.hexdigest()
