"""Public judges, and made-up ones of the same columns: what they pay for besides the better answer."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.real_logs.conftest import public

from freshbits import ReadOptions, read
from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.remedies.control import control

BAR, TEXTS = "llmbar_judgments_dev.parquet", "llmbar_prompts_dev.parquet"
WILD, BOARD = "wildbench_judgments.parquet", "wildbench_leaderboard.parquet"
CODE = "codet_humaneval_samples_dev.parquet"
ELO = "Arena Elo (hard-en) - 2024-07-16"


@pytest.fixture(scope="module")
def bar():
    here = public(BAR)
    return gather(here / BAR, ReadOptions(join=here / TEXTS))[1]


@pytest.mark.parametrize("signal", ["winner@ChatGPT/Vanilla", "winner@LLaMA2/Vanilla", "winner@ChatGPT/Swap_CoT"])
def test_weak_judges_of_pairs_pay_for_length(bar, signal):
    found = hacking(bar, signal)
    assert (found.status, found.verdict) == ("judged", "at_risk")
    assert found.first in ("characters", "words")
    assert found.shortcuts[0].direction == "more is accepted"


@pytest.mark.parametrize("signal", ["winner@GPT-4/Vanilla", "winner@GPT-4/Metrics_Reference"])
def test_gpt_4_follows_the_better_answer(bar, signal):
    found = hacking(bar, signal)
    assert found.verdict == "none_found"
    assert found.risk == 0


def test_verdicts_in_random_order_raise_no_more_alarms_than_they_may(bar):
    """Signals of the page have an own alarm rate each, of 40 draws; over eight of them 5 % ± 4 standard errors."""
    rates = [hacking(bar, signal).own_alarm_rate for signal in list(bar.tally.values)[:4]]
    assert None not in rates
    assert np.mean(rates) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 160)
    assert hacking(bar, "winner@GPT-4/Vanilla").own_alarm_rate is None


def test_tests_that_a_model_wrote_are_named_with_what_they_pay(code):
    found = hacking(code, "proxy_reward")
    assert found.status == "judged"
    assert found.own_alarm_rate <= 0.1
    assert all(entry.examples for entry in found.shortcuts if entry.matters)


@pytest.fixture(scope="module")
def code():
    return gather(public(CODE) / CODE, ReadOptions())[1]


@pytest.fixture(scope="module")
def wild():
    return control(read(public(WILD) / WILD))


def test_judges_of_wildbench_are_paid_for_length_at_equal_sources(wild):
    for signal, slopes in wild.slopes.items():
        length = next(slope for slope in slopes if slope.feature == "characters")
        assert length.slope.low > 0.3, signal


def test_agreement_with_people_is_what_it_is(wild):
    """Five or six models have an Elo too: raw and controlled scores agree with it alike, to .01."""
    scipy = pytest.importorskip("scipy.stats")
    board = pl.read_parquet(public(BOARD) / BOARD).select("model", ELO).drop_nulls()
    elo = dict(board.iter_rows())
    for each in wild.control.values():
        both = [entry for entry in each if entry.source in elo]
        known = [elo[entry.source] for entry in both]
        raw, equal = ([getattr(entry, name).value for entry in both] for name in ("raw", "controlled"))
        assert len(both) >= 5
        assert scipy.pearsonr(raw, known)[0] > 0.97
        assert scipy.pearsonr(equal, known)[0] == pytest.approx(scipy.pearsonr(raw, known)[0], abs=0.01)
        assert scipy.spearmanr(raw, known)[0] == scipy.spearmanr(equal, known)[0]
