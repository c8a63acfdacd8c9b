import json

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.worlds.channels import Channel, Format
from freshbits.worlds.demo import main
from freshbits.worlds.state import Source
from freshbits.worlds.world import World
from freshbits.worlds.write import (
    replacing,
    with_advantage,
    write_plain,
    write_trl,
    write_verl_v0,
    write_verl_v1,
)
from freshbits.worlds.write_traces import write_prime, write_verifiers, write_verifiers_legacy

WORLD = World(
    prompts=12,
    cut=0.05,
    logprobs=True,
    signals={"accuracy_reward": Channel(1, 0), "format_reward": Format(0.7)},
)
LOG = WORLD.log(5, 2)
GAPS = World(prompts=12, signals={"accuracy_reward": Channel(1, 0, scored=0.8)}).log(5, 2)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_trl_files_have_the_trainers_columns(tmp_path):
    files = write_trl(LOG, tmp_path, log_extra=("answer",))
    assert [file.name for file in files] == ["completions_00001.parquet", "completions_00002.parquet"]
    table = pl.read_parquet(files[0])
    assert table.columns == [
        "step",
        "prompt",
        "completion",
        "accuracy_reward",
        "format_reward",
        "answer",
        "advantage",
    ]
    assert table["step"].unique().to_list() == [1]
    assert table["completion"].equals(LOG.filter(pl.col("round") == 0)["completion"])
    assert sorted(p.name for p in (tmp_path / "completions").iterdir()) == [file.name for file in files]


def test_advantages_are_group_relative_and_unscored_rows_stay_null(tmp_path):
    frame = with_advantage(LOG, {"accuracy_reward": 2.0, "format_reward": 0.5})
    group = frame.filter((pl.col("round") == 0) & (pl.col("prompt_id") == "sum-000003"))
    total = 2 * group["signal.accuracy_reward"] + 0.5 * group["signal.format_reward"]
    assert group["total"].to_list() == total.to_list()
    expected = ((total - total.mean()) / (total.std() + 1e-4)).to_list()
    assert group["advantage"].to_list() == pytest.approx(expected)
    table = pl.concat([pl.read_parquet(file) for file in write_trl(GAPS, tmp_path)])
    gaps = table.filter(pl.col("accuracy_reward").is_null())
    assert gaps.height == GAPS["signal.accuracy_reward"].null_count() > 0
    assert (gaps["advantage"] == 0).all()
    with pytest.raises(InputError):
        with_advantage(LOG, {"unknown": 1.0})


def test_verl_lines(tmp_path):
    first = lines(write_verl_v0(LOG, tmp_path / "v0")[1])
    assert list(first[0]) == ["input", "output", "gts", "score", "step", "accuracy_reward", "format_reward"]
    assert all(row["score"] == row["accuracy_reward"] + row["format_reward"] for row in first)
    assert {row["step"] for row in first} == {2}
    second = lines(write_verl_v1(LOG, tmp_path / "v1")[0])
    assert list(second[0]) == ["input", "output", "gts", "score", "step", "uid"]
    groups = {}
    for row in second:
        groups.setdefault(row["uid"].rsplit("_", 2)[0], set()).add(row["input"])
    assert len(groups) == 12
    assert all(len(prompts) == 1 for prompts in groups.values())
    with pytest.raises(InputError):
        write_verl_v1(GAPS, tmp_path / "gaps")
    assert not (tmp_path / "gaps").exists()


def test_prime_episodes(tmp_path):
    files = write_prime(LOG, tmp_path, {"accuracy_reward": 1.0, "format_reward": 0.25})
    assert [str(file.relative_to(tmp_path)) for file in files[:2]] == [
        "rollouts/step_0/train/all/traces.jsonl",
        "rollouts/step_0/train/effective/traces.jsonl",
    ]
    episodes = lines(files[0])
    rows = LOG.filter(pl.col("round") == 0).to_dicts()
    for episode, row in zip(episodes, rows, strict=True):
        (trace,) = episode["traces"]
        asked, said = trace["nodes"]
        assert (asked["parent"], said["parent"], asked["sampled"], said["sampled"]) == (None, 0, False, True)
        assert said["message"] == {"role": "assistant", "content": row["completion"]}
        assert len(said["token_ids"]) == len(said["mask"]) == len(said["logprobs"]) == row["tokens"]
        assert sum(said["logprobs"]) == pytest.approx(row["logprob"])
        assert trace["rewards"] == {
            "accuracy_reward": {"score": row["signal.accuracy_reward"], "weight": 1.0},
            "format_reward": {"score": row["signal.format_reward"], "weight": 0.25},
        }
        assert (trace["calls"][0]["finish_reason"] == "length") == row["truncated"]
        assert episode["run"]["work"] == {"type": "train", "step": 0}
    effective = {episode["group"]["id"] for episode in lines(files[1])}
    scores = {}
    for episode in episodes:
        value = sum(part["score"] * part["weight"] for part in episode["traces"][0]["rewards"].values())
        scores.setdefault(episode["group"]["id"], set()).add(value)
    assert effective == {name for name, values in scores.items() if len(values) > 1}


def test_failed_episodes_have_no_rewards(tmp_path):
    episodes = lines(write_prime(GAPS, tmp_path)[0])
    failed = [episode for episode in episodes if not episode["ok"]]
    assert len(failed) == GAPS.filter(pl.col("round") == 0)["signal.accuracy_reward"].null_count() > 0
    assert all(episode["traces"][0]["rewards"] == {"accuracy_reward": None} for episode in failed)
    assert all(episode["traces"][0]["nodes"][1]["advantages"] is None for episode in failed)
    results, metadata = write_verifiers_legacy(GAPS, tmp_path)[:2]
    errors = [row for row in lines(results) if row["error"]]
    assert len(errors) == len(failed)
    assert {row["reward"] for row in errors} == {0.0}
    assert json.loads(metadata.read_text())["avg_error"] == pytest.approx(len(errors) / 96)


def test_verifiers_evaluations(tmp_path):
    world = World(**{**vars(WORLD), "sources": (Source("small"), Source("large"))})
    traces, config, *_ = write_verifiers(world.draw(0), tmp_path)
    assert traces.relative_to(tmp_path).parts == ("sums--small--single", "run-0", "traces.jsonl")
    assert json.loads(config.read_text())["model"] == "small"
    episodes = lines(traces)
    assert len(episodes) == 96
    assert not any("group" in episode for episode in episodes)
    assert len({episode["task"]["key"] for episode in episodes}) == 12
    results, metadata, *_ = write_verifiers_legacy(world.draw(0), tmp_path)
    assert results.relative_to(tmp_path).parts == ("evals", "sums--small", "run-0", "results.jsonl")
    rows = lines(results)
    assert {row["example_id"] for row in rows} == set(range(12))
    assert all(row["reward"] == sum(row["metrics"].values()) for row in rows)
    assert all(row["accuracy_reward"] == row["metrics"]["accuracy_reward"] for row in rows)
    assert json.loads(metadata.read_text())["rollouts_per_example"] == 8


def test_plain_tables_read_back_the_same(tmp_path):
    frame = LOG.select("round", "prompt", "completion", "truth", "signal.accuracy_reward")
    expected = frame.rename({"signal.accuracy_reward": "accuracy_reward"})
    readers = {"parquet": pl.read_parquet, "jsonl": pl.read_ndjson, "csv": pl.read_csv}
    for ending, read in readers.items():
        assert read(write_plain(frame, tmp_path / f"log.{ending}")).equals(expected)
    with pytest.raises(InputError):
        write_plain(frame, tmp_path / "log.xlsx")


def test_nothing_half_written_stays(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("before")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["log.jsonl"]
    assert path.read_text() == "before"


def test_demo_writes_a_believable_log(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("wrote 3,840 rollouts of 120 prompts over 12 steps to ")
    log = pl.read_parquet(tmp_path / "completions" / "*.parquet")
    assert log.columns == ["step", "prompt", "completion", "accuracy_reward", "format_reward", "advantage"]
    assert log.group_by("step", "prompt").len()["len"].unique().to_list() == [8]
    steps = log.group_by("step").agg(pl.col("accuracy_reward", "format_reward").mean()).sort("step")
    assert steps["format_reward"][0] < 0.65
    assert steps["format_reward"][6:].min() > 0.9
    assert steps["accuracy_reward"][-3:].mean() > steps["accuracy_reward"][:3].mean() + 0.1
    solved = log.group_by("prompt").agg(pl.col("accuracy_reward").max())
    assert (solved["accuracy_reward"] == 0).sum() >= 15
    boxed = log["completion"].str.contains(r"\\boxed\{\d+\}\.$")
    assert (boxed == (log["format_reward"] == 1)).all()
    ends = log["completion"].str.contains(r"\d\}?\.$")
    assert 0.02 < (~ends).mean() < 0.07
    words = log.with_columns(pl.col("completion").str.split(" ").list.len().alias("words"))
    means = words.filter(ends).group_by("accuracy_reward").agg(pl.col("words").mean()).sort("accuracy_reward")
    assert means["words"][1] > means["words"][0] + 1


def test_demo_says_how_it_is_used(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
