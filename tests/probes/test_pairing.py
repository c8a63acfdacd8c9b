"""Pairs: every row once, accepted against rejected of the same group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.probes.pairs import Pairs, pair_up


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=60), st.integers(0, 9))
def test_verdicts_give_as_many_pairs_as_the_rarer_verdict_has_rows(rows, seed):
    group, score = np.array(rows, dtype=np.int64).T
    high, low = pair_up(score.astype(float), group.astype(np.uint64), seed)
    assert (score[high] == 1).all()
    assert (score[low] == 0).all()
    assert (group[high] == group[low]).all()
    assert np.unique(np.concatenate([high, low])).size == 2 * high.size
    for each in np.unique(group):
        inside = score[group == each]
        assert (group[high] == each).sum() == min(inside.sum(), (1 - inside).sum())


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=30, unique=True))
def test_scores_without_ties_are_all_paired_the_upper_half_above_the_lower(scores):
    values = np.array(scores)
    high, low = pair_up(values, np.zeros(values.size, dtype=np.uint64))
    assert high.size == values.size // 2
    assert values[high].min() > values[low].max()


def test_pairs_come_in_random_order_from_the_seed_alone():
    score, group = np.tile([0.0, 1.0], 100), np.repeat(np.arange(100, dtype=np.uint64), 2)
    one, again, other = (pair_up(score, group, seed)[0] for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    assert (np.diff(one) < 0).any()


@pytest.mark.parametrize(
    ("texts", "weight", "problem"),
    [
        ((["a"], ["b", "c"]), None, "not in pairs"),
        ((["a"], ["b"]), np.array([0.0]), "positive"),
        ((["a"], ["b"]), np.array([1.0, 2.0]), "positive"),
        ((["a"], ["b"]), np.array([np.nan]), "positive"),
    ],
)
def test_what_is_not_in_pairs_is_refused(texts, weight, problem):
    with pytest.raises(InputError, match=problem):
        Pairs(*texts, weight)


def test_weights_are_one_in_the_mean():
    assert Pairs(["a", "b"], ["c", "d"], np.array([1.0, 3.0])).weights.tolist() == [0.5, 1.5]
