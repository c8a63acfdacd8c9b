"""Targets: shares, agreement, bits and balance against closed forms."""

import numpy as np
import pytest

from freshbits.probes.targets import CLIP, binary, signs, smallest_cell, target


def test_share_agreement_and_bits_are_those_of_the_counts():
    sign = np.array([1.0] * 60 + [-1.0] * 20 + [0.0] * 20 + [np.nan] * 50)
    found = target(sign, np.ones(150))
    assert (found.share, found.agreement) == (0.8, 0.75)
    assert found.bits == pytest.approx(0.8 * (1 - float(binary(np.array(0.25)))))
    assert found.place.tolist() == list(range(80))
    assert found.leans


def test_the_pairs_own_weights_count():
    sign, weight = np.array([1.0, -1.0, 0.0]), np.array([3.0, 1.0, 4.0])
    found = target(sign, weight)
    assert (found.share, found.agreement, found.counted) == (0.5, 0.75, 16 / 10)
    assert found.weight.tolist() == [1.5, 0.5]


def test_cells_weigh_the_same_and_ties_keep_their_weight():
    sign = np.ones(100)
    beside = np.array([1.0] * 60 + [-1.0] * 20 + [0.0] * 20)
    found = target(sign, np.ones(100), beside)
    same, opposed, tied = found.weight[:60].sum(), found.weight[60:80].sum(), found.weight[80:]
    assert same == pytest.approx(opposed)
    assert same == pytest.approx(40 * tied[0])
    assert found.weight.mean() == pytest.approx(1.0)


def test_a_rare_cell_counts_at_most_twelve_times():
    beside = np.array([1.0] * 990 + [-1.0] * 10)
    found = target(np.ones(1000), np.ones(1000), beside)
    assert found.weight[-1] / found.weight[0] == pytest.approx(CLIP / (1000 / (2 * 990)))


def test_pairs_in_which_the_other_is_unknown_are_left_out():
    found = target(np.ones(4), np.ones(4), np.array([1.0, np.nan, -1.0, 0.0]))
    assert found.place.tolist() == [0, 2, 3]


def test_a_fair_coin_leans_nowhere_and_nothing_has_half():
    assert not target(np.array([1.0, -1.0] * 50), np.ones(100)).leans
    empty = target(np.zeros(5), np.ones(5))
    assert (empty.agreement, empty.share, empty.bits, empty.leans) == (0.5, 0.0, 0.0, False)


def test_the_smallest_cell_leaves_ties_and_unknown_out():
    one = np.array([1.0, 1.0, -1.0, 0.0, np.nan, -1.0])
    assert smallest_cell(one, np.array([1.0, -1.0, -1.0, 1.0, 1.0, -1.0])) == 1


def test_signs_say_which_side_is_higher():
    assert signs(np.array([1.0, 2.0]), np.array([2.0, 2.0])).tolist() == [-1.0, 0.0]
