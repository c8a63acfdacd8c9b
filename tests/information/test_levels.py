"""Verdicts with several levels against Dirichlet closed forms."""

import math

import numpy as np
import pytest
from scipy.special import digamma

from freshbits.information.dirichlet import dirichlet_fit
from freshbits.information.levels import contrast_bits
from freshbits.information.mixing import contrast_bits as two_levels


def dirichlet_bits(alpha):
    a = np.array(alpha)
    return float((a / a.sum()) @ (digamma(a.sum() + 1) - digamma(a + 1)) / math.log(2))


def drawn(alpha, n, prompts, seed):
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, rng.dirichlet(alpha, prompts)).astype(np.int64)
    return counts, rng.integers(0, 2**63, prompts, dtype=np.uint64)


@pytest.mark.parametrize("alpha", [(1, 1, 1), (1, 1, 1, 1), (10, 20, 5, 3)])
def test_bits_under_a_dirichlet(alpha):
    found = [contrast_bits(*drawn(alpha, 16, 400, seed)) for seed in range(4)]
    assert np.mean([f.value for f in found]) == pytest.approx(dirichlet_bits(alpha), abs=0.025)
    assert sum(f.low <= dirichlet_bits(alpha) <= f.high for f in found) >= 3


def test_two_levels_are_a_verdict():
    counts, prompts = drawn((1, 2), 8, 200, 0)
    assert contrast_bits(counts, prompts) == two_levels(counts.sum(axis=1), counts[:, 1], prompts)
    empty = np.insert(counts, 1, 0, axis=1)  # a level that nobody shows is none
    assert contrast_bits(empty, prompts) == contrast_bits(counts, prompts)


def test_one_level_carries_nothing():
    found = contrast_bits(np.full((50, 1), 8), np.arange(50, dtype=np.uint64))
    assert found.value == 0.0


def test_too_few_rollouts_are_not_judged():
    assert contrast_bits(*drawn((1, 1, 1), 3, 100, 0)) is None


def test_order_and_names_do_not_matter_much():
    counts, prompts = drawn((0.5, 1, 2), 8, 300, 1)
    order = np.random.default_rng(0).permutation(300)
    assert contrast_bits(counts[order], prompts[order]).value == pytest.approx(
        contrast_bits(counts, prompts).value, abs=1e-9
    )
    # another order of the levels draws other support points
    assert contrast_bits(counts[:, ::-1], prompts).value == pytest.approx(
        contrast_bits(counts, prompts).value, abs=0.02
    )


def test_dirichlet_parameters_are_found():
    counts, _ = drawn((0.5, 1.5, 4.0), 32, 3000, 2)
    assert dirichlet_fit(counts, np.ones(3000)) == pytest.approx([0.5, 1.5, 4.0], rel=0.1)
