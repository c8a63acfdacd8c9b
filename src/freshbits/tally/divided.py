"""The tally in pieces that any engine can run anywhere: rows to numbers part by part, numbers to counts shard by shard.

All functions here are pure, and nothing of an engine is in them. Parts are of rows, shards of prompts: a prompt belongs
to the shard that its key names (the key is a declared hash of its text, the same on every machine).

    facts, texts, *frames = spread(log, part, partition, features, shards)      # on any machine, for each part
    tally = count_parts(log, partition, [(facts, frames), …], [texts, …], each)  # `each` may use any machine
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate, starmap
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.compact import needed
from freshbits.outputs.degenerate import Sampled, degenerate
from freshbits.rollouts.parts import only
from freshbits.tally.block import NO_PROMPT, shrink
from freshbits.tally.labelled import choose_labelled, draw_labelled
from freshbits.tally.local import require_rows, require_scores
from freshbits.tally.sample import choose, draw
from freshbits.tally.shard import Shard, add_shards, count_shard
from freshbits.tally.tally import Tally
from freshbits.tally.values import Values, count_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from freshbits.outputs.features.feature import Feature
    from freshbits.outputs.partition import Partition
    from freshbits.rollouts.log import Log
    from freshbits.rollouts.parts import Part
    from freshbits.rollouts.problems import Problems

    Each = Callable[[Callable[..., Any], Iterable[Sequence[Any]]], Iterable[Any]]


@dataclass(frozen=True)
class Facts:
    """Holds what is known of a part beside its rows.

    Attributes:
        rows: rows that have a prompt.
        values: what each signal takes in them.
        left_out: rows without a prompt. before: how many rows of the part were kept before the first of them.
        problems: kind -> (rows, first place), of the rows as they were read.
        duplicates: rows left out because the producer wrote them twice.
        hashes: of its rows, where the log says which rollout a row is; else empty.
    """

    rows: int
    values: dict[str, Values]
    left_out: int = 0
    before: int = 0
    problems: dict[str, tuple[int, str]] = field(default_factory=dict)
    duplicates: int = 0
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def report(self, problems: Problems, rows: int) -> None:
        """Counts the problems of the part; `rows` rows of the log were kept before it."""
        for kind, (count, first) in self.problems.items():
            problems.counts[kind] = problems.counts.get(kind, 0) + count
            problems.first.setdefault(kind, first)
        problems.add(NO_PROMPT, "the log", rows + self.before + 1, self.left_out)


def spread(log: Log, part: Part, partition: Partition, features: Sequence[Feature], shards: int) -> list[Any]:
    """Reads one part of a log and returns `[Facts, Sampled, frame of shard 0, frame of shard 1, …]`.

    Raises:
        InputError: if the part cannot be read, or its files are not on this machine.
    """
    for file in part.files:
        if not file.is_file():
            raise InputError(
                "is not there on a machine of the cluster", file=file,
                mend="put the log where every machine has it under the same path",
            )  # fmt: skip
    part.hashes.clear()
    with only(part):
        facts, *rest = spread_rows(log.batches(needed(log.schema, partition)), log.signals, partition, features, shards)
    problems = {kind: (count, log.problems.first[kind]) for kind, count in log.problems.counts.items()}
    hashes = np.concatenate(part.hashes) if part.hashes else facts.hashes
    known = Facts(
        facts.rows, facts.values, facts.left_out, facts.before, problems, log.duplicates[0], hashes
    )  # fmt: skip
    return [known, *rest]


def spread_rows(
    batches: Iterable[pl.DataFrame],
    signals: Sequence[str],
    partition: Partition,
    features: Sequence[Feature],
    shards: int,
) -> list[Any]:
    """Turns canonical rows into `[Facts, Sampled, frame of shard 0, …]`; a frame is None where it has no row."""
    texts = Sampled.empty()
    parts: list[pl.DataFrame] = []
    rows = left_out = before = 0
    for batch in batches:
        block = shrink(batch, partition, features)
        texts = texts.merge(block.texts)
        if block.left_out and not left_out:
            before = rows + block.first
        left_out += block.left_out
        rows += block.rows.height
        parts.append(block.rows)
    if not rows:
        return [Facts(0, {}, left_out, before), texts, *[None] * shards]
    frame = pl.concat(parts, how="diagonal_relaxed").with_row_index("row")
    shard = pl.col("prompt") % shards
    frames = [frame] if shards == 1 else [frame.filter(shard == number) for number in range(shards)]
    facts = Facts(rows, count_values(frame.lazy(), list(signals)), left_out, before)
    return [facts, texts, *(frame if frame.height else None for frame in frames)]


def count_parts(
    log: Log,
    partition: Partition,
    parts: Sequence[tuple[Facts, Sequence[Any]]],
    texts: Iterable[Sampled],
    each: Each = starmap,
    progress: Callable[[str], None] | None = None,
) -> Tally:
    """Puts together what is known of every part, in the order of the parts.

    Args:
        log: the log; what was wrong with its rows is added to its problems.
        partition: how answers were read.
        parts: of every part, what is known and the frames of all shards (or what `each` takes in their place).
        texts: of every part, in order.
        each: runs a pure function on each of several arguments and returns the results in order, wherever it likes.
        progress: called with what is being done, in words.

    Raises:
        InputError: if the log has no rows or none of its signals is ever scored.
    """
    known = [facts for facts, _ in parts]
    starts = [0, *accumulate(facts.rows for facts in known)]
    for facts, start in zip(known, starts, strict=False):
        facts.report(log.problems, start)
    require_rows(log, starts[-1])
    filled = [facts.values for facts in known if facts.rows]
    values = {name: reduce(Values.merge, (part[name] for part in filled)) for name in log.signals}
    require_scores(values)
    if progress is not None:
        progress("counting prompts")
    shards = list(zip(*(frames for _, frames in parts), strict=True))
    counted = add_shards(
        [shard for shard in each(_count, [(values, starts[:-1], *frames) for frames in shards]) if shard is not None]
    )
    wanted = _wanted(counted.groups)
    some = [rows for rows in each(_draw, [(wanted, starts[:-1], *frames) for frames in shards]) if rows is not None]
    rows = pl.concat(some, how="diagonal_relaxed").lazy()
    drawn = draw(rows, counted.groups)
    sampled = reduce(Sampled.merge, texts, Sampled.empty())
    return Tally(
        values=values,
        groups=counted.groups,
        prompts=counted.prompts,
        features=counted.features,
        sample=drawn,
        labelled=draw_labelled(rows, counted.groups),
        partition=partition.name if "answer_class" in drawn.columns else None,
        coarser=partition.coarser.name if partition.coarser is not None else None,
        by_construction=partition.by_construction,
        degenerate=tuple(degenerate(drawn, sampled, pairs="opponent" in log.schema)),
        repeats={name: counted.repeats[name] for name in values if name in counted.repeats},
    )


def _count(values: dict[str, Values], starts: Sequence[int], *frames: pl.DataFrame | None) -> Shard | None:
    """Counts one shard, given its frame of every part and the rows of the log before each; None where it has no row."""
    rows = _rows(starts, frames)
    return None if rows is None else count_shard(rows, values)


def _draw(wanted: pl.Series, starts: Sequence[int], *frames: pl.DataFrame | None) -> pl.DataFrame | None:
    """Returns the rows of one shard that are in the wanted groups."""
    rows = _rows(starts, frames)
    if rows is None:
        return None
    return rows.join(wanted.to_frame("group").lazy(), on="group", how="semi").collect(engine="streaming")


def _wanted(groups: pl.DataFrame) -> pl.Series:
    """Returns the keys of the groups whose rows are looked at closely: sampled and labelled ones."""
    chosen = [choose(groups)]
    if "truth" in groups.columns:
        chosen.append(choose_labelled(groups))
    return pl.concat(chosen)["group"].unique()


def _rows(starts: Sequence[int], frames: Sequence[pl.DataFrame | None]) -> pl.LazyFrame | None:
    """Puts the parts together; every row gets its position in the log."""
    place = pl.get_index_type()
    numbered = [
        frame.with_columns((pl.col("row").cast(pl.Int64) + start).cast(place).alias("row"))
        for start, frame in zip(starts, frames, strict=True)
        if frame is not None
    ]
    return pl.concat(numbered, how="diagonal_relaxed").lazy() if numbered else None
