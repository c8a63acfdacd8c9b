"""Counts a log on a Ray cluster: the functions that `local` runs, on parts of its files and shards of its prompts.

The tally is the same to the last integer, so whatever is computed from it is the same to the last byte. Where a log
cannot be read in parts (labels by row number, judges in rows of their own, a frame in memory), this process reads it,
and the machines of the cluster do what is dear: turning text into numbers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from freshbits.cluster import Cluster, cluster
from freshbits.outputs.compact import needed
from freshbits.rollouts.duplicates import repeated_rows
from freshbits.tally.block import partition_of
from freshbits.tally.divided import Facts, count_parts, spread, spread_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freshbits.outputs.features.feature import Feature
    from freshbits.outputs.partition import Partition
    from freshbits.rollouts.log import Log
    from freshbits.tally.tally import Tally

    Progress = Callable[[str], None] | None

LEAST_PART, MOST_PART = 1 << 20, 1 << 28  # bytes of files that one task reads
SHARD_BYTES = 1 << 28
MOST_SHARDS = 256
EACH = 4  # tasks for each processor, so that none waits long for the last one
IN_ONE_PLACE = "this log is read in one place, as its rows must be seen in order; text is counted on the cluster"


def tally(
    log: Log,
    progress: Progress = None,
    features: Sequence[Feature] = (),
    *,
    address: str | None = None,
    part_bytes: int | None = None,
) -> Tally:
    """Counts a log into the `Tally` that `freshbits.tally.local.tally` would give.

    Args:
        log: what `freshbits.read` gave; its files must be on every machine, under the same path.
        progress: called with what is being done, in words.
        features: a person's own features, counted beside the core ones.
        address: of the cluster; see `freshbits.cluster.cluster`.
        part_bytes: how much of the files one task reads; None: about four parts for each processor.

    Raises:
        InputError: if the log has no rows, none of its signals is ever scored, or there is no cluster to count on.
    """
    partition = partition_of(log)
    with cluster(address, progress) as machines:
        if progress is not None:
            progress(f"on a cluster: {machines.nodes} machine(s), {machines.cpus} processor(s)")
        size = sum(file.stat().st_size for file in log.files) if log.divisible is not None else 0
        shards = min(max(machines.cpus, -(-size // SHARD_BYTES)), MOST_SHARDS)
        if log.divisible is None:
            parts = _spread_batches(machines, log, partition, features, shards, progress)
        else:
            most = part_bytes or min(max(size // (EACH * machines.cpus), LEAST_PART), MOST_PART)
            parts = _spread_files(machines, log, partition, features, shards, most, progress)
        found = [(facts, frames) for facts, _, frames in parts]
        texts = (machines.fetch(place) for _, place, _ in parts)
        return count_parts(log, partition, found, texts, machines.each, progress)


Spread = list[tuple[Facts, Any, list[Any]]]  # per part: what is known, where its texts are, where its shards are


def _spread_files(
    machines: Cluster,
    log: Log,
    partition: Partition,
    features: Sequence[Feature],
    shards: int,
    size: int,
    progress: Progress,
) -> Spread:
    """Has the parts of the files read; where rows stand twice, those parts are read again without them."""
    assert log.divisible is not None
    divided = log.divisible.parts(size)
    held = machines.put(log)

    def send(number: int) -> list[Any]:
        sent: list[Any] = machines.send(spread, held, divided[number], partition, features, shards, results=shards + 2)
        return sent

    places = [send(number) for number in range(len(divided))]
    known = _facts(machines, places, progress)
    if any(facts.hashes.size for facts in known):
        twice = repeated_rows([facts.hashes for facts in known])
        again = [number for number, rows in enumerate(twice) if rows.any()]
        for number in again:
            divided[number] = replace(divided[number], twice=twice[number])
            places[number] = send(number)
        for number in again:
            known[number] = machines.fetch(places[number][0])
    log.problems.counts.clear()
    log.problems.first.clear()
    log.duplicates[0] = sum(facts.duplicates for facts in known)
    return [(facts, place[1], place[2:]) for facts, place in zip(known, places, strict=True)]


def _spread_batches(
    machines: Cluster,
    log: Log,
    partition: Partition,
    features: Sequence[Feature],
    shards: int,
    progress: Progress,
) -> Spread:
    """Reads the log here and has its batches turned into numbers there, a few at a time."""
    if progress is not None:
        progress(IN_ONE_PLACE)
    waiting: deque[list[Any]] = deque()
    found: Spread = []

    def take() -> None:
        place = waiting.popleft()
        found.append((machines.fetch(place[0]), place[1], place[2:]))
        if progress is not None:
            progress(f"{sum(facts.rows for facts, _, _ in found):,} rollouts read")

    for batch in log.batches(needed(log.schema, partition)):
        waiting.append(
            machines.send(spread_rows, [batch], log.signals, partition, features, shards, results=shards + 2)
        )
        if len(waiting) > EACH * machines.cpus:
            take()
    while waiting:
        take()
    return found


def _facts(machines: Cluster, places: list[list[Any]], progress: Progress) -> list[Facts]:
    found: list[Facts] = []
    rows = 0
    try:
        for place in places:
            found.append(machines.fetch(place[0]))
            rows += found[-1].rows
            if progress is not None:
                progress(f"{rows:,} rollouts read, part {len(found):,} of {len(places):,}")
    except BaseException:
        machines.drop([place[0] for place in places])
        raise
    return found
