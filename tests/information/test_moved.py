"""Bits above moved verdicts against enumeration of all orders; zero mean under chance."""

import itertools

import numpy as np
import pytest

from freshbits.information.entropy import mutual_information
from freshbits.information.moved import bits_beyond_moved


def plug_in(level, answer):
    table = np.zeros((level.max() + 1, answer.max() + 1))
    np.add.at(table, (level, answer), 1)
    return mutual_information(table)


def test_a_group_equals_enumeration_of_all_orders():
    level, answer = np.array([0, 1, 1, 2, 0, 1]), np.array([0, 0, 1, 1, 2, 0])
    orders = [plug_in(level[list(order)], answer) for order in itertools.permutations(range(6))]
    groups = np.repeat(np.arange(12), 6).astype(np.uint64)
    found = bits_beyond_moved(np.tile(level, 12), np.tile(answer, 12).astype(np.uint64), groups, groups)
    assert found.value == pytest.approx(plug_in(level, answer) - np.mean(orders))


def test_unequal_groups_count_equally_and_single_rollouts_are_left_out():
    level = np.array([0, 1, 0, 1, 0, 0, 1, 1, 0])
    answer = np.array([5, 6, 5, 6, 5, 5, 6, 6, 7], dtype=np.uint64)
    group = np.array([1, 1, 2, 2, 2, 2, 2, 2, 3], dtype=np.uint64)
    found = bits_beyond_moved(level, answer, group, group)
    six = [
        plug_in(np.array(order), np.array([0, 1, 0, 0, 1, 1])) for order in itertools.permutations([0, 1, 0, 0, 1, 1])
    ]
    assert found.value == pytest.approx((0.0 + 1.0 - np.mean(six)) / 2)  # two rollouts that differ: any order shows 1
    assert found.rollouts == 8


@pytest.mark.parametrize("rate", [0.5, 0.1])
def test_random_verdicts_have_mean_zero(rate):
    values, above = [], 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(40), 8).astype(np.uint64)
        answer = rng.integers(0, 5, 320).astype(np.uint64)
        found = bits_beyond_moved((rng.random(320) < rate).astype(np.int64), answer, group, group)
        values.append(found.value)
        above += found.low > 0
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(200)
    assert above <= 12


def test_nothing_is_said_without_groups():
    one = np.arange(20, dtype=np.uint64)
    assert bits_beyond_moved(np.zeros(20, dtype=np.int64), one, one, one) is None
