"""What a round offers, without intervals and with them: the same numbers, and None where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.criteria.offered import contrast_points, offered


def drawn(groups: int, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rate = rng.beta(0.6, 0.9, groups)
    group = np.repeat(np.arange(groups, dtype=np.uint64), n)
    return rng.binomial(1, np.repeat(rate, n)).astype(float), group


@pytest.mark.parametrize(("groups", "n"), [(60, 8), (200, 4), (100, 16), (640, 8)])
def test_points_are_the_estimates_up_to_the_correction_for_few_prompts(groups: int, n: int):
    score, group = drawn(groups, n)
    (point,) = contrast_points([score], group, group)
    assert point == pytest.approx(offered(score, group, group).contrast_bits.value, abs=0.012)


def test_several_at_once_are_the_same_as_one_by_one():
    one, group = drawn(80, 8)
    two = np.where(np.random.default_rng(1).random(one.size) < 0.2, np.nan, drawn(80, 8, 2)[0])
    many = np.random.default_rng(3).normal(size=one.size)
    together = contrast_points([one, two, many, np.ones(one.size)], group, group)
    alone = [contrast_points([each], group, group)[0] for each in (one, two, many, np.ones(one.size))]
    assert together == pytest.approx(alone, rel=1e-9)
    assert together[3] == 0.0


def test_the_scale_of_a_score_and_the_order_of_rows_do_not_matter():
    score, group = drawn(60, 8)
    order = np.random.default_rng(0).permutation(score.size)
    one, two = offered(score, group, group), offered(score[order], group[order], group[order])
    assert one == two
    assert offered(3 * score - 7, group, group).contrast_bits == one.contrast_bits


@pytest.mark.parametrize(("groups", "n"), [(9, 8), (40, 3)])
def test_too_little_gives_none_and_no_number(groups: int, n: int):
    score, group = drawn(groups, n)
    assert contrast_points([score], group, group) == [None]
    assert offered(score, group, group).contrast_bits is None


def test_nothing_scored():
    group = np.repeat(np.arange(20, dtype=np.uint64), 4)
    found = offered(np.full(80, np.nan), group, group)
    assert (found.kind, found.scored, found.unscored, found.mean) == ("unscored", 0, 80, None)
    assert contrast_points([np.full(80, np.nan)], group, group) == [None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=6), min_size=1, max_size=30))
def test_shares_add_up_whatever_is_scored(groups: list[list[float]]):
    score = np.array([value for group in groups for value in group])
    group = np.repeat(np.arange(len(groups), dtype=np.uint64), [len(each) for each in groups])
    found = offered(score, group, group)
    assert found.scored + found.unscored == score.size
    if found.dead_groups is not None and found.all_wrong is not None:
        assert found.dead_groups.value == pytest.approx(found.all_wrong.value + found.all_right.value)
