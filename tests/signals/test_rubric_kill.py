"""A rubric's run that is killed again and again ends in the same bytes; and what the audit reads of its file."""

from __future__ import annotations

import json

import polars as pl
import pytest
from benchmarks.rubrics.bad_server import BadServer, serving
from benchmarks.rubrics.killed import RUBRIC, study

import freshbits as fb

pytest.importorskip("openai")


def test_two_kills_and_the_same_bytes(tmp_path):
    found = study(tmp_path, rows=240, kills=2, seed=4, bad=0.05)
    assert found["same_bytes"]
    assert not found["journal_left"]
    assert found["scored"] == 240
    assert found["scored_undisturbed"] == found["contents"] < 240
    assert found["asked_twice_undisturbed"] == 0
    # Asked again is only what had no verdict on disk when its run was killed: what was on its way.
    assert found["delivered_again_although_written"] == 0
    assert found["delivered_and_not_yet_written_when_killed"] <= 2 * 2 * found["workers"]


def test_the_audit_reads_each_criterion_as_a_component_with_its_weight(freshbits, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    rubric, log, out = tmp_path / "r.yaml", tmp_path / "log.parquet", tmp_path / "out.jsonl"
    rubric.write_text(RUBRIC)
    rows = {"prompt": [f"p{n // 8}" for n in range(160)], "completion": [f"c {n}" for n in range(160)],
            "reward": [float(n % 3 == 0) for n in range(160)]}  # fmt: skip
    pl.DataFrame(rows).write_parquet(log)
    server = BadServer(0.0)
    with serving(server):
        ran = freshbits(
            "score", log, "--signal", "rubric", "--model", "judge", "-o", out, "--as", "quality", "--option",
            f"rubric={rubric}", "--option", f"url={server.url}", "--option", "trained_on=people", "--option",
            "price_in=1", "--option", "price_out=2", "--option", "repeats=2", "--json", "-",
        )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    said = json.loads(ran.out)["score"]["quality"]
    assert said["usage"]["requests"] == 320
    assert said["cost"] == pytest.approx((said["usage"]["prompt"] + 2 * said["usage"]["completion"]) / 1e6, rel=1e-5)
    assert said["origin"] == "external"
    opened = fb.read(out)
    assert opened.weights == {"quality.helpful": 2 / 3, "quality.clear": 1 / 3, "quality.rude": -1 / 3}
    assert set(opened.signals) == {"quality", "quality.helpful", "quality.clear", "quality.rude", "reward"}
    assert set(opened.origins.values()) == {"external"}
    report = fb.audit(out)
    shares = {name: report.components[name].variance_share for name in opened.weights}
    assert sum(share.value for share in shares.values()) == pytest.approx(1.0)
    assert shares["quality.helpful"].value > shares["quality.clear"].value > 0
    assert report.components["quality"].variance_share is None
    assert report.budget["quality.helpful"].self_contradiction is not None
    again = tmp_path / "again.parquet"
    assert freshbits("score", out, "--signal", "random", "-o", again).code == 0
    assert fb.read(again).weights == opened.weights


def test_an_option_that_will_not_do_is_one_sentence(freshbits, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"prompt": "p", "completion": "c"}\n')
    for option, said in (
        ("repeats=0", "is not a whole number from 1 on"), ("calls=some", "is no value of it"),
        ("trained_on=god", "is no value of it"), ("rubic=r", "no such option (nearest: rubric)"),
    ):  # fmt: skip
        ran = freshbits("score", log, "--signal", "rubric", "--model", "m", "--option", "rubric=r.yaml", "--option",
                        option, "-o", tmp_path / "x.csv")  # fmt: skip
        assert ran.code == 2
        assert said in ran.err
        assert ran.err.count("\n") == 1
