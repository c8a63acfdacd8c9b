"""`freshbits score` on the command line: its lines, its files, its refusals, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from freshbits.signals.journal import journal_of

ROWS = [
    {"question": "1+1?", "response": "\\boxed{2}", "answer": "2"},
    {"question": "1+1?", "response": "\\boxed{3}", "answer": "2"},
    {"question": "1+1?", "response": "\\boxed{2}", "answer": "2"},
    {"question": "2+2?", "response": "It is 4.", "answer": "4"},
    {"question": "2+2?", "response": None, "answer": "4"},
    {"question": "2+3?", "response": "\\boxed{5}", "answer": None},
]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_it_says_what_was_scored_and_how_to_go_on(freshbits, log, tmp_path):
    out = tmp_path / "scored.csv"
    ran = freshbits("score", log, "--signal", "numeric", "--gold", "-o", out)
    assert (ran.code, ran.err) == (0, "")
    assert " ".join(ran.out.split()) == (
        "numeric accepts 2 of 2 gold answers "
        "numeric (external): 4 of 6 rollouts scored, mean 0.75 "
        "· 1 unscored: the row has no reference answer "
        "· 1 unscored: there is no completion "
        "· equal to another one, so not scored again: 1 "
        f"wrote {out} go on with: freshbits audit {out}"
    )
    audited = freshbits("audit", out)
    assert audited.code == 0
    assert "origins from the log: numeric (external)" in audited.out


def test_json_and_several_signals_with_their_options(freshbits, log, tmp_path):
    out = tmp_path / "scored.parquet"
    ran = freshbits(
        "score", log, "--signal", "exact", "--signal", "majority", "--option", "exact.read=boxed",
        "--option", "majority.read=boxed", "--as", "majority=vote", "--origin", "vote=memory", "-o", out, "--json", "-",
    )  # fmt: skip
    assert ran.code == 0
    found = json.loads(ran.out)
    assert list(found["score"]) == ["exact", "vote"]
    assert found["score"]["exact"]["mean"] == 0.5
    assert found["score"]["vote"]["unscored"] == {
        "alone in its group: no vote": 2, "there is no completion": 1,
    }  # fmt: skip
    table = pl.read_parquet(out)
    assert table["vote"].to_list() == [1.0, 0.0, 1.0, None, None, None]
    assert set(table["vote.origin"]) == {"memory"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--signal", "exakt", "-o", "x.csv"], "there is no such signal (nearest: exact)"),
        (["--signal", "exact"], "there is no file to write to"),
        (["--signal", "exact", "--option", "reed=boxed", "-o", "x.csv"], "no such option (nearest: read)"),
        (["--signal", "exact", "--signal", "exact", "-o", "x.csv"], "two signals would both be called exact"),
        (["--signal", "logprob", "-o", "x.csv"], "logprob needs a model"),
        (["--signal", "unit_tests", "--gold", "-o", "x.csv"], "test"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(freshbits, log, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = freshbits("score", log, *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "x.csv").exists()


def test_a_rejected_gold_is_named_by_its_id(freshbits, tmp_path):
    path = tmp_path / "log.jsonl"
    rows = [{"prompt_id": f"id-{n}", "prompt": f"{n}?", "completion": "4", "answer": gold} for n, gold in
            enumerate(["1", "1 or 2", "3"])]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = freshbits("score", path, "--signal", "choice", "--option", "letters=AB", "--gold", "-o", tmp_path / "x.csv")
    assert ran.code == 2
    assert "choice cannot score 3 of 3 gold answers, first that of prompt_id 'id-0': gold '1'" in ran.err


def test_harden_probes_and_scores_nothing(freshbits, log, tmp_path):
    ran = freshbits("score", log, "--signal", "exact", "--harden", "--json", "-")
    assert ran.code == 0
    assert json.loads(ran.out)["hardening"]["signal"] == "exact"
    page = freshbits("score", log, "--signal", "exact", "--harden")
    assert page.out.startswith("exact under probes: 3 prompts")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl"]


def test_stopped_by_hand_it_says_so_and_goes_on_later(tmp_path):
    path, out = tmp_path / "log.parquet", tmp_path / "out.jsonl"
    pl.DataFrame({"prompt": ["p"] * 3000, "completion": [f"\\boxed{{{n}}}" for n in range(3000)],
                  "answer": ["1"] * 3000}).write_parquet(path)  # fmt: skip
    command = [sys.executable, "-m", "freshbits", "score", str(path), "--signal", "math", "-o", str(out)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "110"})
    while run.poll() is None and not (journal_of(out).exists() and journal_of(out).read_bytes().count(b"\n") > 1):
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate()
    assert run.returncode == 130
    assert "the verdicts so far are kept, the same command goes on from there" in said
    assert journal_of(out).exists()
    assert not out.exists()
