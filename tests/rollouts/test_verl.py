"""verl's dumps in both layouts."""

import shutil
from pathlib import Path

import polars as pl

from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"


def test_v0_reads_the_score_and_what_stands_beside_it():
    log = read(FIXTURES / "verl_v0")
    frame = pl.concat(log.batches())
    assert log.format == "verl rollouts"
    assert log.signals == ("score", "acc", "overlong_reward")
    assert [file.name for file in log.files] == ["1.jsonl", "2.jsonl", "10.jsonl"]
    assert frame["step"].to_list() == [1] * 12 + [2] * 12 + [10] * 12
    assert frame["answer"].null_count() == 0
    assert set(frame["signal.acc"].unique()) == {0.0, 1.0}  # bools
    assert "group" not in log.schema
    assert any("V0 layout" in note for note in log.notes)


def test_v1_takes_the_group_from_uid():
    log = read(FIXTURES / "verl_v1")
    frame = pl.concat(log.batches())
    assert log.signals == ("score",)
    assert frame.group_by("group").len()["len"].to_list() == [4] * 9
    assert frame["group"].str.contains("_").sum() == 0


def test_messages_as_input_are_joined(tmp_path):
    (tmp_path / "1.jsonl").write_text(
        '{"input": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}], "output": "o", '
        '"gts": null, "score": 1.0, "step": 1}\n'
    )
    frame = pl.concat(read(tmp_path).batches())
    assert frame["prompt"].to_list() == ["system: s\n\nuser: u"]


def test_dumps_of_validation_are_left_out_of_training(tmp_path):
    for name in ("rollout", "validation"):
        shutil.copytree(FIXTURES / "verl_v0", tmp_path / name)
    log = read(tmp_path)
    assert {file.parent.name for file in log.files} == {"rollout"}
    assert pl.concat(log.batches()).height == 36
    assert any("3 evaluation file(s) left out" in note for note in log.notes)
    assert pl.concat(read(tmp_path / "validation").batches()).height == 36  # they were asked for


def test_runs_are_told_apart_by_directory(tmp_path):
    for name in ("one", "two"):
        shutil.copytree(FIXTURES / "verl_v0", tmp_path / name)
    frame = pl.concat(read(tmp_path).batches())
    assert sorted(frame.group_by("run").len().rows()) == [("one", 36), ("two", 36)]


def test_a_dump_that_may_be_filtered_says_so():
    log = read(FIXTURES / "verl_v0")
    assert log.filtered is None
    assert any("filter_groups" in note and "does not say so" in note for note in log.notes)
