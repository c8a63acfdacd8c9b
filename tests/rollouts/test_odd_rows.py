"""A row that lacks the shape of its trainer's format is left out and counted with its place; the log is read."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"
ODD = {
    "nemo_rl_sampled/train_data_step2.jsonl": {"generation_logprobs": [["x"] * 16]},
    "nemo_gym/rollouts.jsonl": {"response": {"output": [{"type": "message", "generation_log_probs": ["x"]}]}},
    "open_instruct/run_rollouts_000000.jsonl": {"response_tokens": ["x"]},
    "skyrl/dumped_evals/global_step_5_evals/org_sums.jsonl": {"score": ["x"]},
    "slime/rollout_7.jsonl": {"rollout_log_probs": ["x"]},
}


@pytest.mark.parametrize("place", ODD)
def test_it_is_left_out_and_named(tmp_path, place):
    name = place.partition("/")[0]
    shutil.copytree(FIXTURES / name, tmp_path / name)
    whole = pl.concat(read(tmp_path / name).batches()).height
    path = tmp_path / place
    lines = path.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | ODD[place])
    path.write_text("\n".join(lines) + "\n")
    log = read(tmp_path / name)
    read_rows = pl.concat(log.batches()).height + log.duplicates[0]
    assert log.problems.sentences() == [
        f"1 row: the row does not have the shape of its format: left out (first: {path}, row 3)"
    ]
    if name != "nemo_gym":  # there the row stands in a shard too
        assert read_rows == whole - 1


def test_rows_after_it_keep_their_places(tmp_path):
    path = tmp_path / "rollout.jsonl"
    lines = (FIXTURES / "slime" / "rollout_7.jsonl").read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | {"rollout_log_probs": ["x"]})
    lines[5] = json.dumps(json.loads(lines[5]) | {"reward": float("inf")})
    path.write_text("\n".join(lines) + "\n")
    log = read(path)
    assert pl.concat(log.batches()).height == 11
    assert any("reward is not finite" in s and s.endswith("row 6)") for s in log.problems.sentences())


def test_a_log_of_nothing_else_is_one_sentence(tmp_path):
    row = {"group_index": 0, "response": "a", "reward": 1.0, "status": "completed", "rollout_log_probs": ["x"]}
    (tmp_path / "rollout.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(InputError, match="no row has the shape of its format; read it as a plain table"):
        read(tmp_path)
