"""Bits with a stratum held fixed, variety, the gain of a filter: against closed forms and drawn truths."""

import numpy as np
import pytest

from freshbits.information.entropy import binary_entropy
from freshbits.information.gain import gain
from freshbits.information.read_off import read_off
from freshbits.information.stratified import stratified_bits, stratified_test
from freshbits.information.variety import left_of_variety, rarefied, variety
from freshbits.information.weighted import Sample


def drawn(seed, size=4_000, lean=0.25):
    """Draws rows of two strata: one accepts a third, one two thirds; the feature adds `lean`, and marks the stratum."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 2, size)
    level = (rng.random(size) < np.where(stratum, 0.7, 0.3)).astype(np.int64)
    share = np.where(stratum, 0.6, 0.3) + lean * level - lean / 2
    return level, (rng.random(size) < share) * 1.0, stratum, np.arange(size, dtype=np.uint64)


def truth(lean):
    bits = 0.0
    for base, often in ((0.3, 0.3), (0.6, 0.7)):
        low, high = base - lean / 2, base + lean / 2
        mean = (1 - often) * low + often * high
        bits += 0.5 * float(binary_entropy(mean) - (1 - often) * binary_entropy(low) - often * binary_entropy(high))
    return bits


def test_bits_inside_strata_meet_the_closed_form_and_what_marks_the_stratum_only_does_not_count():
    level, accepted, stratum, prompts = drawn(0)
    bits, effect = stratified_bits(level, accepted, stratum, prompts)
    assert bits.low < truth(0.25) < bits.high
    assert effect == pytest.approx(0.25, abs=0.04)
    level, accepted, stratum, prompts = drawn(1, lean=0.0)
    assert stratified_bits(level, accepted, stratum, prompts)[0].value < 0.001
    alone, _ = stratified_bits(level, accepted, np.zeros_like(stratum), prompts)
    assert alone.value > 0.005  # without the stratum it looks like something
    assert stratified_test(level, accepted, stratum, prompts) > 0.01
    assert stratified_test(level, accepted, np.zeros_like(stratum), prompts) < 1e-6


def test_rows_drawn_by_their_verdict_weigh_what_they_stand_for():
    level, accepted, stratum, prompts = drawn(4, size=40_000)
    rng = np.random.default_rng(0)
    rows = np.flatnonzero((accepted == 1) | (rng.random(level.size) < 0.1))
    weight = np.where(accepted[rows] == 1, 1.0, 10.0)
    taken = (level[rows], accepted[rows], stratum[rows], prompts[rows])
    assert stratified_bits(*taken, weight=weight)[0].value == pytest.approx(
        truth(0.25), abs=0.011
    )  # three times its spread
    assert stratified_bits(*taken)[0].value < truth(0.25) - 0.01


def test_the_test_keeps_its_level_where_a_prompt_stands_for_many_rows():
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(200):
        prompts = np.repeat(np.arange(60, dtype=np.uint64), 10)
        level = np.repeat(rng.integers(0, 2, 60), 10)
        accepted = (np.repeat(rng.random(60), 10) < 0.5) * 1.0
        false += stratified_test(level, accepted, np.zeros(600, dtype=np.int64), prompts) < 0.05
    assert false <= 20  # 5 % of 200, and twice that by chance once in two thousand


def test_variety_meets_simpson_and_a_random_part_meets_hurlbert():
    rng = np.random.default_rng(0)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    label = rng.choice(4, 3_000, p=shares)
    found = variety(label, np.arange(3_000, dtype=np.uint64), unit="labels")
    assert found.effective.low < 1 / (shares**2).sum() < found.effective.high
    assert found.distinct == 4
    parts = [np.unique(rng.permutation(np.repeat(np.arange(40), 3))[:30]).size for _ in range(400)]
    assert rarefied(np.full(40, 3.0), 30) == pytest.approx(np.mean(parts), abs=0.4)


def test_a_filter_that_keeps_some_labels_only_loses_variety_and_a_random_one_does_not():
    rng = np.random.default_rng(0)
    label, prompts = rng.integers(0, 50, 5_000), np.arange(5_000, dtype=np.uint64)
    ratio, shown, expected = left_of_variety(label, label < 10, prompts)
    assert (shown, ratio.value) == (10, pytest.approx(0.2, abs=0.02))
    assert expected == pytest.approx(50, abs=0.1)
    ratio, shown, _ = left_of_variety(label, rng.random(5_000) < 0.3, prompts)
    assert ratio.low < 1 < ratio.high
    assert shown == 50


def test_the_gain_is_precision_less_base_rate_and_covers_under_labels_drawn_by_the_verdict():
    rng = np.random.default_rng(1)
    right = rng.random(20_000) < 0.5
    verdict = rng.random(20_000) < np.where(right, 0.8, 0.4)
    kept, dropped = np.flatnonzero(verdict), np.flatnonzero(~verdict)
    truth_ = right[verdict].mean() - right.mean()
    inside = 0
    for _ in range(100):
        rows = np.concatenate([rng.choice(kept, 150, replace=False), rng.choice(dropped, 150, replace=False)])
        weight = np.where(verdict[rows], kept.size / 150, dropped.size / 150)
        stratum = verdict[rows].astype(np.int64)
        found = gain(verdict[rows], right[rows], Sample.of(weight, stratum, rows.astype(np.uint64)))
        inside += found.low <= truth_ <= found.high
    assert inside >= 88


def test_nothing_is_read_off_columns_of_noise():
    rng = np.random.default_rng(0)
    noise, verdict = rng.random((250, 1)), rng.integers(0, 2, 250)
    found = read_off(verdict, noise, np.arange(250, dtype=np.uint64), unit="bits/row")
    assert found.value < 0.01
    assert found.high < 0.06
