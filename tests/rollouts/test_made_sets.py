"""Readers of sets that were made to be trained on: each format, its traps, and what is said of them."""

import json
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts" / "distilabel"


def rows(source, options=None):
    log = read(source, options)
    return log, pl.concat(list(log.batches()))


def test_distilabel_tells_the_judge_from_the_writer_of_a_save_to_disk_folder():
    log, frame = rows(FIXTURES / "same")
    assert (log.format, log.made, log.signals, log.judged_by) == ("distilabel set", "set", ("rating",), {"rating": ""})
    assert frame["source"].unique().to_list() == frame["extra.judge"].unique().to_list() == ["sums/small"]
    assert frame["signal.rating"].null_count() == 1  # the judge would not say: unscored, not 0
    assert frame.height == 6


def test_distilabel_unfolds_generations_with_their_writers_and_ratings():
    log, frame = rows(FIXTURES / "pairs")
    assert log.made == "set"  # chosen and rejected follow from the ratings
    one = frame.filter(pl.col("prompt") == "What is 2 + 2?")
    assert one["source"].to_list() == ["sums/small", "sums/long"]
    assert one["signal.rating"].to_list() == [3.0, 5.0]
    assert one["extra.judge"].unique().to_list() == ["sums/judge"]
    assert any("one row per generation" in note for note in log.notes)


def test_distilabel_s_overwritten_model_name_is_the_judge_and_the_pipeline_tells_the_only_writer(tmp_path):
    frame = pl.DataFrame(
        {"instruction": ["a", "b"], "generations": [["x"], ["y"]], "ratings": [[1.0], [None]], "model_name": ["m"] * 2}
    )
    place = tmp_path / "default" / "train"
    place.mkdir(parents=True)
    frame.write_parquet(place / "train.parquet")
    log, read_rows = rows(tmp_path)
    assert read_rows["extra.judge"].to_list() == ["m", "m"]
    assert read_rows["source"].null_count() == 2 if "source" in read_rows.columns else True
    assert any("overwrote" in note for note in log.notes)
    (tmp_path / "distiset_configs").mkdir()
    steps = "pipeline:\n  steps:\n  - step: {llm: {model: m}}\n  - step: {llm: {model: m}}\n"
    (tmp_path / "distiset_configs" / "pipeline.yaml").write_text(steps)
    assert rows(tmp_path)[1]["source"].to_list() == ["m", "m"]


def designed(tmp_path, columns=None):
    """Writes a Data Designer artifact folder as its storage does."""
    scores = [
        {"Correctness": {"reasoning": "r", "score": str(n % 4)}, "Tone": {"reasoning": "r", "score": "Good"}}
        for n in range(4)
    ]
    frame = pl.DataFrame(
        {
            "topic": ["sums"] * 4, "task_text": [f"add {n}" for n in range(4)], "solution_code": ["x = 1"] * 4,
            "code_judge": scores, "lint": [{"is_valid": True, "python_linter_score": 9.0}] * 3 + [{"is_valid": None}],
        }
    )  # fmt: skip
    data = tmp_path / "set" / "parquet-files"
    data.mkdir(parents=True)
    (tmp_path / "set" / "tmp-partial-parquet-files").mkdir()
    frame.write_parquet(data / "batch_00000.parquet")
    frame.write_parquet(tmp_path / "set" / "tmp-partial-parquet-files" / "batch_00000.parquet")
    config = {
        "data_designer": {
            "model_configs": [{"alias": "coder", "model": "nvidia/coder-9b"}],
            "columns": [
                {"name": "task_text", "column_type": "llm-text", "model_alias": "coder", "prompt": "{{ topic }}"},
                {"name": "solution_code", "column_type": "llm-code", "model_alias": "coder", "prompt": "{{task_text}}"},
                {
                    "name": "code_judge", "column_type": "llm-judge", "model_alias": "coder",
                    "prompt": "Task: {{ task_text }} Code: {{ solution_code }}",
                },
            ],
        }
    }  # fmt: skip
    (tmp_path / "set" / "builder_config.json").write_text(json.dumps(config))
    (tmp_path / "set" / "metadata.json").write_text(json.dumps({"target_num_records": 6}, indent=2))
    return tmp_path


def test_data_designer_lays_judges_scores_flat_and_reads_the_models_from_its_configuration(tmp_path):
    log, frame = rows(designed(tmp_path))
    assert log.format == "Data Designer set"
    assert frame.height == 4  # partial files are not read twice
    assert log.signals == ("code_judge.Correctness", "lint.is_valid")
    assert frame["signal.code_judge.Correctness"].to_list() == [0.0, 1.0, 2.0, 3.0]
    assert frame["signal.lint.is_valid"].to_list() == [1.0, 1.0, 1.0, None]
    assert (frame["prompt"][0], frame["completion"][0]) == ("add 0", "x = 1")
    assert frame["source"][0] == log.judged_by["code_judge.Correctness"] == "nvidia/coder-9b"
    assert any("code_judge.Tone is given in words" in note for note in log.notes)
    assert any("6 records were asked for" in note for note in log.notes)


def test_data_designer_without_configuration_asks_which_column_is_which(tmp_path):
    (designed(tmp_path) / "set" / "builder_config.json").unlink()
    with pytest.raises(InputError, match=r"no completion among .*--map completion=COLUMN"):
        read(tmp_path)
    log, frame = rows(tmp_path, ReadOptions(map={"prompt": "task_text", "completion": "solution_code"}))
    assert frame["completion"][0] == "x = 1"
    assert log.judged_by == {}


def test_alpaca_s_input_is_part_of_the_instruction():
    log, frame = rows(pl.DataFrame({"instruction": ["Add.", "Add."], "input": ["1 1", ""], "output": ["2", "?"]}))
    assert frame["prompt"].to_list() == ["Add.\n\n1 1", "Add."]
    assert (log.format, log.signals, log.made) == ("SFT set", (), "set")


@pytest.mark.parametrize("role", ["role", "from"])
def test_messages_part_before_the_first_answer(role):
    text = {"role": "content", "from": "value"}[role]
    names = {"role": ("user", "assistant"), "from": ("human", "gpt")}[role]
    talk = [{role: names[place % 2], text: said} for place, said in enumerate(("hi", "yes", "more", "no"))]
    column = {"role": "messages", "from": "conversations"}[role]
    _, frame = rows(pl.DataFrame({column: [talk] * 2}))
    assert frame["prompt"].to_list() == ["hi", "hi"]
    assert frame["completion"][0] == "yes\n\nno"


def test_flags_are_verdicts_and_dropped_is_turned_round():
    table = {"instruction": ["a", "b"], "output": ["x", "y"], "quality": [1.0, 2.0]}
    assert rows(pl.DataFrame(table | {"kept": [True, False]}))[1]["signal.kept"].to_list() == [1.0, 0.0]
    log, frame = rows(pl.DataFrame(table | {"dropped": [True, False], "filtered": [True, False]}))
    assert frame["signal.kept"].to_list() == [0.0, 1.0]
    assert set(log.signals) == {"kept", "quality"}
    assert any("--map signal.kept=filtered" in note for note in log.notes)


def test_preferences_become_two_rows_and_equal_texts_no_choice():
    frame = pl.DataFrame(
        {
            "prompt": ["a", "b"], "chosen": ["c", "d"], "rejected": ["r", "d"],
            "chosen_model": ["m", "m"], "rejected_model": ["n", "n"], "score_chosen": [4.0, 3.0],
            "score_rejected": [1.0, 3.0],
        }
    )  # fmt: skip
    log, read_rows = rows(frame)
    assert (log.made, log.signals) == ("pairs", ("chosen", "score"))
    assert read_rows["signal.chosen"].to_list() == [1.0, 0.0, None, None]
    assert read_rows["signal.score"].to_list() == [4.0, 1.0, 3.0, 3.0]
    assert read_rows["source"].to_list() == ["m", "n", "m", "n"]


def test_preferences_as_messages_leave_the_prompt_out_of_the_completion(tmp_path):
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "yes"}]
    no = [said[0], {"role": "assistant", "content": "no"}]
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"chosen": said, "rejected": no}) + "\n")
    _, frame = rows(tmp_path / "pairs.jsonl")
    assert frame.select("prompt", "completion").rows() == [("q", "yes"), ("q", "no")]


def test_rollouts_are_no_set_whatever_their_columns_are_called():
    rollouts = pl.DataFrame(
        {"instruction": ["a"] * 4, "output": list("wxyz"), "reward": [1.0, 0, 1, 0], "step": [1] * 4}
    )
    assert read(rollouts).made is None
    with pytest.raises(InputError, match="--format sft"):
        read(pl.DataFrame({"prompt": ["a"], "completion": ["b"]}))
    assert read(pl.DataFrame({"prompt": ["a"], "completion": ["b"]}), ReadOptions(format="sft")).made == "set"


def test_the_raw_set_tells_what_was_dropped_each_kept_row_once(tmp_path):
    raw = pl.DataFrame({"instruction": ["a", "a", "b", "c"], "output": ["x", "x", "y", "z"]})
    raw.write_parquet(tmp_path / "raw.parquet")
    kept = pl.DataFrame({"instruction": ["a", "c", "new"], "output": ["x ", "z", "rewritten"]})
    log, frame = rows(kept, ReadOptions(raw=tmp_path / "raw.parquet"))
    assert frame["signal.kept"].to_list() == [1.0, 0.0, 0.0, 1.0]
    assert any("kept: 2 of the 4 rows of raw.parquet; 1 kept rows are not in it" in note for note in log.notes)
    with pytest.raises(InputError, match="2 of the 2 kept rows are not in it"):
        read(pl.DataFrame({"instruction": ["p", "q"], "output": ["x", "y"]}), ReadOptions(raw=tmp_path / "raw.parquet"))


def test_a_cut_arrow_shard_is_one_sentence(tmp_path):
    whole = next((FIXTURES / "same").rglob("*.arrow")).read_bytes()
    (tmp_path / "data-00000-of-00001.arrow").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match="Arrow stream"):
        rows(tmp_path / "data-00000-of-00001.arrow")
