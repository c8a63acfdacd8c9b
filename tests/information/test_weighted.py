"""Shares from a labelled sample: against textbook formulas, and coverage over drawn logs."""

import numpy as np
import pytest
from scipy import stats

from freshbits.information.weighted import Sample, share
from freshbits.remedies.label import draw_rows


def keys(n):
    return np.arange(n, dtype=np.uint64)


def one_stratum(n, prompts=None):
    return Sample.of(np.ones(n), np.zeros(n, int), keys(n) if prompts is None else prompts)


def everything(n):
    return np.ones(n, dtype=bool)


def test_independent_rows_give_the_binomial_variance():
    hit = np.arange(40) < 12
    found = share(hit, everything(40), one_stratum(40))
    assert found.value == 0.3
    assert found.variance == pytest.approx(0.3 * 0.7 / 39)
    assert found.size == pytest.approx(39 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 39)) ** 2)


def test_the_interval_is_jeffreys_for_many_rows():
    hit = np.arange(4000) < 40
    low, high = share(hit, everything(4000), one_stratum(4000)).interval()
    assert (low, high) == pytest.approx(stats.beta.ppf([0.025, 0.975], 40.5, 3960.5), rel=2e-3)


def test_rows_of_one_prompt_are_one_observation():
    hit = np.repeat(np.random.default_rng(2).integers(0, 2, 30), 4).astype(bool)
    apart = share(hit, everything(120), one_stratum(120))
    together = share(hit, everything(120), one_stratum(120, np.repeat(keys(30), 4)))
    assert together.variance / apart.variance == pytest.approx(4 * 30 / 29 * 119 / 120)


def test_a_rate_in_strata_of_one_verdict_is_not_without_variance():
    """TPR from labels drawn by verdict: inside a stratum all right rows agree, and their number varies all the same."""
    verdict = np.repeat([True, False], 50)
    right = np.concatenate([np.arange(50) < 40, np.arange(50) < 10])
    weight = np.repeat([8.0, 8.0], 50)
    found = share(verdict, right, Sample.of(weight, (~verdict).astype(int), keys(100)))
    # TPR = a / (a + b) with a = W PPV, b = W FOR: the delta method on two independent binomial shares, W equal
    a, b = 0.8, 0.2
    spread = a * 0.2 / 50, b * 0.8 / 50
    expected = (b**2 * spread[0] + a**2 * spread[1]) / (a + b) ** 4
    between = 2 * 400 * (a * b / 400) ** 2  # what the log's own number of accepted rows adds: 400 of either verdict
    assert found.variance == pytest.approx(expected * 100 / 99 + between)


def test_strata_known_in_the_log_add_what_the_log_adds():
    """With every row labelled, strata or not, the variance is the plain one over prompts."""
    rng = np.random.default_rng(3)
    prompt = np.repeat(keys(60), 5)
    verdict, right = rng.random(300) < 0.5, rng.random(300) < 0.4
    held = np.stack([np.bincount(prompt, weights=verdict == each) for each in (False, True)], axis=1)
    plain = share(verdict, right, one_stratum(300, prompt))
    strata = share(verdict, right, Sample.of(np.ones(300), verdict.astype(int), prompt, (keys(60), held)))
    assert strata.value == plain.value
    assert strata.variance == pytest.approx(plain.variance)


def test_none_seen_is_not_none():
    found = share(np.zeros(100, bool), everything(100), one_stratum(100))
    low, high = found.interval()
    assert low == found.value == 0.0
    assert 3 / 100 < high < 4.5 / 100


def test_one_unseen_row_weighs_what_rows_of_its_kind_weigh():
    """No accepted row is wrong: one more of 50 accepted rows that stand for 1 each, beside 50 that stand for 9."""
    verdict = np.repeat([True, False], 50)
    weight = np.where(verdict, 1.0, 9.0)
    found = share(verdict, ~verdict, Sample.of(weight, (~verdict).astype(int), keys(100)), unseen=verdict)
    assert found.value == 0.0
    assert found.edge == pytest.approx(450)


def test_an_empty_domain_has_no_share():
    assert share(everything(3), np.zeros(3, bool), one_stratum(3)) is None


@pytest.mark.parametrize("bad", [0.0, 0.5, np.inf])
def test_impossible_weights_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        Sample.of(np.array([1.0, bad]), np.zeros(2, int), keys(2))


def test_the_share_of_a_labelled_sample_is_unbiased_and_covered():
    inside, errors = 0, []
    for seed in range(300):
        rng = np.random.default_rng([seed, 7])
        rate = np.repeat(rng.beta(0.8, 0.8, 600), 8)
        right = rng.random(rate.size) < rate
        verdict = rng.random(rate.size) < np.where(right, 0.85, 0.2)
        prompt = np.repeat(keys(600), 8)
        drawn = draw_rows(verdict.astype(float), prompt, np.zeros(rate.size, int), 300, seed)
        sample = Sample.of(1 / drawn.probability, drawn.stratum, prompt[drawn.rows])
        found = share(verdict[drawn.rows], right[drawn.rows], sample)
        low, high = found.interval()
        inside += low <= 0.85 <= high
        errors.append(found.value - 0.85)
    assert 0.92 <= inside / 300 <= 0.98
    assert abs(np.mean(errors)) < 3.5 * np.std(errors) / np.sqrt(300)
