"""Judges: a column splits the signal; one row is one rollout; pairs and their orders."""

from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

SCORES = [
    # prompt, model, judge, version, reward
    ("a", "m", "gpt", "v1", 3.0),
    ("a", "m", "gpt", "v2", 4.0),
    ("a", "m", "llama", "v1", 9.0),
    ("a", "n", "gpt", "v1", 5.0),
    ("b", "m", "llama", "v1", 1.0),
]


def scores(more=()):
    names = ["prompt_id", "model", "judge", "eval_version", "reward"]
    frame = pl.DataFrame([*SCORES, *more], schema=names, orient="row")
    return frame.with_columns(completion=pl.col("prompt_id") + pl.col("model"))


def rows(log, columns=None):
    return pl.concat(log.batches(columns))


def test_a_judge_column_splits_the_signal_and_rows_are_rollouts():
    log = read(scores())
    assert log.signals == ("reward@gpt/v1", "reward@gpt/v2", "reward@llama/v1")
    assert log.judges == {"reward@gpt/v1": "gpt", "reward@gpt/v2": "gpt", "reward@llama/v1": "llama"}
    frame = rows(log)
    assert frame.select("prompt_id", "source", *(f"signal.{name}" for name in log.signals)).rows() == [
        ("a", "m", 3.0, 4.0, 9.0),
        ("a", "n", 5.0, None, None),
        ("b", "m", None, None, 1.0),
    ]
    assert not any("judge" in name for name in frame.columns if not name.startswith("signal."))


def test_a_part_that_does_not_vary_is_left_out_of_the_name():
    assert read(scores().filter(pl.col("eval_version") == "v1")).signals == ("reward@gpt", "reward@llama")


def test_a_verdict_written_twice_is_dropped_and_a_second_opinion_is_a_repeat():
    log = read(scores([("a", "m", "gpt", "v1", 3.0), ("a", "m", "gpt", "v1", 7.0)]))
    frame = rows(log)
    assert log.duplicates == [1]
    both = frame.filter((pl.col("prompt_id") == "a") & (pl.col("source") == "m")).sort("repeat")
    assert both["repeat"].to_list() == [0, 1]
    assert both["signal.reward@gpt/v1"].to_list() == [3.0, 7.0]
    assert rows(log, ["prompt_id"]).height == frame.height


def test_a_judge_may_be_chosen_by_name_or_with_all_others():
    assert read(scores(), ReadOptions(signals=("reward@gpt/v2",))).signals == ("reward@gpt/v2",)
    assert len(read(scores(), ReadOptions(signals=("reward",))).signals) == 3
    log = read(scores(), ReadOptions(accept={"reward": (">=", 5.0)}))
    assert rows(log)["signal.reward@llama/v1"].to_list() == [1.0, None, 0.0]


PAIRS = pl.DataFrame(
    [
        # id, judge, strategy, swapped, winner, truth
        ("x", "gpt", "CoT", False, 1, 2),
        ("x", "gpt", "CoT", True, 2, 2),
        ("x", "gpt", "plain", False, None, 2),
        ("y", "gpt", "CoT", False, 1, 1),
        ("y", "gpt", "CoT", True, 1, 1),
    ],
    schema=["prompt_id", "judge", "strategy", "swapped", "winner", "truth"],
    orient="row",
).with_columns(chars_1=pl.lit(10), chars_2=pl.lit(20))
TEXTS = pl.DataFrame(
    {
        "prompt_id": ["x", "y"],
        "prompt": ["px", "py"],
        "output_1": ["x1", "y1"],
        "output_2": ["x2", "y2"],
        "truth": [2, 1],
    }
)


def test_a_pair_is_one_row_per_order():
    log = read(PAIRS)
    assert log.signals == ("winner@gpt/CoT", "winner@gpt/plain")
    frame = rows(log)
    assert frame.select("prompt_id", "repeat", "truth", "signal.winner@gpt/CoT").rows() == [
        ("x", 0, 0.0, 1.0),
        ("x", 1, 0.0, 0.0),
        ("y", 0, 1.0, 1.0),
        ("y", 1, 1.0, 1.0),
    ]
    assert frame["signal.winner@gpt/plain"].to_list() == [None] * 4
    assert frame["extra.chars_1"].to_list() == [10.0] * 4
    assert "completion" not in log.schema
    assert any("--join FILE" in note for note in log.notes)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_join_adds_the_texts(kind, tmp_path):
    path = tmp_path / f"texts.{kind}"
    {"parquet": TEXTS.write_parquet, "jsonl": TEXTS.write_ndjson, "csv": TEXTS.write_csv}[kind](path)
    log = read(PAIRS, ReadOptions(join=path))
    frame = rows(log)
    assert frame.select("prompt", "completion", "opponent").rows()[0] == ("px", "x1", "x2")
    assert any(f"joined from {path.name} by prompt_id" in note for note in log.notes)
    assert not any("--join FILE" in note for note in log.notes)


def test_join_truth_in_the_same_way(tmp_path):
    TEXTS.write_parquet(tmp_path / "texts.parquet")
    log = read(PAIRS.drop("truth"), ReadOptions(join=tmp_path / "texts.parquet"))
    assert rows(log)["truth"].to_list() == [0.0, 0.0, 1.0, 1.0]


def test_join_counts_rows_it_does_not_know(tmp_path):
    TEXTS.head(1).write_parquet(tmp_path / "texts.parquet")
    log = read(PAIRS, ReadOptions(join=tmp_path / "texts.parquet"))
    assert rows(log)["prompt"].to_list() == ["px", "px", None, None]
    assert log.problems.counts == {"prompt_id is not in texts.parquet": 2}


def test_join_needs_one_row_per_prompt(tmp_path):
    pl.concat([TEXTS, TEXTS.with_columns(prompt=pl.lit("other"))]).write_parquet(tmp_path / "texts.parquet")
    with pytest.raises(InputError, match="holds 'x' more than once with different values"):
        read(PAIRS, ReadOptions(join=tmp_path / "texts.parquet"))


def test_join_needs_a_shared_id(tmp_path):
    TEXTS.rename({"prompt_id": "key"}).drop("prompt").write_parquet(tmp_path / "texts.parquet")
    with pytest.raises(InputError, match="shares no prompt id with the log"):
        read(PAIRS, ReadOptions(join=tmp_path / "texts.parquet"))


def test_join_answers_to_a_plain_log(tmp_path):
    pl.DataFrame({"prompt_id": ["a", "b"], "prompt": ["pa", "pb"], "answer": ["1", "2"]}).write_csv(tmp_path / "t.csv")
    log = read(scores(), ReadOptions(join=Path(tmp_path / "t.csv")))
    assert rows(log).select("prompt", "answer").rows() == [("pa", "1"), ("pa", "1"), ("pb", "2")]
