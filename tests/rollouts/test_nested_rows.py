"""Conversations and objects of rewards in plain files; an epoch that is a round, or an attempt."""

import json

import polars as pl
import pytest

from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

SAID = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "Let me look."},
    {"role": "tool", "content": "2"},
    {"role": "assistant", "content": "It is 2."},
]


def lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def frame(log):
    return pl.concat(log.batches())


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_conversation_with_several_rewards_is_a_rollout(tmp_path, ending):
    rows = [{"messages": SAID, "rewards": {"right": 1.0, "short": None if at else 0.5}} for at in range(3)]
    path = lines(tmp_path / "a.jsonl", *rows)
    if ending == "parquet":
        path = tmp_path / "a.parquet"
        pl.DataFrame(rows).write_parquet(path)
    log = read(path)
    assert log.format == "plain table"
    assert log.signals == ("rewards.right", "rewards.short")
    found = frame(log)
    assert found["prompt"][0] == "system: Be brief.\n\nuser: 1+1?"
    assert found["completion"][0] == "Let me look.\n\nIt is 2."
    assert found["signal.rewards.short"].to_list() == [0.5, None, None]


def test_an_object_of_scores_beside_texts_is_laid_flat_and_keeps_what_lies_beside_it(tmp_path):
    rows = [{"prompt": "p", "completion": str(at), "scores": {"a": at, "b": 1}, "step": 4} for at in range(3)]
    log = read(lines(tmp_path / "a.jsonl", *rows))
    assert log.signals == ("scores.a", "scores.b")
    assert frame(log)["signal.scores.a"].to_list() == [0.0, 1.0, 2.0]
    assert frame(log)["step"].to_list() == [4, 4, 4]


def test_a_conversation_without_an_answer_has_no_completion(tmp_path):
    rows = [{"messages": SAID, "reward": 1.0}, {"messages": SAID[:2], "reward": 0.0}]
    assert frame(read(lines(tmp_path / "a.jsonl", *rows)))["completion"].null_count() == 1


def test_conversations_that_nobody_scored_stay_a_set(tmp_path):
    assert read(lines(tmp_path / "a.jsonl", {"messages": SAID}, {"messages": SAID})).format == "SFT set"


def test_an_epoch_is_a_round_unless_it_is_said_to_be_an_attempt(tmp_path):
    path = tmp_path / "a.csv"
    pl.DataFrame({"question": "q", "response": ["a", "b"], "correct": [1, 0], "epoch": [0, 1]}).write_csv(path)
    asked = read(path)
    assert any("--map sample=epoch" in note for note in asked.notes)
    assert frame(asked)["round"].to_list() == [0, 1]
    told = read(path, ReadOptions(map={"sample": "epoch"}))
    assert not any("epoch" in note for note in told.notes)
    assert "round" not in frame(told).columns or frame(told)["round"].n_unique() == 1
    assert frame(told)["sample"].to_list() == [0, 1]


def test_lists_of_responses_with_as_many_scores_are_a_row_each(tmp_path):
    rows = [{"question": f"{q}?", "responses": ["a", "b", "c"], "scores": [1, None, 0], "tags": ["x"]} for q in "pq"]
    log = read(lines(tmp_path / "a.jsonl", *rows))
    found = frame(log)
    assert log.signals == ("score",)
    assert found["completion"].to_list() == ["a", "b", "c"] * 2
    assert found["prompt"].to_list() == ["p?"] * 3 + ["q?"] * 3
    assert found["signal.score"].to_list() == [1.0, None, 0.0] * 2


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_names_in_another_case_and_tables_parted_by_semicolons_are_read(tmp_path, separator):
    path = tmp_path / "a.csv"
    table = {"Question": ["q"] * 2, "Model Output": ["a", "b"], "Correct": [True, False], "Epoch": [1, 2]}
    pl.DataFrame(table).write_csv(path, separator=separator)
    log = read(path)
    assert log.signals == ("Correct",)
    assert frame(log)["completion"].to_list() == ["a", "b"]
    assert any("--map sample=Epoch" in note for note in log.notes)


def test_a_conversation_with_a_reward_by_name_is_a_rollout(tmp_path):
    rows = [{"conversation": SAID, "correctness_reward": at, "iteration": 0} for at in (0, 1)]
    assert read(lines(tmp_path / "a.jsonl", *rows)).signals == ("correctness_reward",)
