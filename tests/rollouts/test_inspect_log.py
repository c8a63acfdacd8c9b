"""Inspect's logs: letters, failures, limits, epochs, retried runs; what a reader of one sample says without Inspect."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace as Held

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.read import read
from freshbits.rollouts.readers.inspect_samples import flat_scores, sample_row

FIXTURES = Path(__file__).parents[1] / "fixtures" / "rollouts" / "inspect"
installed = pytest.mark.skipif(
    importlib.util.find_spec("inspect_ai") is None, reason="needs inspect-ai: pip install 'freshbits[inspect]'"
)


def rows(source):
    log = read(source)
    return log, pl.concat(log.batches())


@installed
@pytest.mark.parametrize("place", ["whole", "json"])
def test_scorers_are_signals_and_epochs_attempts(place):
    log, frame = rows(FIXTURES / place)
    assert log.format == "Inspect log"
    assert log.signals == ("match", "grade.style", "grade.length")
    assert log.judges == {"match": "match", "grade.style": "grade", "grade.length": "grade"}
    assert log.origins == {"match": "external"}
    assert frame.group_by("group").len()["len"].to_list() == [3] * 8
    assert sorted(frame["sample"].unique()) == [0, 1, 2]
    assert "repeat" not in frame.columns  # an epoch is no second verdict on the same output
    assert set(frame["source"]) == {"mockllm/model"}
    second = frame.filter(pl.col("prompt_id") == "sums/sum-1")
    assert second["prompt"][0] == "system: Add.\n\nuser: What is 1 + 2 ?"
    assert second["completion"].to_list() == ["It is 3", "It is 4", "It is 3"]
    assert second["answer"].to_list() == ["3"] * 3
    assert second["signal.match"].to_list() == [1.0, 0.0, 1.0]
    assert second["tokens"].to_list() == [3, 3, 3]


@installed
def test_means_are_inspect_s_own_where_no_word_is_counted_as_zero():
    from inspect_ai.log import read_eval_log

    file = next((FIXTURES / "whole").iterdir())
    said = {score.name: score.metrics for score in read_eval_log(str(file)).results.scores}
    frame = rows(file)[1].group_by("prompt_id").agg(pl.col("^signal.*$").mean())
    assert frame["signal.match"].mean() == pytest.approx(said["match"]["accuracy"].value, abs=1e-12)
    assert frame["signal.grade.length"].mean() == pytest.approx(said["length"]["mean"].value, abs=1e-12)
    # "unsure" is 0 to Inspect's mean over 7 samples, and no verdict here.
    assert frame["signal.grade.style"].sum() / 7 == pytest.approx(said["style"]["mean"].value, abs=1e-12)
    assert frame["signal.grade.style"].drop_nulls().len() == 6


@installed
def test_failures_limits_and_words_are_named():
    log, frame = rows(FIXTURES / "whole")
    failed = frame.filter(pl.col("prompt_id") == "sums/sum-7")
    assert failed.select("^signal.*$", "completion").null_count().row(0) == (3, 3, 3, 3)
    assert failed["extra.error"].str.contains("sandbox").all()
    stopped = frame.filter(pl.col("extra.limit") == "message")
    assert stopped["prompt_id"].unique().to_list() == ["sums/sum-6"]
    assert stopped["truncated"].all()
    assert stopped["signal.match"].null_count() == 0
    assert frame.filter("truncated").height == 4  # and one output cut at max_tokens
    assert "3 sample(s) ended with an error: unscored" in log.notes
    assert any(note.startswith("3 sample(s) were stopped by a limit") for note in log.notes)
    assert any("grade.style is no number, letter or yes" in said for said in log.problems.sentences())
    assert log.unread == {"match": 3, "grade.style": 6, "grade.length": 3}


@installed
def test_of_a_retried_run_the_newest_log_is_read_and_named_files_are_all():
    log, frame = rows(FIXTURES / "retried")
    assert frame.height == 8
    assert frame["signal.match"].null_count() == 0
    assert any(note.startswith("1 earlier log(s) of retried tasks left out") for note in log.notes)
    log, frame = rows(sorted((FIXTURES / "retried").iterdir()))
    assert frame["run"].n_unique() == 2
    assert any(note.startswith("1 log(s) of runs that did not end") for note in log.notes)


@installed
def test_a_broken_log_is_named(tmp_path):
    (tmp_path / "broken.eval").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match=r"broken\.eval.*Inspect cannot read it"):
        read(tmp_path)


def test_without_inspect_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    with pytest.raises(InputError, match=r"not installed.*pip install 'freshbits\[inspect\]'"):
        read(FIXTURES / "whole")


def sample(**changed):
    said = Held(
        role="assistant", source="generate", text="Let me see.", tool_calls=[Held(function="add", arguments={})]
    )
    held = {
        "id": 4, "epoch": 2, "input": "Which?", "choices": ["one", "two"], "target": ["A", "B"], "error": None,
        "limit": None, "scores": {"judge": Held(value="P", answer=None)}, "invalidation": None,
        "messages": [
            Held(role="user", text="Which?"),
            Held(role="assistant", source="input", text="an example", tool_calls=None),
            said, Held(role="tool", text="42"),
            Held(role="assistant", source="generate", text="A", tool_calls=None),
        ],
        "output": Held(completion="A", choices=[1], stop_reason="stop", usage=None),
    }  # fmt: skip
    return Held(**held | changed)


HEADER = Held(eval=Held(task="pick", model="m", created="today"))


def test_a_sample_s_own_turns_are_the_completion_and_choices_part_of_the_prompt():
    row = sample_row(sample(), HEADER, Problems(), "log", 1, apart=False)
    assert row["prompt"] == "Which?\nA) one\nB) two"
    assert row["completion"] == "Let me see.\nadd({})\n\nA"
    assert (row["group"], row["sample"], row["turns"], row["answer"]) == ("pick/4", 1, 2, ["A", "B"])
    assert row["signal.judge"] == 0.5
    assert "run" not in row


def test_a_withdrawn_sample_and_a_failed_one_are_unscored_without_a_word():
    problems = Problems()
    assert flat_scores(sample(invalidation="wrong target"), problems, "log", 1) == {"judge": None}
    assert flat_scores(sample(error="gone"), problems, "log", 1) == {"judge": None}
    assert problems.sentences() == []
