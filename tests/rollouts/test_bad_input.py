"""Bad input: one sentence with file, row, column and mend, or the row counted; never a traceback."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

GOOD = [{"prompt": "p", "completion": f"c{i}", "reward": float(i % 2)} for i in range(4)]


def jsonl(path: Path, rows, text: str = "") -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + text, encoding="utf-8")
    return path


def parquet(path: Path, rows) -> Path:
    pl.DataFrame(rows).write_parquet(path)
    return path


def empty_file(place):
    path = place / "log.jsonl"
    path.touch()
    return path


def empty_parquet(place):
    path = place / "log.parquet"
    path.touch()
    return path


def blank_lines_only(place):
    return jsonl(place / "log.jsonl", [], "\n\n")


def empty_directory(place):
    return place


def truncated_parquet(place):
    path = parquet(place / "log.parquet", GOOD)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def damaged_second_parquet(place):
    for name in ("1.parquet", "2.parquet"):
        pl.DataFrame(GOOD * 1000).write_parquet(place / name)
    path = place / "2.parquet"
    whole = bytearray(path.read_bytes())
    whole[4:120] = b"\xff" * 116
    path.write_bytes(bytes(whole))
    return place


def broken_line_inside(place):
    return jsonl(place / "log.jsonl", GOOD, '{"prompt": "p", "compl\n' + json.dumps(GOOD[0]) + "\n")


def only_half_a_line(place):
    return jsonl(place / "log.jsonl", [], '{"prompt": "p", "compl')


def not_an_object(place):
    return jsonl(place / "log.jsonl", [[1, 2]])


def array_of_numbers(place):
    return jsonl(place / "log.json", [], "[1, 2, 3]")


def half_an_array(place):
    return jsonl(place / "log.json", [], '[{"prompt": "p"')


def one_pretty_object(place):
    return jsonl(place / "config.json", [], json.dumps({"a": 1, "b": 2}, indent=2))


def nested_too_deeply(place):
    return jsonl(place / "log.jsonl", GOOD, '{"a":' * 100_000 + "\n" + json.dumps(GOOD[0]) + "\n")


def missing_columns(place):
    return parquet(place / "log.parquet", [{"foo": 1, "bar": "x"}])


def no_reward(place):
    return parquet(place / "log.parquet", [{"prompt": "p", "completion": "c"}])


def reward_as_text(place):
    return jsonl(place / "log.jsonl", [*GOOD, {"prompt": "p", "completion": "c", "reward": "good"}])


def reward_as_text_everywhere(place):
    return parquet(place / "log.parquet", [{"prompt": "p", "completion": "c", "reward": "good"}])


def reward_as_a_list(place):
    return jsonl(place / "log.jsonl", [*GOOD, {"prompt": "p", "completion": "c", "reward": [1]}])


def number_too_large(place):
    return jsonl(place / "log.jsonl", [row | {"step": 10**30} for row in GOOD])


def mixed_types(place):
    parquet(place / "1.parquet", GOOD)
    parquet(place / "2.parquet", [row | {"reward": "text"} for row in GOOD])
    return place


def two_formats(place):
    jsonl(place / "1.jsonl", [{"input": "p", "output": "o", "gts": "1", "score": 1.0, "step": 1}])
    (place / "completions").mkdir()
    parquet(
        place / "completions" / "completions_00001.parquet",
        [{"step": 1, "prompt": "p", "completion": "c", "r": 1.0, "advantage": 0.0}],
    )
    return place


def two_kinds(place):
    parquet(place / "a.parquet", GOOD)
    jsonl(place / "b.jsonl", GOOD)
    return place


def pickle_only(place):
    (place / "rollouts.pt").write_bytes(b"\x80\x04.")
    return place


def pickle_file(place):
    path = place / "rollouts.pkl"
    path.write_bytes(b"\x80\x04.")
    return path


def not_there(place):
    jsonl(place / "rollouts.jsonl", GOOD)
    return place / "rollout.jsonl"


def a_pipe(place):
    path = place / "pipe.jsonl"
    os.mkfifo(path)
    return path


def unknown_ending(place):
    path = place / "log.xlsx"
    path.write_bytes(b"PK")
    return path


def ragged_csv(place):
    path = place / "log.csv"
    path.write_text("prompt,completion,reward\np,c,1\np,c\n")
    return path


def csv_reward_text(place):
    path = place / "log.csv"
    path.write_text("prompt,completion,reward\np,c,1\np,c,0\np,c,great\n")
    return path


def csv_same_name_twice(place):
    path = place / "log.csv"
    path.write_text("prompt,completion,reward,reward\np,c,1,1\n")
    return path


def csv_open_quote(place):
    path = place / "log.csv"
    path.write_text('prompt,completion,reward\np,"c,1\n')
    return path


def binary_jsonl(place):
    path = place / "log.jsonl"
    path.write_bytes(b"PAR1\x00\x00\x15\x04")
    return path


def broken_gzip(place):
    path = place / "log.jsonl.gz"
    path.write_bytes(b"not gzip at all")
    return path


def truth_in_categories(place):
    return jsonl(place / "log.jsonl", [row | {"truth": 2} for row in GOOD])


CASES = {
    empty_file: r"log\.jsonl: the file is empty; ",
    empty_parquet: r"log\.parquet: the file is empty; ",
    blank_lines_only: r"log\.jsonl: holds no rows; ",
    empty_directory: r"no log here: there is no Parquet, JSONL, JSON or CSV file; ",
    truncated_parquet: r"log\.parquet: cannot be read as Parquet \(.+\); .*copy it again",
    damaged_second_parquet: r"2\.parquet: cannot be read as Parquet \(.+\); ",
    broken_line_inside: r"log\.jsonl, row 5: is not a JSON object \(.+\); mend or delete the line",
    only_half_a_line: r"log\.jsonl, row 1: is not a JSON object",
    not_an_object: r"log\.jsonl, row 1: is not|log\.jsonl, row 1: is a JSON number",
    array_of_numbers: r"log\.json, row 1: is a JSON number, not an object; write a list of objects",
    half_an_array: r"log\.json: is not a whole JSON array",
    one_pretty_object: r"config\.json: is neither a list of rows nor one row per line",
    nested_too_deeply: r"log\.jsonl, row 5: is not a JSON object \(nested too deeply\)",
    missing_columns: r"no prompt and no completion and no reward column among foo, bar; .*--map",
    no_reward: r"log\.parquet: no reward column among prompt, completion; .*--signal",
    reward_as_text: r"log\.jsonl, row 5, column 'reward': 'good' is text, not a number; .*--signal",
    reward_as_text_everywhere: r"log\.parquet, row 1, column 'reward': 'good' is text, not a number",
    reward_as_a_list: r"log\.jsonl, row 5, column 'reward': \[1\] is not a number",
    number_too_large: r"log\.jsonl, row 1, column 'step': .*too large",
    mixed_types: r"2\.parquet, column 'reward': is String here and Float64 in an earlier file; ",
    two_formats: r"two formats in one place: .*TRL completions.*verl rollouts.*; point at one of them|"
    r"two formats in one place: .*verl rollouts.*TRL completions.*; point at one of them",
    two_kinds: r"two formats in one place: .*a\.parquet.*b\.jsonl",
    pickle_only: r"rollouts\.pt: is a pickle: reading it would run whatever code it holds; export",
    pickle_file: r"rollouts\.pkl: is a pickle",
    not_there: r"rollout\.jsonl: there is no such file \(nearest: rollouts\.jsonl\)",
    a_pipe: r"pipe\.jsonl: is neither a file nor a directory",
    unknown_ending: r"log\.xlsx: ends in \.xlsx",
    ragged_csv: r"log\.csv, row 3: has 2 values where the header has 3 columns; quote",
    csv_reward_text: r"log\.csv, row 4, column 'reward': 'great' is text, not a number",
    csv_same_name_twice: r"log\.csv, row 1: two columns have one name",
    csv_open_quote: r"log\.csv: is not CSV",
    binary_jsonl: r"log\.jsonl: is not JSON but binary",
    broken_gzip: r"log\.jsonl\.gz: cannot be unpacked",
    truth_in_categories: r"log\.jsonl, row 1, column 'truth': truth is 2, .*--truth-is",
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_is_one_sentence_that_names_place_and_mend(make, tmp_path):
    with pytest.raises(InputError, match=CASES[make]) as caught:
        list(read(make(tmp_path)).batches())
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; simulated below")
def test_no_permission(tmp_path):
    path = jsonl(tmp_path / "log.jsonl", GOOD)
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read(path)


def test_no_permission_simulated(tmp_path, monkeypatch):
    path = jsonl(tmp_path / "log.jsonl", GOOD)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"log\.jsonl: may not be read; change its permissions"):
        read(path)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ReadOptions(format="tlr"),
            r"--format tlr: no such format \(nearest: trl\); choose one of trl, verl",
        ),
        (
            ReadOptions(map={"prompt": "promt"}),
            r"--map prompt=promt: .*no column 'promt' \(nearest: prompt\)",
        ),
        (ReadOptions(truth="trut"), r"--truth trut: the log has no column 'trut'"),
        (ReadOptions(truth_is="yes"), r"--truth-is yes: the log has no truth column"),
        (ReadOptions(signals=("rewrd",)), r"--signal rewrd: .*no signal 'rewrd' \(nearest: reward\)"),
        (ReadOptions(weights={"rewrd": 1.0}), r"--weight rewrd: .*\(nearest: reward\)"),
        (
            ReadOptions(accept={"x": (">=", 1.0)}),
            r"--accept x: the log has no signal 'x'; its signals are reward",
        ),
        (ReadOptions(origins={"x": "external"}), r"--origin x: the log has no signal 'x'"),
        (ReadOptions(labels=Path("nowhere.csv")), r"nowhere\.csv: there is no such file"),
        (ReadOptions(join=Path("nowhere.csv")), r"nowhere\.csv: there is no such file"),
    ],
)
def test_options_that_do_not_fit_the_log(options, sentence, tmp_path):
    path = parquet(tmp_path / "log.parquet", GOOD)
    with pytest.raises(InputError, match=sentence):
        list(read(path, options).batches())


def counted(path, options=None):
    log = read(path, options)
    frame = pl.concat(log.batches())
    return frame, log.problems.sentences(), log


def test_nan_and_infinities_are_unscored_and_counted(tmp_path):
    path = tmp_path / "log.jsonl"
    values = ["1.0", "NaN", "Infinity", "-Infinity", "null"]
    path.write_text("".join(f'{{"prompt": "p", "completion": "c", "reward": {v}}}\n' for v in values))
    frame, problems, _ = counted(path)
    assert frame["signal.reward"].to_list() == [1.0, None, None, None, None]
    assert problems == [f"3 rows: reward is not finite: read as missing (first: {path}, row 2)"]


def test_nan_in_parquet_is_named_with_its_row(tmp_path):
    path = parquet(tmp_path / "log.parquet", [*GOOD, GOOD[0] | {"reward": float("nan")}])
    _, problems, _ = counted(path)
    assert problems == [f"1 row: reward is not finite: read as missing (first: {path}, row 5)"]


def test_a_last_line_cut_off_is_left_out_and_counted(tmp_path):
    path = jsonl(tmp_path / "log.jsonl", GOOD, '{"prompt": "p", "compl')
    frame, problems, _ = counted(path)
    assert frame.height == 4
    assert problems == [f"1 row: the last line is cut off: left out (first: {path}, row 5)"]


def test_broken_utf8_is_replaced_and_counted(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"prompt": "p", "completion": "caf\xe9", "reward": 1}\n')
    frame, problems, _ = counted(path)
    assert frame["completion"].to_list() == ["caf�"]
    assert problems[0].startswith("1 row: text is not UTF-8: characters replaced")


def test_broken_utf8_in_csv_is_replaced_and_counted(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"prompt,completion,reward\np,caf\xe9,1\n")
    frame, problems, _ = counted(path)
    assert frame["completion"].to_list() == ["caf�"]
    assert problems == [f"1 row: text is not UTF-8: characters replaced (first: {path}, row 2)"]


def test_half_a_surrogate_pair_is_replaced_and_counted(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"prompt": "p", "completion": "bad \\ud800", "reward": 1}\n')
    frame, problems, _ = counted(path)
    assert frame["completion"].to_list() == ["bad ?"]
    assert len(problems) == 1


def test_missing_keys_are_null(tmp_path):
    path = jsonl(tmp_path / "log.jsonl", [*GOOD, {"prompt": "p", "completion": "c"}])
    frame, _, _ = counted(path)
    assert frame["signal.reward"][4] is None


def test_one_value_everywhere_is_read(tmp_path):
    frame, problems, _ = counted(parquet(tmp_path / "log.parquet", [row | {"reward": 1.0} for row in GOOD]))
    assert frame["signal.reward"].unique().to_list() == [1.0]
    assert problems == []


def test_a_very_long_completion_is_read(tmp_path):
    long = "x" * 10_000_000
    frame, _, _ = counted(jsonl(tmp_path / "log.jsonl", [*GOOD, GOOD[0] | {"completion": long}]))
    assert frame["completion"].str.len_bytes().max() == 10_000_000


def test_a_very_long_csv_field_is_read(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("prompt,completion,reward\np," + "x" * 1_000_000 + ",1\n")
    frame, _, _ = counted(path)
    assert frame["completion"].str.len_bytes().max() == 1_000_000


def test_rows_written_twice_are_dropped_and_counted(tmp_path):
    rows = [{"prompt": "p", "sample_index": i, "completion": "c", "reward": 1.0} for i in (0, 1, 1, 2, 0)]
    path = parquet(tmp_path / "log.parquet", rows)
    frame, _, log = counted(path)
    assert frame["sample"].to_list() == [0, 1, 2]
    assert log.duplicates == [2]


def test_equal_rows_without_an_identity_are_kept(tmp_path):
    frame, _, log = counted(parquet(tmp_path / "log.parquet", [GOOD[0]] * 3))
    assert frame.height == 3
    assert log.duplicates == [0]


def test_mixed_schemas_are_united_and_said(tmp_path):
    parquet(tmp_path / "1.parquet", GOOD)
    parquet(tmp_path / "2.parquet", [row | {"model": "m"} for row in GOOD])
    frame, _, log = counted(tmp_path)
    assert frame["source"].to_list() == [None] * 4 + ["m"] * 4
    assert any("missing ones are read as null: model" in note for note in log.notes)


def test_a_file_named_twice_is_read_once(tmp_path):
    path = parquet(tmp_path / "log.parquet", GOOD)
    frame, _, log = counted([path, tmp_path / "." / "log.parquet", tmp_path])
    assert frame.height == 4
    assert any("named twice" in note for note in log.notes)


def test_an_empty_file_among_others_is_left_out_and_said(tmp_path):
    jsonl(tmp_path / "1.jsonl", GOOD)
    (tmp_path / "2.jsonl").touch()
    frame, _, log = counted(tmp_path)
    assert frame.height == 4
    assert any("empty file" in note for note in log.notes)


def test_what_is_no_log_is_passed_over(tmp_path):
    parquet(tmp_path / "rollouts.parquet", GOOD)
    (tmp_path / "README.md").write_text("# run")
    (tmp_path / "config.json").write_text(json.dumps({"lr": 1e-6}, indent=2))
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": []}))
    jsonl(tmp_path / "metrics.jsonl", [{"step": 1, "loss": 0.1}])
    (tmp_path / "checkpoint-10").mkdir()
    (tmp_path / "checkpoint-10" / "optimizer.pt").write_bytes(b"\x80")
    frame, _, _ = counted(tmp_path)
    assert frame.height == 4


def test_a_pickle_beside_a_log_is_left_out_and_said(tmp_path):
    parquet(tmp_path / "rollouts.parquet", GOOD)
    (tmp_path / "optimizer.pt").write_bytes(b"\x80")
    frame, _, log = counted(tmp_path)
    assert frame.height == 4
    assert any("pickle" in note for note in log.notes)


def test_two_different_tables_in_one_directory_are_not_one_log(tmp_path):
    pl.DataFrame({"prompt": ["p"], "completion": ["c"], "reward": [1.0]}).write_parquet(tmp_path / "rollouts.parquet")
    other = {"instruction": ["i"], "response": ["r"], "score": [2.0], "annotator": ["a"]}
    pl.DataFrame(other).write_parquet(tmp_path / "ratings.parquet")
    with pytest.raises(InputError, match=r"different tables in one place: .* point at one of them"):
        read(tmp_path)
