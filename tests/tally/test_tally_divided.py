"""Parts and shards put together are the whole tally, without any cluster: in this process, through bytes."""

from __future__ import annotations

import pickle
from itertools import starmap

import polars as pl
import pytest

from freshbits import InputError, read
from freshbits.outputs.compact import needed
from freshbits.rollouts.schema import SIGNAL
from freshbits.tally.block import partition_of
from freshbits.tally.divided import count_parts, spread, spread_rows
from freshbits.tally.local import tally
from freshbits.worlds import Channel, Region, Score, Source, World, log_uniform

WORLD = World(
    prompts=30,
    sizes=log_uniform(2, 10),
    signals={"reward": Channel(0.9, 0.1, scored=0.9), "fine_score": Score(0.5)},
    sources=(Source("small"), Source("large", 0.7)),
    regions=(Region("near"), Region("far")),
    labelled=0.5,
)
DROPPED = ("extra.", "truth_weight", "prompt_id", "group")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rows = WORLD.log(4, 2)
    names = {name: name.removeprefix(SIGNAL) for name in rows.columns} | {"source": "model", "region": "data_source"}
    rows = rows.drop([name for name in rows.columns if name.startswith(DROPPED)]).rename(names, strict=False)
    at = pl.int_range(pl.len())
    rows = rows.with_columns(pl.when(at % 37 == 36).then(None).otherwise(pl.col("prompt")).alias("prompt"))
    path = tmp_path_factory.mktemp("divided") / "log.parquet"
    rows.write_parquet(path)
    return path


def travelled(function, arguments):
    """Runs a function as if on another machine, last first: nothing may depend on when or where."""
    sent = [pickle.dumps(some) for some in arguments]
    return [pickle.loads(pickle.dumps(function(*pickle.loads(some)))) for some in reversed(sent)][::-1]


@pytest.mark.parametrize("shards", [1, 3, 50])
@pytest.mark.parametrize("size", [3_000, 10**9])
@pytest.mark.parametrize("each", [starmap, travelled])
def test_parts_and_shards_are_the_whole(file, shards, size, each):
    one, log = read(file), read(file)
    expected = tally(one)
    partition = partition_of(log)
    parts = log.divisible.parts(size)
    assert (len(parts) > 1) == (size == 3_000)
    pieces = [spread(log, part, partition, (), shards) for part in parts]
    log.problems.counts.clear()
    found = count_parts(log, partition, [(p[0], p[2:]) for p in pieces], [p[1] for p in pieces], each)
    assert found.digest() == expected.digest()
    assert found.sample.equals(expected.sample)
    assert found.labelled.equals(expected.labelled)
    assert log.problems.sentences() == one.problems.sentences() != []


def test_pieces_of_batches_travel_as_bytes(file):
    log = read(file)
    partition = partition_of(log)
    batches = [batch.clear() for batch in log.batches(needed(log.schema, partition))]  # a part without any row
    batches += log.batches(needed(log.schema, partition))
    pieces = [pickle.loads(pickle.dumps(spread_rows([batch], log.signals, partition, (), 2))) for batch in batches]
    found = count_parts(log, partition, [(p[0], p[2:]) for p in pieces], [p[1] for p in pieces])
    assert found.digest() == tally(read(file)).digest()


def test_no_rows_are_an_error_as_everywhere(file):
    log = read(file)
    partition = partition_of(log)
    with pytest.raises(InputError, match="the log has no rollouts"):
        count_parts(log, partition, [], [])
