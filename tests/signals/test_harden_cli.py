"""`freshbits score --harden`: findings are shown, and exit 1 where that is asked for."""

import polars as pl
import pytest


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.parquet"
    rows = [{"prompt": f"What is {i} + 1?", "completion": f"#### {i + 1}", "answer": str(i + 1)} for i in range(20)]
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_a_verifier_that_takes_the_last_number_fails(freshbits, log):
    hardened = ("score", log, "--signal", "numeric", "--option", "read=last_number", "--harden")
    assert freshbits(*hardened).code == 0
    found = freshbits(*hardened, "--fail-on", "finding")
    assert found.code == 1
    assert "Rewards what it should not" in found.out


def test_a_strict_one_passes(freshbits, log):
    strict = ("score", log, "--signal", "numeric", "--option", "read=hash", "--harden", "--fail-on", "finding")
    assert freshbits(*strict).code == 0


@pytest.mark.parametrize("wrong", [("--fail-on", "finding"), ("--harden", "--fail-on", "reward>1")])
def test_another_condition_is_refused(freshbits, log, wrong):
    found = freshbits("score", log, "--signal", "numeric", *wrong)
    assert found.code == 2
    assert "say --harden --fail-on finding" in found.err
