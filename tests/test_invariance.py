"""Order, split and file type carry no meaning in a plain table: the counts and the report are the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from freshbits import audit, read
from freshbits.tally.local import tally
from freshbits.worlds.write import write_plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = (
    "round",
    "prompt",
    "completion",
    "sample",
    "answer",
    "signal.accuracy_reward",
    "signal.format_reward",
)


def one(frame: pl.DataFrame, here: Path, ending: str) -> None:
    write_plain(frame, here / f"log{ending}")


def shuffled(frame: pl.DataFrame, here: Path, ending: str) -> None:
    write_plain(frame.sample(fraction=1, shuffle=True, seed=1), here / f"log{ending}")


def seven(frame: pl.DataFrame, here: Path, ending: str) -> None:
    rows = frame.sample(fraction=1, shuffle=True, seed=2).with_row_index("at")
    for shard in range(7):
        part = rows.filter(pl.col("at") % 7 == shard).drop("at")
        write_plain(part, here / f"part-{(3 * shard) % 7}{ending}")


WAYS: dict[str, tuple[Callable[[pl.DataFrame, Path, str], None], str]] = {
    "one Parquet file": (one, ".parquet"),
    "shuffled Parquet": (shuffled, ".parquet"),
    "seven Parquet shards": (seven, ".parquet"),
    "one JSONL file": (one, ".jsonl"),
    "shuffled JSONL": (shuffled, ".jsonl"),
    "seven JSONL shards": (seven, ".jsonl"),
    "one CSV file": (one, ".csv"),
}


def numbers(directory: Path) -> dict:
    """Returns the report without what names files."""
    report = json.loads(audit(directory, where="LOG").dumps())
    del report["log"]["files"], report["log"]["notes"]
    return report


@pytest.fixture(scope="module")
def frame(drawn: pl.DataFrame) -> pl.DataFrame:
    return drawn.select(name for name in COLUMNS if name in drawn.columns)


@pytest.fixture(scope="module")
def reference(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    here = tmp_path_factory.mktemp("reference")
    one(frame, here, ".parquet")
    return tally(read(here)).digest(), numbers(here)


@pytest.mark.parametrize("way", list(WAYS)[1:])
def test_report_and_digest_are_the_same(frame, reference, tmp_path, way):
    write, ending = WAYS[way]
    write(frame, tmp_path, ending)
    assert tally(read(tmp_path)).digest() == reference[0]
    assert numbers(tmp_path) == reference[1]


def test_a_frame_in_memory_gives_the_same_numbers(frame, reference):
    names = {name: name.removeprefix("signal.") for name in frame.columns}
    assert tally(read(frame.rename(names))).digest() == reference[0]


def test_one_verdict_changes_the_digest(frame, reference, tmp_path):
    changed = frame.with_row_index("at").with_columns(
        pl.when(pl.col("at") == 100)
        .then(1 - pl.col("signal.accuracy_reward"))
        .otherwise(pl.col("signal.accuracy_reward"))
        .alias("signal.accuracy_reward")
    )
    one(changed.drop("at"), tmp_path, ".parquet")
    assert tally(read(tmp_path)).digest() != reference[0]


def test_the_sample_of_a_large_log_does_not_depend_on_order_or_shards(tmp_path):
    prompts, size = 3_500, 8  # more rows than the expensive statistics look at
    rows = pl.DataFrame({"at": range(prompts * size)}).select(
        prompt="what is " + (pl.col("at") // size).cast(pl.String),
        completion="it is " + ((pl.col("at") * 7919) % 5).cast(pl.String),
        sample=pl.col("at") % size,
        **{"signal.reward": ((pl.col("at") * 7919) % 5 == 0).cast(pl.Float64)},
    )
    found = []
    for name, write in (("one", one), ("shuffled", shuffled), ("seven", seven)):
        (tmp_path / name).mkdir()
        write(rows, tmp_path / name, ".parquet")
        counted = tally(read(tmp_path / name))
        assert counted.sample.height < rows.height
        found.append(counted.digest())
    assert found[0] == found[1] == found[2]
