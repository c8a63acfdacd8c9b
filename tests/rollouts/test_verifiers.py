"""Traces of verifiers v1 and prime-rl, and the results of older verifiers."""

import json
from pathlib import Path

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.read import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts"


def rows(log):
    return pl.concat(log.batches())


def test_an_evaluation_without_groups_is_grouped_by_task():
    log = read(FIXTURES / "verifiers_v1")
    frame = rows(log)
    assert log.signals == ("exact", "brief", "total")
    assert log.weights == {"exact": 1.0, "brief": 0.2}
    assert log.filtered is None
    assert frame.group_by("group").len()["len"].to_list() == [4, 4, 4]
    assert set(frame["source"]) == {"tiny"}


def test_a_failed_episode_is_unscored_and_names_its_error():
    frame = rows(read(FIXTURES / "verifiers_v1"))
    failed = frame.filter(pl.col("extra.error").is_not_null())
    assert failed.height == 1
    assert failed.select("signal.exact", "signal.brief").row(0) == (None, None)


def test_only_sampled_messages_are_the_completion():
    frame = rows(read(FIXTURES / "verifiers_v1")).filter(pl.col("prompt") == "1+1=")
    assert set(frame["turns"]) == {2}
    assert frame["completion"].str.starts_with("let me compute\n\nthe answer is").all()
    assert not frame["completion"].str.contains("tool says").any()


def test_logprobs_are_summed_over_sampled_nodes():
    frame = rows(read(FIXTURES / "verifiers_v1"))
    file = next((FIXTURES / "verifiers_v1").rglob("traces.jsonl"))
    first = json.loads(file.read_text().splitlines()[0])["traces"][0]
    logged = [value for node in first["nodes"] if node["sampled"] for value in node["logprobs"]]
    assert frame["logprob"][0] == pytest.approx(sum(logged), abs=1e-12)
    assert frame["tokens"][0] == len(logged)


def test_truncation_comes_from_the_last_call():
    assert rows(read(FIXTURES / "verifiers_v1"))["truncated"].sum() == 1


def test_prime_rl_reads_all_and_says_where_only_effective_is_left():
    log = read(FIXTURES / "prime_rl")
    frame = rows(log)
    assert [file.parts[-4:-1] for file in log.files] == [
        ("step_0", "train", "all"),
        ("step_1", "train", "all"),
        ("step_2", "train", "effective"),
    ]
    assert sorted(set(frame["step"])) == [0, 1, 2]
    assert frame.group_by("step", "group").len()["len"].to_list() == [4] * 6
    assert "dropped" in log.filtered
    assert any("1 evaluation file(s) left out" in note for note in log.notes)


def test_prime_rl_with_all_is_not_filtered(tmp_path):
    assert read(FIXTURES / "prime_rl" / "rollouts" / "step_0").filtered is None


def test_a_pointed_at_evaluation_is_read():
    assert rows(read(FIXTURES / "prime_rl" / "rollouts" / "step_1" / "eval")).height == 1


def test_older_results_group_by_example_and_unscore_failures():
    log = read(FIXTURES / "verifiers_results")
    frame = rows(log)
    assert log.format == "verifiers results"
    assert log.signals == ("reward", "exact", "format")
    assert frame.group_by("group").len()["len"].to_list() == [4, 4, 4]
    failed = frame.filter(pl.col("extra.error").is_not_null())
    assert failed.height == 1
    assert failed.select("signal.reward", "signal.exact", "signal.format").row(0) == (None, None, None)
    assert set(frame["source"]) == {"tiny"}


def test_nested_metrics_are_not_counted_twice(tmp_path):
    shared = {"example_id": 3, "prompt": [{"role": "user", "content": "q"}], "completion": "a", "reward": 0.0}
    failed = shared | {
        "metrics": {"exact": 0.0},
        "exact": 0.0,
        "error": {"error": "InfraError"},
        "is_truncated": True,
    }
    judged = shared | {"metrics": {"exact": 1.0}, "exact": 1.0, "error": None, "is_truncated": False}
    (tmp_path / "results.jsonl").write_text(json.dumps(failed) + "\n" + json.dumps(judged) + "\n")
    log = read(tmp_path)
    assert log.signals == ("reward", "exact")
    frame = rows(log)
    assert frame.select("signal.reward", "signal.exact", "truncated").rows() == [
        (None, None, True),
        (0, 1, False),
    ]
    assert frame["extra.error"].to_list() == ["InfraError", None]


def test_a_line_without_the_shape_of_a_trace_is_named(tmp_path):
    (tmp_path / "traces.jsonl").write_text('{"traces": [], "task": {}}\n{"traces": [1], "task": {}}\n')
    with pytest.raises(InputError, match=r"traces\.jsonl, row 2: does not have the shape"):
        read(tmp_path)
