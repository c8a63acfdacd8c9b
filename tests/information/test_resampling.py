"""Folds and intervals: prompts as the unit, the same for every order of the rows."""

import numpy as np
import pytest
from scipy import stats

from freshbits.information.resampling import (
    estimate,
    folds_of,
    jackknife_interval,
    leave_out,
    ratio,
)


def test_folds_keep_prompts_together_and_even():
    prompts = np.random.default_rng(0).integers(0, 2**63, 50, dtype=np.uint64)[np.arange(500) % 50]
    fold = folds_of(prompts)
    assert all(np.unique(fold[prompts == key]).size == 1 for key in np.unique(prompts))
    assert np.ptp(np.bincount(fold)) <= 10
    order = np.random.default_rng(1).permutation(500)
    assert (folds_of(prompts[order]) == fold[order]).all()
    assert folds_of(prompts[:3]).max() == 2


def test_leaving_out_a_fold_weighs_every_row_once():
    weights = leave_out(np.array([0, 1, 1, 2]))
    assert weights.shape == (4, 4)
    assert (weights[0] == 1).all()
    assert (weights[1:].sum(axis=0) == 2).all()


def test_the_jackknife_of_a_mean_is_the_textbook_interval():
    values = np.random.default_rng(2).normal(5, 2, 20)
    replicates = np.concatenate([[values.mean()], [(values.sum() - v) / 19 for v in values]])
    low, high = stats.t.interval(0.95, 19, values.mean(), stats.sem(values))
    assert jackknife_interval(replicates) == pytest.approx((values.mean(), low, high))
    _, wide_low, wide_high = jackknife_interval(replicates, slack=1.0)
    assert wide_high - wide_low == pytest.approx(2 * np.hypot((high - low) / 2, 1.0))


def test_one_fold_gives_no_interval():
    found = estimate(np.array([0.5, 0.5]), unit="u", method="m", prompts=1, rollouts=4)
    assert (found.value, found.low, found.high) == (0.5, None, None)


def clustered(seed, prompts=100, rollouts=8):
    """Pass rates Beta(.5, .5): rollouts of a prompt resemble each other."""
    rng = np.random.default_rng(seed)
    rate = rng.beta(0.5, 0.5, prompts)
    verdict = (rng.random((prompts, rollouts)) < rate[:, None]).astype(float)
    return verdict.ravel(), np.repeat(rng.integers(0, 2**63, prompts, dtype=np.uint64), rollouts)


def test_intervals_over_prompts_cover_where_intervals_over_rows_do_not():
    covered = {"rows": 0, "prompts": 0}
    for seed in range(400):
        verdict, prompts = clustered(seed)
        half = 1.96 * verdict.std(ddof=1) / np.sqrt(verdict.size)
        covered["rows"] += abs(verdict.mean() - 0.5) <= half
        found = ratio(verdict, np.ones(verdict.size), prompts, unit="", method="", rollouts=verdict.size)
        covered["prompts"] += found.low <= 0.5 <= found.high
    assert covered["rows"] < 300
    assert 368 <= covered["prompts"] <= 394


def test_a_ratio_weighs_by_its_denominator():
    prompts = np.arange(40, dtype=np.uint64)
    top, bottom = np.tile([1.0, 3.0], 20), np.tile([2.0, 4.0], 20)
    found = ratio(top, bottom, prompts, unit="share", method="m", rollouts=120)
    assert found.value == pytest.approx(4 / 6)
    assert found.prompts == 40
    assert ratio(top, np.zeros(40), prompts, unit="", method="", rollouts=0) is None


def test_none_seen_is_not_none():
    prompts = np.arange(100, dtype=np.uint64)
    found = ratio(np.zeros(100), np.ones(100), prompts, unit="share", method="m", rollouts=100)
    assert found.low == 0.0
    assert found.high == pytest.approx(stats.binomtest(0, 100).proportion_ci().high)
    assert ratio(np.ones(100), np.ones(100), prompts, unit="", method="", rollouts=100).low == 1 - found.high
