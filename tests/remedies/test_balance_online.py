"""Balance while training: what is kept teaches no feature, what is paid pays for none, and a toy learner shows it."""

import numpy as np
import pytest

from freshbits.errors import InputError
from freshbits.remedies.balance import Balance


def texts(long):
    return ["- point\n" * 3 if each else "point" for each in long]


def test_what_is_kept_has_as_many_of_both_kinds_at_every_level():
    rng = np.random.default_rng(0)
    long, group = rng.random(800) < 0.5, np.repeat(np.arange(100), 8)
    paid = (rng.random(800) < 0.2 + 0.6 * long) * 1.0
    kept = np.array(Balance(["bullets"]).keep(texts(long), paid.tolist(), group.tolist()))
    assert kept.sum() > 100
    for at in range(100):
        for level in (True, False):
            here = kept & (group == at) & (long == level)
            assert paid[here].sum() * 2 == here.sum()


def test_a_group_of_one_and_a_group_without_contrast_are_dropped():
    balance = Balance(["bullets"])
    assert balance.keep(["a"], [1.0], [0]) == [False]
    assert balance.keep(["a", "b", "c"], [1.0, 1.0, 1.0], [4, 4, 4]) == [False] * 3
    assert balance.keep([], [], []) == []


def test_rows_without_a_reward_are_never_kept_and_stay_none():
    balance = Balance(["bullets"])
    assert balance.keep(["a", "b", "c"], [1.0, None, 0.0], [0, 0, 0]) == [True, False, True]
    assert balance.keep(["a", "b"], [None, None], [0, 0]) == [False, False]
    assert balance.controlled(["a", "b"], [None, None], [0, 0]) == [None, None]
    found = balance.controlled(["a", "b", "c"], [1.0, None, 0.0], [0, 0, 0])
    assert found == [1.0, None, 0.0]


def test_the_same_batches_keep_the_same_rows():
    rng = np.random.default_rng(1)
    long, paid = rng.random(64) < 0.5, (rng.random(64) < 0.3) * 1.0
    group = np.repeat(np.arange(8), 8).tolist()
    one, other = Balance(["bullets"], seed=3), Balance(["bullets"], seed=3)
    for _ in range(3):
        assert one.keep(texts(long), paid.tolist(), group) == other.keep(texts(long), paid.tolist(), group)


def test_the_slope_is_that_of_the_batches_seen_and_is_taken_off():
    rng = np.random.default_rng(2)
    balance = Balance(["characters"], memory=1.0)
    for batch in range(20):
        size = rng.integers(1, 300, 80)
        skill = rng.normal(size=80)
        words = ["x" * int(n) for n in size]
        paid = skill + 0.7 * np.log1p(size)
        found = np.array(balance.controlled(words, paid.tolist(), (np.arange(80) // 8).tolist()))
        if 80 * (batch + 1) < 200:
            assert found == pytest.approx(paid)
    assert balance.slope[0] == pytest.approx(0.7, abs=0.1)
    taken = (paid - found) / 0.7
    inside = np.log1p(size) - np.log1p(size).reshape(10, 8).mean(axis=1).repeat(8)
    assert np.polyfit(inside, taken, 1)[0] == pytest.approx(1, abs=0.15)
    assert found.reshape(10, 8).mean(axis=1) == pytest.approx(paid.reshape(10, 8).mean(axis=1))


def test_a_group_of_one_keeps_its_reward():
    balance = Balance(["characters"])
    words = ["x" * n for n in range(1, 301)]
    assert balance.controlled(words, [float(n) for n in range(300)], list(range(300))) == pytest.approx(range(300))


def test_an_unknown_feature_is_named_with_the_nearest():
    with pytest.raises(InputError, match="nearest: bullets"):
        Balance(["bulets"])


def trained(change, steps=120, seed=0):
    """Trains P(right), P(long) by a group-relative policy gradient; the reward pays .35 for right and .55 for long.

    Returns:
        (P(right), P(long)) at the end; both start at .3.
    """
    rng = np.random.default_rng(seed)
    logit = np.full(2, np.log(0.3 / 0.7))
    group = np.repeat(np.arange(32), 8)
    for _ in range(steps):
        share = 1 / (1 + np.exp(-logit))
        drawn = rng.random((256, 2)) < share
        paid = (rng.random(256) < 0.05 + 0.35 * drawn[:, 0] + 0.55 * drawn[:, 1]) * 1.0
        paid, kept = change(texts(drawn[:, 1]), paid, group)
        if not kept.any():
            continue
        size = np.bincount(group[kept], minlength=32)
        mean = np.bincount(group[kept], weights=paid[kept], minlength=32) / np.maximum(size, 1)
        logit += 0.5 * ((paid[kept] - mean[group[kept]])[:, None] * (drawn[kept] - share)).mean(axis=0)
    return 1 / (1 + np.exp(-logit))


def test_a_learner_hacks_without_it_and_not_with_it():
    every = np.ones(256, dtype=bool)
    plain = trained(lambda words, paid, group: (paid, every))
    assert plain[1] > 0.9

    slope = Balance(["bullets"])
    right, long = trained(lambda words, paid, group: (np.array(slope.controlled(words, paid, group)), every))
    assert right > 0.6
    assert long < 0.45

    rows = Balance(["bullets"])
    right, long = trained(lambda words, paid, group: (paid, np.array(rows.keep(words, paid, group))))
    assert right > 0.5
    assert long < 0.45
