"""What is left of some rows of a log once their text is read: the part of the tally that any machine can do apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.outputs.answers import choose as choose_partition
from freshbits.outputs.compact import compact
from freshbits.outputs.degenerate import Sampled, sample
from freshbits.outputs.partition import TEXT, Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from freshbits.outputs.features.feature import Feature
    from freshbits.rollouts.log import Log
    from freshbits.rollouts.problems import Problems

NO_PROMPT = "no prompt: left out"


@dataclass(frozen=True)
class Block:
    """Holds what is left of some rows.

    Attributes:
        rows: one narrow row of numbers per rollout that has a prompt, in order.
        texts: sampled texts, for the rule of degenerate sources.
        left_out: rows without a prompt. first: how many rows were kept before the first of them.
    """

    rows: pl.DataFrame
    texts: Sampled
    left_out: int = 0
    first: int = 0

    def report(self, problems: Problems, before: int) -> None:
        """Counts what was left out; `before` rows of the log were kept before this block."""
        problems.add(NO_PROMPT, "the log", before + self.first + 1, self.left_out)


def shrink(batch: pl.DataFrame, partition: Partition, features: Sequence[Feature] = ()) -> Block:
    """Turns canonical rows into narrow ones; every value depends on its own row only, so rows may be cut anywhere.

    Where no prompt is logged at all, the group stands for it; else rows without one are left out.

    >>> import polars as pl
    >>> made = shrink(pl.DataFrame({"prompt": ["1+1?", None], "completion": ["2", "3"]}), TEXT)
    >>> made.rows.height, made.left_out, made.first
    (1, 1, 1)
    """
    part = compact(batch, partition, features)
    texts = sample(batch, part)
    if "prompt" not in part.columns:
        return Block(part.with_columns(prompt="group"), texts)
    missing = part["prompt"].is_null()
    if not missing.any():
        return Block(part, texts)
    return Block(part.filter(~missing), texts, int(missing.sum()), int(missing.arg_true()[0]))


def partition_of(log: Log) -> Partition:
    """Chooses how answers are read from the first rows of the log."""
    looked_at = [c for c in ("prompt", "completion", "answer", "extracted") if c in log.schema]
    for batch in log.batches(looked_at):
        return choose_partition(batch)
    return TEXT
