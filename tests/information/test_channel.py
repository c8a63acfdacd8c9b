"""The test of shuffled verdicts, and the bits of one channel from few labels."""

import numpy as np
import pytest
from scipy import stats

from freshbits.information.channel import one_channel_bits, within_test
from freshbits.information.entropy import binary_entropy as h


def keys(n):
    return np.arange(n, dtype=np.uint64)


def log(prompts, seed, tpr=0.9, fpr=0.1, size=8):
    rng = np.random.default_rng(seed)
    prompt = np.repeat(np.arange(prompts), size)
    right = rng.random(prompt.size) < np.repeat(rng.beta(1, 1, prompts), size)
    return prompt, right, rng.random(prompt.size) < np.where(right, tpr, fpr)


def test_one_group_gives_the_exact_probability():
    """Of C(8,4) = 70 shuffles of 4 right, 4 accepted two separate as far."""
    p_value = within_test(np.array([[4, 0, 0, 4]]), seed=1)
    assert abs(p_value - 2 / 70) < 3.5 * np.sqrt(2 / 70 / 999)


def test_shuffled_verdicts_alarm_as_often_as_they_should():
    rng = np.random.default_rng(0)
    p_values = []
    for _ in range(200):
        right, accepted = rng.binomial(8, rng.beta(1, 1, 60)), rng.binomial(8, rng.beta(1, 1, 60))
        a = rng.hypergeometric(right, 8 - right, accepted)
        p_values.append(within_test(np.stack([a, right - a, accepted - a, 8 - right - accepted + a], axis=1)))
    alarms = sum(p <= 0.05 for p in p_values)
    assert stats.binomtest(alarms, 200, 0.05).pvalue > 0.001
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_channels_that_cancel_are_seen():
    """Half of the prompts judged right, half the wrong way round: the covariance is zero, the information is not."""
    counts = np.concatenate([np.tile([[3, 1, 1, 3]], (50, 1)), np.tile([[1, 3, 3, 1]], (50, 1))])
    assert within_test(counts) <= 0.01


def test_groups_of_one_kind_say_nothing():
    assert within_test(np.array([[5, 3, 0, 0], [2, 0, 6, 0], [1, 0, 0, 0]])) is None


def test_every_row_labelled_gives_the_pooled_formula():
    prompt, right, verdict = log(2000, 3)
    accepted = np.bincount(prompt, weights=verdict).astype(int)
    groups = (np.full(2000, 8), accepted, keys(2000))
    found = one_channel_bits(groups, verdict, right, np.ones(right.size), keys(2000)[prompt])
    base = np.linspace(0, 1, 20001)
    truth = float((h(0.9 * base + 0.1 * (1 - base)) - h(0.9)).mean())
    assert found.value == pytest.approx(truth, abs=0.015)
    assert found.low < truth < found.high
    assert found.method.startswith("one_channel")


def test_one_channel_that_the_log_contradicts_has_bounds_only():
    """Dead groups throughout, many wrongly accepted: errors everywhere, and no contrast that they could take."""
    n, k = np.full(200, 8), np.tile([8, 0], 100)
    verdict = np.tile([True, False], 100)
    right = np.arange(200) % 10 < 5
    right[::2] |= np.arange(100) % 3 == 0
    found = one_channel_bits((n, k, keys(200)), verdict, right, np.ones(200), keys(200))
    assert found.value is None
    assert (found.low, found.high) == (0.0, pytest.approx(0.0, abs=0.01))


def test_a_channel_that_hardly_tells_has_no_bits():
    prompt, right, verdict = log(300, 4, 0.52, 0.5)
    accepted = np.bincount(prompt, weights=verdict).astype(int)
    groups = (np.full(300, 8), accepted, keys(300))
    assert one_channel_bits(groups, verdict, right, np.ones(right.size), keys(300)[prompt]) is None


def test_two_rollouts_per_group_give_bounds():
    prompt, right, verdict = log(500, 5, size=2)
    groups = (np.full(500, 2), np.bincount(prompt, weights=verdict).astype(int), keys(500))
    found = one_channel_bits(groups, verdict, right, np.ones(right.size), keys(500)[prompt])
    assert found.value is None
    assert found.low < 0.3647 < found.high


def test_errors_never_seen_widen_the_lower_end():
    n, k = np.full(100, 8), np.full(100, 4)
    right = np.tile([True, False], 50)
    groups = (n, k, keys(100))
    few, many = (one_channel_bits(groups, r, r, np.ones(r.size), keys(r.size)) for r in (right[:20], right))
    assert few.value == many.value
    assert few.low < many.low < many.value - 0.2


def test_prompts_with_channels_of_their_own_share_at_least_as_much():
    rng = np.random.default_rng(6)
    base, tpr, fpr = rng.beta(1, 1, 1500), rng.beta(2, 0.5, 1500), rng.beta(0.5, 2, 1500)
    truth = float((h(base * tpr + (1 - base) * fpr) - base * h(tpr) - (1 - base) * h(fpr)).mean())
    right = rng.random((1500, 8)) < base[:, None]
    verdict = rng.random((1500, 8)) < np.where(right, tpr[:, None], fpr[:, None])
    groups = (np.full(1500, 8), verdict.sum(axis=1), keys(1500))
    found = one_channel_bits(groups, verdict.ravel(), right.ravel(), np.ones(right.size), np.repeat(keys(1500), 8))
    assert (found.low if found.value is None else found.value) < truth
    assert "lower bound" in found.method
