"""Means from a labelled sample: against textbook formulas, and coverage over drawn logs."""

import numpy as np
import pytest
from scipy import stats

from freshbits.information.weighted import weighted_mean
from freshbits.remedies.label import draw_rows


def keys(n):
    return np.arange(n, dtype=np.uint64)


def test_equal_probabilities_give_the_textbook_interval():
    y = np.random.default_rng(0).random(40)
    found = weighted_mean(y, np.full(40, 0.25), np.zeros(40, int), keys(40))
    half = stats.t.ppf(0.975, 39) * np.sqrt((1 - 0.25) * y.var(ddof=1) / 40)
    assert (found.value, found.low, found.high) == pytest.approx((y.mean(), y.mean() - half, y.mean() + half))
    assert (found.prompts, found.rollouts) == (40, 40)


def test_strata_give_the_textbook_interval():
    """Σ (N_h/N)² (1-f_h) s_h²/n_h: the weights are N_h/n_h."""
    rng = np.random.default_rng(1)
    y = np.concatenate([rng.random(20), 2 + rng.random(30)])
    size, drawn = np.array([100, 600]), np.array([20, 30])
    stratum = np.repeat([0, 1], drawn)
    found = weighted_mean(y, (drawn / size)[stratum], stratum, keys(50), bounds=(-np.inf, np.inf))
    means = np.array([y[:20].mean(), y[20:].mean()])
    share = size / 700
    assert found.value == pytest.approx(share @ means)
    spread = np.array([y[:20].var(ddof=1), y[20:].var(ddof=1)])
    # linearised around the whole mean the within-stratum deviations are the same
    half = stats.t.ppf(0.975, 48) * np.sqrt(share**2 @ ((1 - drawn / size) * spread / drawn))
    assert (found.high - found.low) / 2 == pytest.approx(half)


def test_a_census_is_exact():
    y = np.array([0.0, 1.0, 1.0, 0.0])
    found = weighted_mean(y, np.ones(4), np.array([0, 0, 1, 1]), keys(4))
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert weighted_mean(np.ones(4), np.ones(4), np.zeros(4, int), keys(4)).low == 1.0


def test_rows_of_one_prompt_are_one_observation():
    y = np.repeat(np.random.default_rng(2).integers(0, 2, 30), 4).astype(float)
    apart = weighted_mean(y, np.full(120, 0.1), np.zeros(120, int), keys(120))
    together = weighted_mean(y, np.full(120, 0.1), np.zeros(120, int), np.repeat(keys(30), 4))
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(2.0, abs=0.1)


def test_rows_without_a_label_are_left_out():
    y = np.array([1.0, np.nan, 0.0, np.nan, 0.0, 1.0])
    found = weighted_mean(y, np.full(6, 0.5), np.zeros(6, int), keys(6))
    assert (found.value, found.rollouts) == (0.5, 4)
    assert weighted_mean(np.full(6, np.nan), np.full(6, 0.5), np.zeros(6, int), keys(6)) is None


def test_none_seen_is_not_none():
    found = weighted_mean(np.zeros(100), np.full(100, 0.1), np.zeros(100, int), keys(100))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 100))


def test_one_row_of_a_stratum_still_has_an_error():
    found = weighted_mean(np.array([1.0, 0.0, 0.0]), np.full(3, 0.1), np.array([0, 1, 1]), keys(3))
    assert found.high > found.value


@pytest.mark.parametrize("bad", [0.0, 1.5])
def test_impossible_probabilities_are_refused(bad):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        weighted_mean(np.zeros(2), np.array([0.5, bad]), np.zeros(2, int), keys(2))


def covered(prompts, labels, seeds, tpr=0.85, fpr=0.2):
    """How often the interval holds the log's own mean of the truth column, and the mean error in standard errors."""
    inside, errors = 0, []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, prompts])
        rate = np.repeat(rng.beta(0.8, 0.8, prompts), 8)
        truth = (rng.random(rate.size) < rate).astype(float)
        verdict = (rng.random(rate.size) < np.where(truth > 0, tpr, fpr)).astype(float)
        prompt = np.repeat(rng.integers(0, 2**63, prompts, dtype=np.uint64), 8)
        drawn = draw_rows(verdict, prompt, np.zeros(rate.size, int), labels, seed)
        found = weighted_mean(truth[drawn.rows], drawn.probability, drawn.stratum, prompt[drawn.rows])
        inside += found.low <= truth.mean() <= found.high
        errors.append(found.value - truth.mean())
    return inside / seeds, np.mean(errors) / (np.std(errors) / np.sqrt(seeds))


def test_the_interval_covers_the_mean_of_the_log():
    coverage, bias = covered(1500, 300, 1000)
    assert 0.92 <= coverage <= 0.97
    assert abs(bias) < 3.5


def test_the_interval_is_not_too_narrow_when_labels_are_many():
    coverage, bias = covered(200, 300, 300)
    assert coverage >= 0.93
    assert abs(bias) < 3.5
