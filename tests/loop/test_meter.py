"""The round meter: known rounds, agreement with the audit, JSON both ways."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop.meter import LedgerRow, ledger, meter_round


def a_round(drawn: pl.DataFrame, number: int = 0) -> pl.DataFrame:
    return drawn.filter(pl.col("round") == number)


def simple(rates: list[float], n: int = 8, **columns: object) -> pl.DataFrame:
    rows = [
        {"prompt": f"q{q}", "completion": f"a{i % 2}", "signal.r": float(i < round(rate * n))}
        for q, rate in enumerate(rates)
        for i in range(n)
    ]
    return pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in columns.items()})


def test_a_round_of_known_counts_reads_them():
    row = meter_round(simple([0.0] * 10 + [0.5] * 20 + [1.0] * 10, round=2))
    assert (row.round, row.rollouts, row.prompts, row.groups) == (2, 320, 40, 40)
    assert row.accepted.value == pytest.approx(0.5)
    assert row.dead_groups.value == pytest.approx(0.5)
    own = row.signals["r"]
    assert own.all_wrong.value == pytest.approx(0.25)
    assert own.all_right.value == pytest.approx(0.25)
    assert row.verdicts == 80  # two answers to each of forty prompts
    assert row.distinct.value == 2.0


def test_nothing_but_rejections_is_all_wrong_and_not_all_right():
    own = meter_round(simple([0.0] * 20)).signals["r"]
    assert own.kind == "constant"
    assert own.all_wrong.value == 1.0
    assert own.all_right.value == 0.0
    assert own.contrast_bits.value == 0.0


def test_minus_one_and_one_are_verdicts_and_other_values_accept_nothing():
    rows = simple([0.25] * 20)
    signed = meter_round(rows.with_columns(pl.col("signal.r") * 2 - 1)).signals["r"]
    assert signed.accepted.value == pytest.approx(0.25)
    scaled = meter_round(rows.with_columns(pl.col("signal.r") * 0.3)).signals["r"]
    assert scaled.accepted is None
    assert scaled.kind == "binary"
    assert scaled.contrast_bits == signed.contrast_bits


def test_unscored_rollouts_are_counted_apart():
    rows = simple([0.5] * 20).with_columns(
        pl.when(pl.int_range(pl.len()) % 8 < 6).then(pl.col("signal.r")).alias("signal.r")
    )
    own = meter_round(rows).signals["r"]
    assert (own.scored, own.unscored) == (120, 40)
    assert own.accepted.value == pytest.approx(4 / 6)


def test_the_meter_reads_what_the_audit_reads(drawn: pl.DataFrame):
    rows = a_round(drawn, 1)
    row = meter_round(rows)
    report = fb.audit(rows)
    for name, found in row.signals.items():
        judged = report.budget[name]
        assert found.contrast_bits == judged.contrast_bits
        assert found.dead_groups == judged.dead_groups
        assert found.all_wrong == judged.all_wrong
        assert found.accepted == judged.mean


def test_counted_surprise_stays_near_the_ensemble(drawn: pl.DataFrame):
    row = meter_round(drawn.with_columns(round=pl.lit(0), group=pl.format("{}-{}", "round", "prompt_id")))
    report = fb.audit(drawn)
    for name, found in row.signals.items():
        judged = report.budget[name].surprise_bits
        assert found.surprise_bits.value == pytest.approx(judged.value, abs=0.06)


def test_accuracy_is_the_mean_truth_of_the_rollouts(drawn: pl.DataFrame):
    rows = a_round(drawn)
    row = meter_round(rows)
    assert row.accuracy.value == pytest.approx(rows["truth"].mean())
    assert meter_round(rows.drop("truth")).accuracy is None


def test_scores_have_contrast_but_nobody_is_accepted():
    rng = np.random.default_rng(0)
    rows = simple([0.5] * 40).with_columns(pl.Series("signal.r", rng.normal(size=320)))
    own = meter_round(rows).signals["r"]
    assert (own.kind, own.accepted, own.all_wrong) == ("score", None, None)
    assert own.contrast_bits.value > 1.8  # four equally likely bins inside every prompt: nearly two bits


def test_few_prompts_or_small_groups_give_no_contrast():
    assert meter_round(simple([0.5] * 9)).contrast_bits is None
    assert meter_round(simple([0.5] * 30, n=2)).contrast_bits is None


def test_json_goes_both_ways(drawn: pl.DataFrame):
    row = meter_round(a_round(drawn, 2), evaluation={"task_loss": 1.25, "nothing": None})
    data = row.to_json()
    assert list(data)[:2] == ["round", "signal"]
    again = LedgerRow.from_json({**data, "of a later version": 1})
    assert again.to_json() == data
    assert again.signals["accuracy_reward"].contrast_bits == again.contrast_bits


def test_the_ledger_orders_rounds_and_takes_the_drop_of_the_loss():
    losses: list[float | None] = [3.0, 2.5, None, 2.0]
    rows = [meter_round(simple([0.5] * 12, round=t), evaluation={"task_loss": loss}) for t, loss in enumerate(losses)]
    found = ledger(rows[::-1])["rounds"]
    assert [row["round"] for row in found] == [0, 1, 2, 3]
    assert [row["task_loss_drop"] for row in found] == [None, 0.5, None, None]
    assert all(next(iter(row)) == "round" and list(row)[-1] == "task_loss_drop" for row in found)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (simple([0.5]).head(0), "without rollouts"),
        (simple([0.5]).drop("signal.r"), "without signals"),
        (pl.concat([simple([0.5], round=0), simple([0.5], round=1)]), "several rounds"),
    ],
)
def test_what_cannot_be_metered_is_bad_input(rows: pl.DataFrame, words: str):
    with pytest.raises(InputError, match=words):
        meter_round(rows)


def test_an_unknown_signal_is_named():
    with pytest.raises(InputError, match="no signal 'q'; it has r"):
        meter_round(simple([0.5]), signal="q")


def test_no_number_is_a_nan(drawn: pl.DataFrame):
    def walk(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                walk(item)
        assert not (isinstance(value, float) and math.isnan(value))

    walk(meter_round(a_round(drawn)).to_json())
