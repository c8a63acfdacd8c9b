"""Reasoning Gym with truth: a strict string comparison as the signal, the recorded score as what is right."""

from __future__ import annotations

import polars as pl
import pytest
from tests.real_logs.conftest import public
from tests.real_logs.test_reasoning_gym import NAME, made_up

import freshbits as fb


@pytest.fixture(scope="module", params=["made up", "public"])
def judged(request):
    """The report, and the rows that the strict comparison scored."""
    table = made_up() if request.param == "made up" else pl.read_parquet(public(NAME) / NAME)
    same = pl.col("extracted_answer").cast(pl.String) == pl.col("answer").cast(pl.String)
    table = table.with_columns(same.cast(pl.Float64).alias("strict"))
    options = fb.ReadOptions(signals=("strict",), truth="reward", truth_is=">=1", origins={"strict": "external"})
    return fb.audit(table, options), table.filter(pl.col("strict").is_not_null())


def test_rates_equal_direct_counts(judged):
    report, table = judged
    channel, right = report.channel["strict"], table["reward"] >= 1
    assert channel.tpr.value == pytest.approx(table.filter(right)["strict"].mean(), abs=1e-9)
    assert channel.fpr.value == pytest.approx(table.filter(~right)["strict"].mean(), abs=1e-9)
    assert channel.base_rate.value == pytest.approx(right.mean(), abs=1e-9)


def test_unread_answers_stay_unscored(judged):
    report, table = judged
    assert report.log.unscored["strict"] == report.log.rollouts - table.height


def test_a_strict_comparison_says_something_the_votes_do_not_or_cannot_be_told_from_truth(judged):
    openness = judged[0].openness["strict"]
    assert openness.verdict == "open" or openness.code in ("OPEN_TRUTH_IS_SIGNAL", "OPEN_NO_BELIEF")
