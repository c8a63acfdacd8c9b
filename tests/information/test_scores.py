"""Scores inside a group, and bits pooled over judged pairs."""

import itertools

import numpy as np
import pytest
from scipy import stats

from freshbits.information.entropy import mutual_information
from freshbits.information.pooled import pooled_bits, pooled_test
from freshbits.information.scores import (
    centred_bins,
    count_levels,
    discordant_binary,
    discordant_scores,
)


def test_bins_do_not_see_the_level_of_a_group():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(50), 8).astype(np.uint64)
    score = rng.normal(size=400)
    moved = score + np.repeat(rng.normal(0, 100, 50), 8)
    one, two = centred_bins(score, group), centred_bins(moved, group)
    assert (one == two).all()
    assert np.bincount(one) == pytest.approx([100] * 4, abs=2)


def test_equal_scores_share_a_bin():
    group = np.repeat(np.arange(10), 4).astype(np.uint64)
    assert centred_bins(np.repeat(np.arange(10.0), 4), group).max() == 0
    mixed = np.where(group < 5, 3.0, np.tile([1.0, 2.0, 3.0, 4.0], 10))
    bins = centred_bins(mixed, group)
    assert all(np.unique(bins[group == g]).size == 1 for g in range(5))


def test_counts_by_group_and_level():
    keys, counts = count_levels(np.array([9, 4, 9, 9], dtype=np.uint64), np.array([0, 2, 2, 2]))
    assert keys.tolist() == [4, 9]
    assert counts.tolist() == [[0, 0, 1], [1, 0, 2]]


def pairs_that_differ(values, noise=0.0):
    pairs = list(itertools.combinations(values, 2))
    return sum(abs(a - b) > noise for a, b in pairs) / len(pairs)


def test_discordant_pairs_of_verdicts_equal_enumeration():
    n, k = np.array([2, 4, 8, 1]), np.array([1, 1, 3, 1])
    found = discordant_binary(n, k, np.arange(4, dtype=np.uint64))
    expected = np.mean([pairs_that_differ([1] * b + [0] * (a - b)) for a, b in zip(n[:3], k[:3], strict=True)])
    assert found.value == pytest.approx(expected)


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.5])
def test_discordant_pairs_of_scores_equal_enumeration(noise):
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(20), 5).astype(np.uint64)
    score = rng.integers(0, 5, 100) / 2
    expected = np.mean([pairs_that_differ(score[group == g], noise) for g in range(20)])
    order = rng.permutation(100)
    found = discordant_scores(score[order], group[order], group[order], noise)
    assert found.value == pytest.approx(expected)


def test_pooled_bits_are_mutual_information_less_its_bias():
    rng = np.random.default_rng(2)
    level = rng.choice([0, 1, 2], 500)
    accepted = (rng.random(500) < np.array([0.2, 0.5, 0.8])[level]).astype(float)
    table = np.array([[((level == a) & (accepted == b)).sum() for b in (0, 1)] for a in (0, 1, 2)])
    bits, effect = pooled_bits(level, accepted, np.arange(500, dtype=np.uint64))
    assert bits.value == pytest.approx(mutual_information(table) - 2 / (2 * 500 * np.log(2)))
    assert effect == pytest.approx(accepted[level == 2].mean() - accepted[level == 0].mean())


def test_pooled_false_alarms_hold_with_clusters():
    """Judged pairs of one prompt share their verdict and their feature: rows are not independent."""
    alarms, naive = 0, 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        prompts = np.repeat(np.arange(80), 6).astype(np.uint64)
        level = np.repeat(rng.integers(0, 2, 80), 6)
        accepted = np.repeat(rng.integers(0, 2, 80), 6).astype(float)
        alarms += pooled_test(level, accepted, prompts) <= 0.05
        table = np.histogram2d(level, accepted, bins=2)[0]
        naive += stats.chi2_contingency(table, correction=False).pvalue <= 0.05
    assert naive > 60
    assert alarms <= 26
