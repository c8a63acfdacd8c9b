"""NeMo RL's training data and NeMo Gym's rollouts, with the traps that they hold."""

import json
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"


def rows(log):
    return pl.concat(log.batches())


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_step_is_read_with_its_groups_and_without_the_evaluation():
    log = read(FIXTURES / "nemo_rl")
    frame = rows(log)
    assert log.format == "NeMo RL training data"
    assert log.signals == ("reward",)
    assert log.filtered is None
    assert [file.name for file in log.files] == [f"train_data_step{step}.jsonl" for step in (1, 2, 10)]
    assert frame["step"].to_list() == [1] * 20 + [2] * 20 + [10] * 20
    assert frame.group_by("group").len()["len"].to_list() == [4] * 15  # prompt 3 is drawn twice in a step: two groups
    wanted = [1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0]
    assert frame.filter(step=1)["signal.reward"].to_list() == wanted
    assert any("1 evaluation file(s) left out" in note for note in log.notes)


def test_what_the_environment_said_is_not_the_completion():
    frame = rows(read(FIXTURES / "nemo_rl"))
    raw = lines(FIXTURES / "nemo_rl" / "exp_001" / "train_data_step1.jsonl")
    assert raw[0]["content"][0][2] == "Environment: correct"  # the trap is in the file
    assert not frame["completion"].str.contains("Environment").any()
    assert frame["completion"][0] == raw[0]["content"][0][1]
    assert frame["prompt"][0] == "1+1="


def test_logprobs_and_tokens_are_those_under_the_mask():
    frame = rows(read(FIXTURES / "nemo_rl"))
    for at, row in enumerate(lines(FIXTURES / "nemo_rl" / "exp_001" / "train_data_step1.jsonl")):
        words = len(row["content"][0][1].split())
        kept = row["generation_logprobs"][0][3 : 3 + words]
        assert frame["tokens"][at] == words
        assert frame["logprob"][at] == pytest.approx(sum(kept), abs=1e-12)
        assert row["generation_logprobs"][0][-1] == -9.0  # padding that must not count


def test_under_dynamic_sampling_a_line_has_its_filtered_reward_and_dead_groups_are_unknown():
    log = read(FIXTURES / "nemo_rl_sampled")
    frame = rows(log)
    raw = lines(FIXTURES / "nemo_rl_sampled" / "train_data_step1.jsonl")
    assert [row["rewards"][0] for row in raw] != [row["filtered_rewards"][0] for row in raw]  # the trap
    assert frame.filter(step=1)["signal.reward"].to_list() == [row["filtered_rewards"][0] for row in raw]
    right = frame["completion"].str.contains("unknown").not_()
    assert (frame["signal.reward"] == right.cast(pl.Float64)).all()  # it belongs to the text of its line
    assert "dynamic sampling dropped groups without contrast" in log.filtered
    assert any("in an order of its own, and not used" in note for note in log.notes)


def test_an_evaluation_that_is_pointed_at_has_no_rounds():
    log = read(FIXTURES / "nemo_rl" / "exp_001" / "val_data_step10.jsonl")
    frame = rows(log)
    assert "step" not in log.schema
    assert frame.select("prompt", "completion", "signal.reward").rows() == [("7+7=", "14", 1.0), ("8+8=", "16", 1.0)]
    assert any("no rounds of training" in note for note in log.notes)


def made(content, mask, **more):
    row = {"content": content, "rewards": 1.0, "input_lengths": len(mask), "token_loss_mask": mask, **more}
    return json.dumps({name: [value] for name, value in row.items()} | {"idx": 0}) + "\n"


@pytest.mark.parametrize(
    ("content", "mask", "prompt", "completion", "turns"),
    [
        (["sys", "q", "a"], [0, 0, 1], "sys\n\nq", "a", 1),  # two messages before the answer, nothing behind it
        (["q", "a", "tool", "b", "seen"], [0, 1, 0, 1, 0], "q", "a\n\nb", 2),
        (["q", "a", "tool", "b"], [0, 1, 0, 1], "q", "a\n\nb", 2),
    ],
)
def test_messages_without_roles_are_told_apart_by_the_mask(tmp_path, content, mask, prompt, completion, turns):
    (tmp_path / "train_data_step1.jsonl").write_text(made(content, mask) * 2)
    frame = rows(read(tmp_path))
    assert frame.select("prompt", "completion", "turns").row(0) == (prompt, completion, turns)


def test_logprobs_that_were_not_kept_are_unknown(tmp_path):
    (tmp_path / "train_data_step1.jsonl").write_text(
        made(["q", "a b"], [0, 1, 1], generation_logprobs=[0.0, 0.0, 0.0])
        + made(["q", "a b"], [0, 1, 1], generation_logprobs=[0.0, -0.5, None])
        + made(["q", "a b"], [0, 1, 1], generation_logprobs=[0.0, -0.5, 0.0])
    )
    assert rows(read(tmp_path))["logprob"].to_list() == [None, None, -0.5]


def test_a_batch_of_several_and_a_plain_row_are_read_alike(tmp_path):
    several = {"content": [["q", "a"], ["q", "b"]], "rewards": [1.0, 0.0], "idx": 0}
    plain = {"content": ["r", "c"], "rewards": 1.0, "idx": 1}
    (tmp_path / "train_data_step1.jsonl").write_text(json.dumps(several) + "\n" + json.dumps(plain) + "\n")
    frame = rows(read(tmp_path))
    assert frame.select("prompt", "completion", "signal.reward").rows() == [("q", "a", 1), ("q", "b", 0), ("r", "c", 1)]


def test_rows_without_messages_are_told_apart_by_their_ids_and_grouped_by_sample_id(tmp_path):
    lines = [
        {"rewards": [float(n % 2)], "input_lengths": [4], "token_ids": [[10, 11, 100 + n, 102, 0]],
         "token_loss_mask": [[0, 0, 1, 1, 0]], "generation_logprobs": [[0, 0, -0.5, -0.25, 0]],
         "sample_id": [f"task{n // 4}_g{n % 4}"], "idx": n}
        for n in (0, 4, 1, 5, 2, 6, 3, 7)
    ]  # fmt: skip
    (tmp_path / "train_data_step3.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    log = read(tmp_path)
    frame = rows(log)
    assert sorted(frame.group_by("group").len().rows()) == [("3:task0", 4), ("3:task1", 4)]
    assert frame["completion"].n_unique() == 8
    assert frame["prompt"].n_unique() == 1
    assert set(frame["tokens"]) == {2}
    assert set(frame["logprob"]) == {-0.75}
    assert any("spelled as letters" in note for note in log.notes)
    assert "groups from sample_id" in log.notes


def test_gym_without_a_task_index_is_grouped_by_prompt(tmp_path):
    line = {"responses_create_params": {"input": "q"}, "response": {"model": "m", "output": []}, "reward": 1.0,
            "source": "a book", "tokens": [1, 2], "prompt": {"id": 3}}  # fmt: skip
    (tmp_path / "rollouts.jsonl").write_text(json.dumps(line) + "\n")
    log = read(tmp_path)
    assert log.format == "NeMo Gym rollouts"
    assert "no task index: groups are equal prompts" in log.notes
    assert rows(log).select("prompt", "source", "signal.reward").rows() == [("q", "m", 1.0)]


def test_gym_groups_tasks_in_whatever_order_they_ended():
    log = read(FIXTURES / "nemo_gym")
    frame = rows(log)
    assert log.format == "NeMo Gym rollouts"
    assert log.signals == ("reward", "library_reward")
    assert frame.height == 12
    assert log.duplicates == [5]  # the shard that was merged
    assert sorted(frame.group_by("group").len().rows()) == [("0", 4), ("1", 4), ("2", 4)]
    assert set(frame["source"]) == {"tiny"}
    assert frame["truncated"].sum() == 1
    assert "extra.sandbox_elapsed_seconds" in log.schema  # a number beside the reward that is none
    assert any("rollouts_failures.jsonl" in note and "left out" in note for note in log.notes)


def test_gym_reads_a_masked_rollout_as_unscored_not_as_wrong():
    frame = rows(read(FIXTURES / "nemo_gym"))
    masked = frame.filter(pl.col("extra.masked"))
    assert masked.select("group", "sample", "signal.reward", "signal.library_reward").rows() == [("1", 2, None, None)]
    told = frame.filter(pl.col("signal.reward").is_not_null())
    right = told["extracted"] == told["answer"]
    assert (told["signal.reward"] == right.fill_null(value=False).cast(pl.Float64)).all()


def test_gym_leaves_what_tools_said_out_of_the_completion():
    frame = rows(read(FIXTURES / "nemo_gym")).filter(group="1")
    assert frame["completion"].str.starts_with('let me compute\n\nadd({"a": 1})\n\nit is').all()
    assert not frame["completion"].str.contains("tool says").any()
    assert set(frame["turns"]) == {2}


def test_gym_says_what_stands_beside_rollouts():
    with pytest.raises(InputError, match="stands beside rollouts and holds none"):
        read(FIXTURES / "nemo_gym" / "rollouts_materialized_inputs.jsonl")
