"""Surprise bits by counting: closed forms of small channels, and what it must not do."""

from __future__ import annotations

import numpy as np
import pytest

from freshbits.information.counted import counted_surprise
from freshbits.information.entropy import binary_entropy
from freshbits.information.usable import surprise_bits


def rows(prompts: int, n: int) -> np.ndarray:
    return np.repeat(np.arange(prompts, dtype=np.uint64), n)


@pytest.mark.parametrize("rate", [0.5, 0.2, 0.05])
def test_without_belief_it_is_the_entropy_of_the_verdict(rate: float):
    rng, q = np.random.default_rng(1), rows(2000, 4)
    found = counted_surprise(rng.binomial(1, rate, q.size), np.zeros((q.size, 0)), q, q)
    assert found.value == pytest.approx(float(binary_entropy(rate)), abs=0.02)
    assert found.low <= float(binary_entropy(rate)) <= found.high


def test_it_is_the_conditional_entropy_given_cells():
    rng, q = np.random.default_rng(2), rows(2000, 4)
    votes = rng.integers(0, 3, (q.size, 2)).astype(float)
    rate = np.array([[0.1, 0.5, 0.9], [0.5, 0.5, 0.5], [0.9, 0.1, 0.5]])
    chance = rate[votes[:, 0].astype(int), votes[:, 1].astype(int)]
    found = counted_surprise(rng.binomial(1, chance), votes, q, q)
    assert found.value == pytest.approx(float(binary_entropy(rate).mean()), abs=0.015)


def test_three_levels():
    rng, q = np.random.default_rng(3), rows(1500, 4)
    found = counted_surprise(rng.integers(0, 3, q.size), np.zeros((q.size, 0)), q, q)
    assert found.value == pytest.approx(np.log2(3), abs=0.01)


def test_a_function_of_the_belief_costs_next_to_nothing():
    q = rows(300, 8)
    votes = np.random.default_rng(4).integers(0, 2, (q.size, 1)).astype(float)
    assert counted_surprise(votes[:, 0].astype(int), votes, q, q).value < 0.02


def test_columns_that_say_nothing_do_not_read_as_surprise():
    rng, q = np.random.default_rng(5), rows(40, 4)
    verdict, noise = rng.binomial(1, 0.3, q.size), rng.random((q.size, 3))  # a cell of its own for every row
    bare = counted_surprise(verdict, noise[:, :0], q, q)
    assert counted_surprise(verdict, noise, q, q).value <= bare.value


def test_a_prompt_is_never_predicted_from_itself():
    q = rows(200, 8)
    verdict = np.random.default_rng(6).integers(0, 2, 200).astype(int)[q.astype(int)]  # all alike inside a prompt
    own = q.astype(float)[:, None]
    assert counted_surprise(verdict, own, q, q).value == pytest.approx(1.0, abs=0.02)


def test_groups_count_equally():
    sizes = np.array([2, 20] * 200)
    group = np.repeat(np.arange(400, dtype=np.uint64), sizes)
    large = np.repeat(sizes == 20, sizes)
    verdict = np.where(large, 0, np.random.default_rng(7).integers(0, 2, group.size))
    found = counted_surprise(verdict, large.astype(float)[:, None], group, group)
    assert found.value == pytest.approx(0.5, abs=0.05)  # one bit in half of the groups, none in the others


def test_it_is_no_tighter_than_the_ensemble_by_more_than_chance():
    rng, q = np.random.default_rng(8), rows(300, 8)
    votes = rng.integers(1, 9, q.size) / 8
    verdict = rng.binomial(1, votes)
    counted, fitted = counted_surprise(verdict, votes[:, None], q, q), surprise_bits(verdict, votes[:, None], q, q)
    assert counted.value == pytest.approx(fitted.value, abs=0.02)


def test_no_rows_give_nothing():
    none = np.zeros(0, dtype=np.uint64)
    assert counted_surprise(np.zeros(0, dtype=np.int64), np.zeros((0, 1)), none, none) is None
