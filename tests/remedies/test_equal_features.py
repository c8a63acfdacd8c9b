"""Rewards at equal features: what pays only a feature leaves nothing, what has nothing to do with it stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.remedies import equal
from freshbits.remedies.balance import Balance
from freshbits.remedies.matched import at_equal_rates

MARKED = ["mark=matches:!$"]


def marks(shown):
    return ["a!" if each else "a" for each in shown]


def batch(seed, groups=200, size=8, share=0.3):
    rng = np.random.default_rng(seed)
    return rng, rng.random(groups * size) < share, np.repeat(np.arange(groups), size)


def test_a_reward_that_pays_only_a_flag_leaves_no_contrast():
    _, shown, group = batch(0)
    found = np.array(Balance(["mark"], features=MARKED).controlled(marks(shown), (shown * 1.0).tolist(), group))
    assert np.abs(equal.inside(found[:, None], group)).max() < 1e-5


def test_a_flag_is_taken_off_by_its_closed_form():
    rng, shown, group = batch(1)
    paid = (rng.random(shown.size) < 0.3 + 0.5 * shown) * 1.0
    balance = Balance(["mark"], features=MARKED, scaled=False)
    found = np.array(balance.controlled(marks(shown), paid.tolist(), group.tolist()))
    mixed = equal.differing(paid, group)
    x, y = (equal.inside((1.0 * each)[:, None], group)[:, 0] for each in (shown, paid))
    effect = (x[mixed] @ y[mixed]) / (x[mixed] @ x[mixed])
    assert effect == pytest.approx(0.5, abs=0.1)
    assert found == pytest.approx(np.where(mixed, paid - effect * x, paid), abs=1e-5)


def test_a_flag_has_no_mean_advantage_after_groups_are_scaled():
    rng, shown, group = batch(8)
    paid = (rng.random(shown.size) < np.where(shown, 0.9, rng.random(200)[group])) * 1.0
    gap = {}
    for scaled in (True, False):
        balance = Balance(["mark"], features=MARKED, scaled=scaled)
        own = equal.inside(np.array(balance.controlled(marks(shown), paid.tolist(), group.tolist()))[:, None], group)
        spread = np.sqrt(np.bincount(group, weights=own[:, 0] ** 2) / 8)[group]
        advantage = own[:, 0] / (spread + 1e-4)
        gap[scaled] = abs(advantage @ equal.inside(1.0 * shown[:, None], group)[:, 0]) / shown.sum()
    assert gap[True] < 2e-3
    assert gap[False] > 10 * gap[True]


def test_a_group_with_one_reward_has_nothing_to_follow_and_stays():
    rng, shown, group = batch(2)
    paid = (rng.random(shown.size) < np.where(shown, 0.9, 0.5)) * 1.0
    paid[group < 40] = 1.0
    balance = Balance(["mark"], features=MARKED)
    found = np.array(balance.controlled(marks(shown), paid.tolist(), group.tolist()))
    assert (found[group < 40] == 1.0).all()


def test_a_reward_that_has_nothing_to_do_with_a_flag_is_the_same_in_expectation():
    skill = np.tile([1.0, 1.0, 0, 0, 0, 0, 0, 0], 40)
    group = np.repeat(np.arange(40), 8)
    drawn = []
    for seed in range(300):
        shown = np.random.default_rng(seed).random(320) < 0.5
        drawn.append(Balance(["mark"], features=MARKED).controlled(marks(shown), skill.tolist(), group))
    mean = np.mean(drawn, axis=0).reshape(40, 8)
    gap = mean[:, :2].mean() - mean[:, 2:].mean()
    assert gap == pytest.approx(1 - 1 / (7 * 40), abs=0.01)  # one effect of 280 rows that are free


def test_a_count_that_is_paid_by_a_step_is_taken_off_where_one_slope_would_not():
    rng = np.random.default_rng(4)
    size = rng.integers(1, 40, 8000)
    group = np.repeat(np.arange(1000), 8)
    paid = 0.8 * (size >= 20) + 0.1 * rng.normal(size=8000)
    found = np.array(Balance(["characters"]).controlled(["x" * n for n in size], paid.tolist(), group.tolist()))
    own = equal.inside(found[:, None], group)[:, 0]
    x, y = (equal.inside(each[:, None], group)[:, 0] for each in (np.log1p(size), paid))
    line = y - (x @ y) / (x @ x) * x
    here = [(size >= low) & (size < low + 5) for low in (10, 15, 20, 25)]
    assert max(abs(line[some].mean()) for some in here) > 0.15
    assert max(abs(own[some].mean()) for some in here) < 0.05


def test_two_flags_that_go_together_are_both_taken_off():
    rng, one, group = batch(5, share=0.5)
    other = rng.random(one.size) < np.where(one, 0.7, 0.3)
    texts = [f"{'-' * a}{'!' * b}" for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    paid = 0.5 * one + 0.2 * other
    balance = Balance(["a", "b"], features=["a=contains:-", "b=contains:!"])
    found = np.array(balance.controlled(texts, paid.tolist(), group.tolist()))
    assert np.abs(equal.inside(found[:, None], group)).max() < 1e-4


CELLS = st.lists(st.tuples(st.booleans(), st.integers(0, 2)), min_size=1, max_size=200)


@given(CELLS, st.integers(0, 3))
def test_no_cell_is_kept_more_often_than_the_least_accepted_common_one(rows, seed):
    accepted, cell = (np.array(each) for each in zip(*rows, strict=True))
    kept = at_equal_rates(accepted.astype(bool), cell, seed)
    assert not (kept & ~accepted).any()
    size = np.bincount(cell)
    common = [at for at in np.flatnonzero(size) if size[at] >= min(0.1 * len(rows), size.max())]
    least = min(accepted[cell == at].mean() for at in common)
    for at in np.flatnonzero(size):
        room = min(int(accepted[cell == at].sum()), round(size[at] * least))
        assert int(kept[cell == at].sum()) == room


def test_a_flag_keeps_its_share():
    rng, shown, _ = batch(6, groups=1000)
    accepted = rng.random(shown.size) < np.where(shown, 0.95, 0.5)
    kept = np.array(Balance(["mark"], features=MARKED).even(marks(shown), accepted.tolist()))
    assert shown[kept].mean() == pytest.approx(shown.mean(), abs=1e-3)
    assert kept[~shown].sum() == accepted[~shown].sum()


def test_a_count_keeps_its_quarters():
    rng = np.random.default_rng(7)
    size = rng.integers(1, 101, 8000)
    accepted = rng.random(8000) < 0.3 + 0.6 * (size > 60)
    kept = np.array(Balance(["characters"]).even(["x" * n for n in size], accepted.tolist()))
    share = [(size[kept] > 75).mean(), (size[kept] <= 25).mean()]
    assert share == pytest.approx([(size > 75).mean(), (size <= 25).mean()], abs=0.01)
    assert size[accepted].mean() > size.mean() + 5
    assert size[kept].mean() == pytest.approx(size.mean(), abs=1.5)


def test_a_count_that_is_nearly_always_the_same_keeps_its_share_of_others():
    rng = np.random.default_rng(9)
    size = rng.choice([4, 5, 7], 4000, p=[0.05, 0.85, 0.1])
    accepted = rng.random(4000) < np.where(size == 7, 0.95, 0.5)
    kept = np.array(Balance(["characters"]).even(["x" * n for n in size], accepted.tolist()))
    assert (size[kept] == 7).mean() == pytest.approx((size == 7).mean(), abs=5e-3)
