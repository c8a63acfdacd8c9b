"""TRL's completions: real files of a tiny run, and the traps they hold."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts" / "trl"


def rows(log, columns=None):
    return pl.concat(log.batches(columns))


def write(directory: Path, step: int, prompts: list[str], accuracy: list[float | None], **extra) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    frame = {
        "step": [step] * len(prompts),
        "prompt": prompts,
        "completion": [f"{step}-{index}" for index in range(len(prompts))],
        "accuracy": accuracy,
        **extra,
        "advantage": [0.0] * len(prompts),
    }
    pl.DataFrame(frame, schema_overrides={"accuracy": pl.Float64}).write_parquet(
        directory / f"completions_{step:05d}.parquet"
    )


def test_reads_what_trl_wrote():
    log = read(FIXTURES / "plain")
    assert log.format == "TRL completions"
    assert log.signals == ("even_reward", "short_reward")
    assert "2 reward functions (even_reward, short_reward); no weights, so no total" in log.notes
    assert "4 per prompt by equal text and row order" in log.notes
    frame = rows(log)
    assert frame.height == 64
    assert frame["answer"].null_count() == 0  # `solution` of log_extra
    assert "extra.length" in frame.columns  # a whole number is no reward


def test_a_prompt_drawn_twice_in_a_step_is_two_groups():
    frame = rows(read(FIXTURES / "plain"))
    raw = pl.read_parquet(FIXTURES / "plain" / "completions" / "completions_00001.parquet")
    assert raw["prompt"].value_counts()["count"].max() == 8  # the trap is in the file
    assert frame.group_by("group").len()["len"].unique().to_list() == [4]
    assert frame.group_by("group").agg(pl.col("prompt").n_unique())["prompt"].unique().to_list() == [1]


def test_an_unscored_reward_is_null_not_zero_and_no_problem():
    log = read(FIXTURES / "plain")
    frame = rows(log)
    raw = pl.concat(pl.read_parquet(file) for file in log.files)
    unscored = raw["even_reward"].null_count() + raw["even_reward"].is_nan().sum()
    assert unscored > 0
    assert frame["signal.even_reward"].null_count() == unscored
    assert log.problems.sentences() == []


def test_a_batch_written_twice_is_read_once_and_counted():
    log = read(FIXTURES / "repeated")
    assert rows(log).height == 32
    assert log.duplicates == [32]
    assert any("2 files hold a batch that an earlier file holds already" in note for note in log.notes)
    rows(log, ["signal.even_reward"])
    assert log.duplicates == [32]  # counted per pass, not over passes


def test_nan_is_unscored_too(tmp_path):
    write(tmp_path, 1, ["p"] * 4, [float("nan"), 1.0, 0.0, 1.0])
    log = read(tmp_path)
    assert rows(log)["signal.accuracy"].to_list() == [None, 1.0, 0.0, 1.0]
    assert log.problems.sentences() == []


def test_equal_rewards_alone_are_no_repeated_batch(tmp_path):
    for step in (1, 2):
        write(tmp_path, step, ["p"] * 4, [0.0] * 4)
    assert rows(read(tmp_path)).height == 8


def test_message_lists_become_text():
    frame = rows(read(FIXTURES / "chat"))
    assert frame["prompt"].str.contains(r"^\d\+\d=$").all()
    assert not frame["completion"].str.contains("assistant").any()


def test_several_runs_are_told_apart_by_directory():
    log = read(FIXTURES)
    assert set(rows(log)["run"].unique()) == {"plain", "repeated", "chat"}
    assert "3 runs, told apart by directory" in log.notes


def test_files_stand_in_the_order_of_steps(tmp_path):
    for step in (9, 10, 100000):
        write(tmp_path, step, ["p"] * 4, [0.0, 1.0, 0.0, 1.0])
    assert [int(file.stem.split("_")[1]) for file in read(tmp_path).files] == [9, 10, 100000]


def test_lost_batches_are_said(tmp_path):
    for step in (10, 20, 30):
        write(tmp_path, step, ["p"] * 4, [0.0, 1.0, 0.0, 1.0])
    assert any(note.startswith("a file every 10 steps") for note in read(tmp_path).notes)


def test_files_of_steps_with_an_evaluation_are_left_out_and_named(tmp_path):
    place = tmp_path / "completions"
    for step in (1, 2, 3, 4):
        write(place, step, [f"p{step}"] * 4, [0.0, 1.0, 0.0, 1.0])
    shutil.copy(place / "completions_00002.parquet", place / "completions_00003.parquet")  # the same buffer again
    (tmp_path / "checkpoint-4").mkdir()
    history = [{"step": 1, "loss": 0.1}, {"step": 2, "loss": 0.1}, {"step": 2, "eval_reward": 0.5}]
    (tmp_path / "checkpoint-4" / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    log = read(tmp_path)
    assert rows(log)["prompt"].unique().sort().to_list() == ["p1", "p4"]
    assert log.duplicates == [4]
    assert any("1 file(s) of steps at which the trainer evaluated" in note for note in log.notes)
    assert any("completions_00002.parquet" in note for note in log.notes)


def test_a_trainer_state_that_is_none_says_nothing(tmp_path):
    write(tmp_path / "completions", 1, ["p"] * 4, [0.0, 1.0, 0.0, 1.0])
    (tmp_path / "checkpoint-1").mkdir()
    (tmp_path / "checkpoint-1" / "trainer_state.json").write_text('{"log_history": [3, {"eval_loss": 1}]}')
    assert rows(read(tmp_path / "completions")).height == 4


def test_rows_out_of_order_are_grouped_by_prompt_and_that_is_said(tmp_path):
    write(tmp_path, 1, ["p", "q"] * 4, [0.0, 1.0] * 4)
    log = read(tmp_path)
    assert "group" not in log.schema
    assert any("no run of equal prompts" in note for note in log.notes)


def test_the_old_hub_layout_keeps_total_and_components(tmp_path):
    write(tmp_path, 1, ["p"] * 4, [0.0] * 4, reward=[1.0] * 4, reward_format=[0.5] * 4)
    assert read(tmp_path).signals == ("accuracy", "reward", "reward_format")


def test_weights_and_origins_are_taken_from_the_options():
    options = ReadOptions(weights={"even_reward": 1.0}, origins={"even_reward": "external"})
    log = read(FIXTURES / "plain", options)
    assert log.weights == {"even_reward": 1.0}
    assert log.origins == {"even_reward": "external"}
    assert not any("no weights" in note for note in log.notes)


@pytest.mark.parametrize("sizes", [[1], [5], [3, 4]])
def test_groups_do_not_depend_on_how_rows_are_cut_into_batches(sizes, monkeypatch):
    whole = rows(read(FIXTURES / "plain"))
    from freshbits.rollouts.tables import parquet

    for size in sizes:
        monkeypatch.setattr(parquet, "CHUNK_ROWS", size)
        assert rows(read(FIXTURES / "plain")).equals(whole)
