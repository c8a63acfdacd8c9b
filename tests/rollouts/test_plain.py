"""Plain tables: recognition by name, every kind of file and frame, the options."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import formats, read

ROWS = [
    {
        "question": f"q{i // 4}",
        "response": f"r{i}",
        "is_correct": i % 3 == 0,
        "format_reward": i / 10,
        "advantage": 0.5,
        "model": "m",
        "sample_index": i % 4,
        "finish_reason": "length" if i == 2 else "stop",
        "ground_truth": str(i),
        "difficulty": "easy",
        "n_calls": i,
    }
    for i in range(8)
]
EXPECTED = {
    "prompt": "q0",
    "source": "m",
    "sample": 2,
    "completion": "r2",
    "answer": "2",
    "truncated": True,
    "signal.is_correct": 0.0,
    "signal.format_reward": 0.2,
    "extra.advantage": 0.5,
    "extra.difficulty": "easy",
    "extra.n_calls": 2.0,
}


def rows(log, columns=None):
    return pl.concat(log.batches(columns))


def write(kind: str, place: Path) -> Path:
    frame = pl.DataFrame(ROWS)
    path = place / f"log.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "csv":
        frame.write_csv(path)
    elif kind == "tsv":
        frame.write_csv(path, separator="\t")
    elif kind == "jsonl":
        frame.write_ndjson(path)
    elif kind == "json":
        path.write_text(json.dumps(ROWS, indent=1))
    else:
        path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in ROWS).encode()))
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "json", "jsonl.gz", "csv", "tsv"])
def test_every_kind_of_file_gives_the_same_rows(kind, tmp_path):
    log = read(write(kind, tmp_path))
    frame = rows(log)
    assert "4 per prompt and source, by equal prompt" in log.notes
    assert log.format == "plain table"
    assert log.signals == ("is_correct", "format_reward")
    assert frame.height == 8
    assert frame.row(2, named=True) == EXPECTED
    assert dict(frame.schema) == log.schema
    assert any("not taken as signals (--signal NAME takes one): advantage, n_calls" in note for note in log.notes)


def test_frames_give_the_same_rows():
    for frame in (pl.DataFrame(ROWS), pl.LazyFrame(ROWS)):
        log = read(frame)
        assert log.files == ()
        assert rows(log).row(2, named=True) == EXPECTED


def test_pandas_shaped_frames_need_no_arrow():
    class Frame:
        """Looks like a pandas frame."""

        columns = tuple(ROWS[0])

        def __getitem__(self, name):
            return [row[name] for row in ROWS]

        def to_dict(self):
            raise AssertionError

    assert rows(read(Frame())).row(2, named=True) == EXPECTED


def test_a_data_set_gives_its_polars_frame_and_its_splits_are_refused():
    class DataSet:
        """Looks like a Hugging Face data set."""

        def to_polars(self):
            return pl.DataFrame(ROWS)

    assert rows(read(DataSet())).row(2, named=True) == EXPECTED
    with pytest.raises(InputError, match="2 splits cannot be read at once; pass one, such as 'train'"):
        read({"train": DataSet(), "test": DataSet()})


def test_something_else_is_refused():
    with pytest.raises(InputError, match="int is no log; pass a path or a frame"):
        read(3)


def test_columns_are_pruned(tmp_path):
    log = read(write("parquet", tmp_path))
    assert rows(log, ["signal.is_correct", "prompt"]).columns == ["prompt", "signal.is_correct"]
    lazy = log.frame().select("completion").collect()
    assert lazy.shape == (8, 1)
    assert log.frame().select(pl.len()).collect().item() == 8


def test_map_overrules_names():
    log = read(
        pl.DataFrame({"a": ["p"], "b": ["c"], "c": [1.0], "prompt": ["no"]}),
        ReadOptions(map={"prompt": "a", "completion": "b", "signal.ok": "c"}),
    )
    assert rows(log).row(0, named=True) == {
        "prompt": "p",
        "completion": "c",
        "signal.ok": 1.0,
        "extra.prompt": "no",
    }


def test_signal_takes_a_number_that_was_not_recognised_and_leaves_others():
    log = read(pl.DataFrame(ROWS), ReadOptions(signals=("n_calls",)))
    assert log.signals == ("n_calls",)


def test_truth_is_a_column_of_its_own_and_no_signal():
    log = read(pl.DataFrame(ROWS), ReadOptions(truth="is_correct"))
    assert log.signals == ("format_reward",)
    assert rows(log)["truth"].to_list() == [1.0, 0, 0, 1, 0, 0, 1, 0]


def test_truth_is_makes_a_category_true():
    frame = pl.DataFrame(ROWS).with_columns(pl.Series("verdict_human", ["Right", "wrong", None, ""] * 2))
    log = read(frame, ReadOptions(truth="verdict_human", truth_is="right"))
    assert rows(log)["truth"].to_list() == [1.0, 0.0, None, None] * 2
    assert any("truth is 1 where it says 'right'" in note for note in log.notes)


def test_truth_is_a_score_from_a_threshold_on():
    frame = pl.DataFrame({"prompt": ["q"] * 3, "completion": ["a"] * 3, "reward": [1.0] * 3, "truth": [0.2, 0.5, None]})
    log = read(frame, ReadOptions(truth_is=">=0.5"))
    assert rows(log)["truth"].to_list() == [0.0, 1.0, None]
    assert "truth is 1 where it is >=0.5" in log.notes


def test_a_comparison_with_a_truth_that_is_no_number_says_where():
    frame = pl.DataFrame({"prompt": ["q"] * 2, "completion": ["a"] * 2, "reward": [1.0] * 2, "truth": ["1", "good"]})
    with pytest.raises(InputError, match=r"row 2, column 'truth': truth is 'good', which is no number"):
        rows(read(frame, ReadOptions(truth_is=">=0.5", truth="truth")))


def test_a_comparison_needs_a_number():
    frame = pl.DataFrame({"prompt": ["q"], "completion": ["a"], "reward": [1.0], "truth": [1.0]})
    with pytest.raises(InputError, match=r"--truth-is >=high: 'high' is no number"):
        read(frame, ReadOptions(truth_is=">=high"))


def test_truth_is_a_number():
    frame = pl.DataFrame(ROWS).with_columns(pl.Series("truth", [1, 2] * 4))
    assert rows(read(frame, ReadOptions(truth_is="2")))["truth"].to_list() == [0.0, 1.0] * 4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [((">=", 0.4), [0, 0, 0, 0, 1, 1, 1, None]), (("<", 0.1), [1, 0, 0, 0, 0, 0, 0, None])],
)
def test_accept_makes_verdicts_and_leaves_unscored_rows(rule, expected):
    frame = pl.DataFrame(ROWS).with_columns(
        pl.when(pl.col("format_reward") < 0.65).then("format_reward").alias("format_reward")
    )
    log = read(frame, ReadOptions(accept={"format_reward": rule}))
    assert rows(log)["signal.format_reward"].to_list() == expected


def test_answer_is_the_completion_where_there_is_no_other():
    log = read(pl.DataFrame({"question": ["q"], "answer": ["a"], "target": ["t"], "score": [1]}))
    assert rows(log).row(0, named=True) == {
        "prompt": "q",
        "completion": "a",
        "answer": "t",
        "signal.score": 1.0,
    }


def test_a_label_is_a_signal_only_where_nothing_else_is():
    texts = {"prompt": ["p"], "completion": ["c"], "label": [True]}
    assert read(pl.DataFrame(texts)).signals == ("label",)
    assert read(pl.DataFrame(texts | {"reward": [1.0]})).signals == ("reward",)


def test_message_lists_are_joined_and_tool_output_is_left_out(tmp_path):
    row = {
        "prompt": [{"role": "user", "content": "u"}],
        "completion": [
            {
                "role": "assistant",
                "content": "a",
                "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "content": "secret"},
            {"role": "assistant", "content": [{"type": "text", "text": "b"}]},
        ],
        "reward": 1,
    }
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(row) + "\n")
    assert rows(read(path)).row(0, named=True) == {
        "prompt": "u",
        "completion": "a\nf({})\n\nb",
        "signal.reward": 1.0,
    }


def test_token_logprobs_are_summed_and_tokens_counted():
    frame = pl.DataFrame({"prompt": ["p"], "completion": ["c"], "reward": [1.0], "logprobs": [[-0.5, -1.0]]})
    log = read(frame)
    assert rows(log)["logprob"].to_list() == [-1.5]


def test_epoch_is_the_round_where_nothing_finer_is_logged():
    base = {"prompt": ["p"], "completion": ["c"], "reward": [1.0], "epoch": [3]}
    assert rows(read(pl.DataFrame(base)))["round"].to_list() == [3]
    assert "round" not in read(pl.DataFrame(base | {"step": [7]})).schema


def test_prompt_id_stands_for_a_missing_prompt():
    log = read(pl.DataFrame({"prompt_id": [1, 1], "completion": ["a", "b"], "reward": [0, 1]}))
    assert rows(log)["prompt_id"].to_list() == ["1", "1"]
    assert "prompt" not in log.schema


def test_json_keys_that_come_later_in_the_first_rows_are_known(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = [
        {"prompt": "p", "completion": "c", "reward": None},
        {"prompt": "p", "completion": "c", "reward": 1},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert rows(read(path))["signal.reward"].to_list() == [None, 1.0]


def test_batches_stay_small(tmp_path):
    path = tmp_path / "log.jsonl"
    line = json.dumps({"prompt": "p", "completion": "c", "reward": 1}) + "\n"
    path.write_text(line * 45_000)
    heights = [batch.height for batch in read(path).batches()]
    assert sum(heights) == 45_000
    assert max(heights) <= 20_000


def test_group_sizes_say_where_they_looked(tmp_path):
    big = pl.DataFrame({"prompt": [f"p{i // 8}" for i in range(30_004)]}).with_columns(
        completion=pl.lit("c"), reward=1.0
    )
    big.write_parquet(tmp_path / "log.parquet")
    note = read(tmp_path).notes[-1]
    assert note.startswith("8 per prompt, by equal prompt (first ")


def test_a_pattern_names_files(tmp_path):
    for step in (2, 10):
        pl.DataFrame(ROWS).write_ndjson(tmp_path / f"{step}.jsonl")
    log = read(str(tmp_path / "*.jsonl"))
    assert [file.name for file in log.files] == ["2.jsonl", "10.jsonl"]


def test_formats_name_every_reader_once():
    cards = formats()
    trainers = ["trl", "verl", "traces", "verifiers", "nemo-rl", "nemo-gym", "open-instruct", "ms-swift", "wandb-table"]
    trainers += ["skyrl", "slime", "rewardspy"]
    evaluations = ["lm-eval", "inspect", "alpaca-eval", "arena-hard", "reasoning-gym", "reward-bench"]
    sets = ["distilabel", "data-designer", "preferences", "sft"]
    assert [card.name for card in cards] == [*trainers, *evaluations, *sets, "plain"]
    assert all(card.files and card.tells and card.cannot_tell for card in cards)


def test_canonical_names_are_taken_as_they_are():
    frame = pl.DataFrame({"prompt": ["p"], "completion": ["c"], "signal.steps": [1.0], "extra.note": ["n"]})
    log = read(frame)
    assert log.signals == ("steps",)
    assert "extra.note" in log.schema


def test_a_json_column_that_appears_late_is_counted(tmp_path):
    rows = [{"prompt": "p", "completion": "c", "reward": 1.0}] * 300 + [
        {"prompt": "p", "completion": "c", "reward": 0.0, "style_reward": 1.0}
    ]
    file = tmp_path / "late.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    log = read(file)
    assert sum(batch.height for batch in log.batches()) == 301
    assert log.signals == ("reward",)
    assert any("'style_reward' is in none of the first rows" in line for line in log.problems.sentences())
