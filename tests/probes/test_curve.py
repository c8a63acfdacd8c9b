"""Curves and crossovers against closed forms."""

import numpy as np
import pytest

from freshbits.probes.crossover import crossover
from freshbits.probes.curve import BLOCKS, curve, routed
from freshbits.probes.targets import target


def test_a_probe_that_knows_nothing_pays_one_bit_a_pair():
    found = curve(np.zeros(64), target(np.ones(64), np.ones(64)))
    assert (found.aulc, found.accuracy, found.psi) == (0.5, 0.5, 0.0)
    assert found.price_bits == pytest.approx(64.0)


def test_losses_are_code_lengths_in_bits():
    margin = np.full(32, np.log(3.0))  # P(right) = 3/4
    assert curve(margin, target(np.ones(32), np.ones(32))).price_bits == pytest.approx(32 * np.log2(4 / 3))


def test_accuracy_is_counted_before_each_update_by_weight():
    asked = target(np.ones(80), np.array([1.0] * 40 + [3.0] * 40))
    margin = np.array([-1.0] * 40 + [1.0] * 40)
    found = curve(margin, asked)
    assert found.aulc == pytest.approx(0.75)
    assert found.blocks == (0.5,) * (BLOCKS // 2) + (1.0,) * (BLOCKS // 2)
    assert found.accuracy == 1.0


@pytest.mark.parametrize("agreement", [0.8, 0.2])
def test_what_can_be_routed_is_the_bits_of_the_channel_in_a_row(agreement):
    accuracy, share = 0.9, 0.5
    right = 0.8 * accuracy + 0.2 * (1 - accuracy)
    bits = 1 + right * np.log2(right) + (1 - right) * np.log2(1 - right)
    assert routed((accuracy,) * BLOCKS, agreement, share) == pytest.approx(share * bits)
    assert routed((0.5,) * 4 + (accuracy,) * 4, agreement, share) == pytest.approx(share * bits / 2)


def test_nothing_to_read_is_nothing_learned():
    found = curve(np.zeros(0), target(np.zeros(3), np.ones(3)))
    assert (found.aulc, found.psi, found.price_bits) == (0.5, 0.0, 0.0)


@pytest.mark.parametrize("bits", [0.25, 0.9])
def test_at_the_crossover_both_descriptions_are_equally_long(bits):
    price, told = (30.0, 500.0), (0.2, 0.2 + bits / 2)
    found = crossover(price, told)
    pairs = found.rows / 2
    assert price[0] + pairs * (1 - told[0]) == pytest.approx(price[1] + pairs * (1 - told[1]))


def test_what_costs_no_more_is_cheaper_at_once_and_what_tells_no_more_never():
    assert crossover((30.0, 30.0), (0.5, 0.1)).rows == 0.0
    never = crossover((30.0, 31.0), (0.5, 0.5))
    assert (never.rows, never.when) == (None, "never")
