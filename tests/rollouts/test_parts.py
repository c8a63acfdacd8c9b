"""A log read in parts is the log read whole: the same rows, problems and duplicates, whatever the parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from freshbits.rollouts.duplicates import repeated_rows
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.parts import only
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"
LOGS = (
    "trl",
    "verl_v0",
    "verl_v1",
    "prime_rl",
    "verifiers_v1",
    "verifiers_results",
    "lm_eval",
    "distilabel/pairs",
    "distilabel/same",
)


def in_parts(log, size):
    """Reads every part; rows that stand twice are found as a cluster finds them."""
    parts = log.divisible.parts(size)
    hashes = []
    for part in parts:
        with only(part):
            list(log.batches())
        hashes.append(np.concatenate(part.hashes) if part.hashes else np.zeros(0, np.uint64))
    problems: dict[str, int] = {}
    first: dict[str, str] = {}
    if any(map(len, hashes)):
        for at, twice in enumerate(repeated_rows(hashes)):
            parts[at].hashes.clear()
            object.__setattr__(parts[at], "twice", twice)
    frames: list[pl.DataFrame] = []
    dropped = 0
    for part in parts:
        with only(part):
            frames += list(log.batches())
        dropped += log.duplicates[0]
        for kind, count in log.problems.counts.items():
            problems[kind] = problems.get(kind, 0) + count
            first.setdefault(kind, log.problems.first[kind])
    return pl.concat(frames), problems, first, dropped, len(parts)


@pytest.mark.parametrize("size", [1, 3_000, 10**9])
@pytest.mark.parametrize("name", LOGS)
def test_fixtures_read_in_parts_are_the_same(name, size):
    where = FIXTURES / name
    log = read(where)
    assert log.divisible is not None
    whole = pl.concat(list(log.batches()))
    expected = dict(log.problems.counts), dict(log.problems.first), log.duplicates[0]
    frame, problems, first, dropped, _ = in_parts(read(where), size)
    assert frame.equals(whole)
    assert (problems, first, dropped) == expected


def rows(count):
    return pl.DataFrame({"at": range(count)}).select(
        prompt="how much is " + (pl.col("at") // 8).cast(pl.String),
        completion="it is " + (pl.col("at") % 5).cast(pl.String) + " or so" * 20,
        sample=pl.col("at") % 8,
        reward=pl.when(pl.col("at") % 97 == 96).then(float("inf")).otherwise((pl.col("at") % 5 == 0).cast(pl.Float64)),
    )


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
@pytest.mark.parametrize("size", [7_000, 40_000, 10**9])
def test_one_large_file_is_cut_and_every_row_keeps_its_number(tmp_path, ending, size):
    frame = pl.concat([rows(2_000), rows(2_000)[300:340]])  # forty rows written twice
    file = tmp_path / f"log{ending}"
    if ending == ".jsonl":
        text = frame.write_ndjson().replace('"reward":null', '"reward":Infinity')
        file.write_text(text, encoding="utf-8")
    elif ending == ".csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file, row_group_size=500)
    log = read(file)
    whole = pl.concat(list(log.batches()))
    expected = dict(log.problems.counts), dict(log.problems.first), log.duplicates[0]
    assert expected[0]
    assert expected[2] == 40
    found, problems, first, dropped, parts = in_parts(read(file), size)
    assert found.equals(whole)
    assert (problems, first, dropped) == expected
    assert (parts > 1) == (size < file.stat().st_size / 2 and ending != ".csv")


def test_a_stage_that_counts_rows_in_order_is_read_in_one_place(tmp_path):
    rows(64).write_parquet(tmp_path / "log.parquet")
    labels = tmp_path / "labels.csv"
    labels.write_text("row,key,truth,inclusion_probability\n", encoding="utf-8")
    assert read(tmp_path / "log.parquet").divisible is not None
    labels.write_text("row,key,truth,inclusion_probability\n0,,1,1\n", encoding="utf-8")
    assert read(tmp_path / "log.parquet", ReadOptions(labels=labels)).divisible is None


def test_the_frame_in_memory_is_not_divided():
    assert read(rows(16)).divisible is None
