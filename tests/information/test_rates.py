"""Rates of a verdict: direct counts where every row is labelled, ends at the edges, and labels unlike the log."""

import numpy as np
import pytest

from freshbits.information.rates import differs, rates
from freshbits.information.weighted import Sample


def keys(n):
    return np.arange(n, dtype=np.uint64)


def counted(a, b, c, d):
    """Right accepted, right rejected, wrong accepted, wrong rejected rows, every one of its own prompt."""
    right = np.repeat([True, True, False, False], [a, b, c, d])
    verdict = np.repeat([True, False, True, False], [a, b, c, d])
    return rates(verdict, right, Sample.of(np.ones(right.size), np.zeros(right.size, int), keys(right.size)))


def test_the_rates_are_the_direct_counts():
    found = counted(45, 5, 15, 85)
    values = {name: getattr(found, name).value for name in found.__dataclass_fields__}
    assert values == pytest.approx(
        {
            "tpr": 0.9,
            "fpr": 0.15,
            "j": 0.75,
            "lr": 6.0,
            "ppv": 0.75,
            "base_rate": 1 / 3,
            "agreement": 130 / 150,
        }
    )
    for name in found.__dataclass_fields__:
        estimate = getattr(found, name)
        assert estimate.low < estimate.value < estimate.high


def test_the_interval_of_j_is_that_of_two_independent_shares():
    """One prompt per row and a row is right or wrong, so the two shares do not go together."""
    found = counted(450, 50, 150, 850)
    half = 1.96 * np.sqrt(0.9 * 0.1 / 500 + 0.15 * 0.85 / 1000)
    assert (found.j.high - found.j.low) / 2 == pytest.approx(half, rel=0.02)


def test_the_interval_of_j_is_narrower_where_both_rates_rise_together():
    rng = np.random.default_rng(0)
    lenient = np.repeat(rng.uniform(0, 0.8, 100), 40)
    right = np.tile([True, False], 2000)
    verdict = rng.random(4000) < lenient + 0.2 * right
    prompts = np.repeat(keys(100), 40)
    together = rates(verdict, right, Sample.of(np.ones(4000), np.zeros(4000, int), prompts))
    apart = np.hypot(together.tpr.high - together.tpr.low, together.fpr.high - together.fpr.low)
    assert together.j.high - together.j.low < 0.6 * apart


@pytest.mark.parametrize(
    ("cells", "value", "low", "high"), [((50, 0, 0, 50), None, 10, None), ((0, 50, 0, 50), None, 0, None)]
)
def test_the_ratio_is_unbounded_where_no_wrong_row_was_accepted(cells, value, low, high):
    lr = counted(*cells).lr
    assert (lr.value, lr.high) == (value, high)
    assert lr.low >= low


def test_the_ratio_ends_at_zero_where_no_right_row_was_accepted():
    lr = counted(0, 50, 25, 25).lr
    assert (lr.value, lr.low) == (0.0, 0.0)
    assert 0 < lr.high < 0.3


def test_what_no_row_tells_is_none():
    found = counted(10, 10, 0, 0)
    assert (found.fpr, found.j, found.lr) == (None, None, None)
    assert found.tpr.value == 0.5


def test_a_large_stratum_without_a_hit_may_hold_some():
    """30 accepted rows stand for themselves, 30 rejected ones for 100 each: the base rate is not known to .01."""
    verdict = np.repeat([True, False], 30)
    weight = np.where(verdict, 1.0, 100.0)
    base = rates(verdict, verdict, Sample.of(weight, (~verdict).astype(int), keys(60))).base_rate
    assert base.value == pytest.approx(30 / 3030)
    assert base.high > 0.1


def test_labels_unlike_the_log_are_seen_and_others_are_not():
    rng = np.random.default_rng(1)
    n, k = np.full(400, 8), rng.binomial(8, rng.beta(1, 1, 400))
    verdicts = np.concatenate([np.repeat([True, False], [hits, 8 - hits]) for hits in k])
    prompts = np.repeat(keys(400), 8)
    alarms = []
    for seed in range(400):
        rows = np.random.default_rng(seed).choice(verdicts.size, 300, replace=False)
        alarms.append(differs(verdicts[rows], np.ones(300), prompts[rows], (n, k, keys(400)))[2] < 0.05)
    assert np.mean(alarms) < 0.08
    accepted = np.flatnonzero(verdicts)[:200]
    shown, log, p_value = differs(verdicts[accepted], np.ones(200), prompts[accepted], (n, k, keys(400)))
    assert (shown, log) == (1.0, pytest.approx(verdicts.mean()))
    assert p_value < 1e-6


def test_a_log_labelled_throughout_does_not_differ_from_itself():
    verdict = np.tile([True, False, False, False], 20)
    n, k = np.full(20, 4), np.ones(20, int)
    assert differs(verdict, np.ones(80), np.repeat(keys(20), 4), (n, k, keys(20)))[2] == 1.0
