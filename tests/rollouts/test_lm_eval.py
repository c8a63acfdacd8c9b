"""lm-eval's samples: filters side by side, repeated responses, several tasks and dates, what is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

FIXTURE = Path(__file__).parents[1] / "fixtures" / "rollouts" / "lm_eval"
MODEL = FIXTURE / "tiny__adder"
NEW, OLD = "2026-01-03T03-04-05.678901", "2026-01-02T03-04-05.678901"
SUMS = MODEL / f"samples_sums_{NEW}.jsonl"
AGAIN = MODEL / f"samples_sums_again_{NEW}.jsonl"


def rows(log):
    return pl.concat(log.batches())


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def write(place, *documents, name="samples_made_2026-01-03T03-04-05.jsonl"):
    place.mkdir(exist_ok=True)
    file = place / name
    file.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return file


def sample(doc=0, resps=("2",), **changed):
    return {
        "doc_id": doc, "doc": {}, "target": "2", "arguments": {"gen_args_0": {"arg_0": "1+1=", "arg_1": {}}},
        "resps": [list(resps)], "filtered_resps": [resps[0]], "filter": "none", "metrics": ["exact"], "exact": 1.0,
    } | changed  # fmt: skip


def test_the_filters_of_a_document_stand_side_by_side_on_one_row():
    log = read(SUMS)
    frame = rows(log)
    assert log.format == "lm-eval samples"
    assert log.signals == ("exact_match@strict-match", "exact_match@flexible-extract")
    assert frame.height == 20
    for row in lines(SUMS):
        made = frame.row(row["doc_id"], named=True)
        assert made[f"signal.exact_match@{row['filter']}"] == row["exact_match"]
        assert made["completion"] == row["resps"][0][0]
        assert made["prompt"] == row["arguments"]["gen_args_0"]["arg_0"]
        assert made["answer"] == row["target"].strip()


def test_means_are_those_that_lm_eval_wrote():
    frame = rows(read(FIXTURE))
    results = json.loads((MODEL / f"results_{NEW}.json").read_text())["results"]
    for task, metric, name in [("sums", "exact_match", "strict-match"), ("sums", "exact_match", "flexible-extract"),
                               ("sums_again", "exact", "first"), ("sums_again", "exact", "each")]:  # fmt: skip
        mine = frame.filter(pl.col("region") == task)[f"signal.{metric}@{name}"].mean()
        assert mine == pytest.approx(results[task][f"{metric},{name}"], abs=1e-12)


def test_filters_are_external_verdicts_on_the_same_text_and_no_parts_of_one_reward():
    log = read(SUMS)
    assert log.origins == dict.fromkeys(log.signals, "external")
    assert log.judges == {"exact_match@strict-match": "strict-match",
                          "exact_match@flexible-extract": "flexible-extract"}  # fmt: skip


def test_a_filter_that_takes_the_first_leaves_the_other_responses_unscored():
    log = read(AGAIN)
    frame = rows(log)
    assert frame["sample"].to_list() == [0, 1, 2, 3] * 20
    scored = frame["signal.exact@first"].is_not_null()
    assert frame.filter(scored)["sample"].to_list() == [0] * 20
    assert log.unread == {"exact@first": 60, "exact@each": 0}
    assert frame.filter(scored)["signal.exact@first"].equals(frame.filter(scored)["signal.exact@each"], null_equal=True)


def test_the_majority_of_responses_and_errors_are_no_signals():
    log = read(AGAIN)
    assert log.signals == ("exact@first", "exact@each")
    notes = " ".join(log.notes)
    assert "exact@maj@4 (it judges the majority of 4 responses, not one of them)" in notes
    assert "error@each, error@first, error@maj@4 (lower is better)" in notes


def test_of_several_dates_a_directory_gives_the_newest_and_named_files_give_all():
    log = read(FIXTURE)
    assert {file.name for file in log.files} == {SUMS.name, AGAIN.name}
    assert "1 older file(s) of the same model and task left out (name files to read several)" in log.notes
    assert "run" not in log.schema
    both = rows(read([SUMS, MODEL / f"samples_sums_{OLD}.jsonl"]))
    assert both.group_by("run").len().sort("run").rows() == [(OLD, 3), (NEW, 20)]


def test_multiple_choice_is_left_out_with_a_word_and_refused_alone():
    assert any(note.startswith("left out: choices, which asked for log-prob") for note in read(FIXTURE).notes)
    with pytest.raises(InputError, match="the model wrote no completions: choices"):
        read(MODEL / f"samples_choices_{NEW}.jsonl")


def test_the_model_is_named_by_the_results_else_by_the_directory(tmp_path):
    assert set(rows(read(SUMS))["source"]) == {"tiny/adder"}
    alone = shutil.copy(SUMS, tmp_path / SUMS.name)
    assert set(rows(read(alone))["source"]) == {tmp_path.name}


def test_without_results_a_value_for_several_responses_is_refused(tmp_path):
    alone = tmp_path / AGAIN.name
    kept = [row for row in lines(AGAIN) if row["filter"] != "each"]
    alone.write_text("".join(json.dumps(row) + "\n" for row in kept))
    with pytest.raises(InputError, match=r"one value for 4 responses, and no results_\*\.json"):
        read(alone)


def test_the_answer_that_a_filter_read_is_kept_apart_from_the_text():
    frame = rows(read(SUMS))
    read_by = {row["doc_id"]: row["filtered_resps"][0] for row in lines(SUMS) if row["filter"] == "flexible-extract"}
    assert frame["extracted"].to_list() == [None if read_by[doc] == "[invalid]" else read_by[doc] for doc in range(20)]


def test_older_layout_and_chat_messages(tmp_path):
    chat = json.dumps([{"role": "user", "content": "1+1?"}])
    old = sample(arguments=[["1+1=", {"until": []}]])
    for name in ("filter", "metrics"):
        del old[name]
    log = read(write(tmp_path, old, sample(1, arguments={"gen_args_0": {"arg_0": [chat], "arg_1": {}}})))
    assert log.signals == ("exact",)
    assert rows(log)["prompt"].to_list() == ["1+1=", "1+1?"]


def test_responses_without_the_list_of_requests_around_them(tmp_path):
    frame = rows(read(write(tmp_path, sample(resps=("twelve",)) | {"resps": ["twelve"]})))
    assert frame["completion"].to_list() == ["twelve"]


def test_a_repeated_row_is_dropped_and_a_second_run_in_one_file_refused(tmp_path):
    log = read(write(tmp_path, sample(), sample()))
    assert rows(log).height == 1
    assert log.duplicates == [1]
    with pytest.raises(InputError, match=r"row 2: document 0 stands twice under none, with different responses"):
        read(write(tmp_path, sample(), sample(resps=("3",))))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (sample(1, arguments=5), "row 2: does not have the shape of lm-eval's samples"),
        (sample(1) | {"resps": []}, "row 2: does not have the shape"),
        (sample(1, metrics=["exact", "gone"], filtered_resps=3), "row 2: does not have the shape"),
    ],
)
def test_a_row_of_another_shape_is_named(tmp_path, row, problem):
    with pytest.raises(InputError, match=problem):
        read(write(tmp_path, sample(), row))


def test_bad_input_is_exit_code_2_and_one_sentence():
    file = MODEL / f"samples_choices_{NEW}.jsonl"
    ran = subprocess.run(
        [sys.executable, "-m", "freshbits", "audit", file], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "log-probabilities" in ran.stderr


def test_no_metric_that_is_a_number_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no metric is about single completions; bleu: its values are no numbers"):
        read(write(tmp_path, sample(metrics=["bleu"], bleu=["2", "2"])))


def test_one_metric_chosen_means_all_its_filters():
    log = read(SUMS, ReadOptions(signals=("exact_match",)))
    assert len(log.signals) == 2
