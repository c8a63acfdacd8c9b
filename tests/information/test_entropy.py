"""Plain entropies and mutual information against SciPy, scikit-learn and enumeration."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from freshbits.information.entropy import (
    binary_entropy,
    conditional_mutual_information,
    entropy,
    mutual_information,
)


@pytest.mark.parametrize("seed", range(5))
def test_entropy_equals_scipy(seed):
    counts = np.random.default_rng(seed).integers(0, 50, (7, 11))
    assert entropy(counts) == pytest.approx(stats.entropy(counts, base=2, axis=1), abs=1e-12)
    assert entropy(counts, axis=0) == pytest.approx(stats.entropy(counts, base=2, axis=0), abs=1e-12)


def test_binary_entropy_equals_scipy_and_is_zero_at_the_ends():
    p = np.linspace(0, 1, 101)
    assert binary_entropy(p) == pytest.approx(stats.entropy([p, 1 - p], base=2, axis=0), abs=1e-12)
    assert binary_entropy([0.0, 1.0]).tolist() == [0.0, 0.0]
    assert float(binary_entropy(0.25)) == pytest.approx(2 - 0.75 * math.log2(3), abs=1e-12)


def test_an_empty_row_has_no_entropy():
    assert entropy(np.zeros((2, 3))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_mutual_information_equals_scikit_learn(seed):
    table = np.random.default_rng(seed).integers(0, 30, (3, 5))
    expected = mutual_info_score(None, None, contingency=table.astype(float)) / math.log(2)
    assert mutual_information(table) == pytest.approx(expected, abs=1e-9)
    assert mutual_information(table.T) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_conditional_mutual_information_equals_its_definition(seed):
    stack = np.random.default_rng(seed).integers(0, 9, (4, 3, 2)).astype(float)
    joint = stack / stack.sum()
    expected = 0.0
    for q, a, b in itertools.product(range(4), range(3), range(2)):
        if joint[q, a, b] > 0:
            given = joint[q, a].sum() * joint[q, :, b].sum() / joint[q].sum()
            expected += joint[q, a, b] * math.log2(joint[q, a, b] / given)
    assert conditional_mutual_information(stack) == pytest.approx(expected, abs=1e-9)


def test_conditional_mutual_information_is_the_weighted_mean_over_prompts():
    stack = np.random.default_rng(9).integers(1, 20, (6, 2, 4)).astype(float)
    parts = [mutual_info_score(None, None, contingency=table) / math.log(2) for table in stack]
    expected = np.average(parts, weights=stack.sum(axis=(1, 2)))
    assert conditional_mutual_information(stack) == pytest.approx(expected, abs=1e-9)


def test_independent_tables_carry_nothing_and_plain_counts_invent_something():
    assert mutual_information(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0.0, abs=1e-12)
    rng = np.random.default_rng(0)
    drawn = [rng.multinomial(8, [0.25] * 4).reshape(2, 2) for _ in range(500)]
    assert conditional_mutual_information(drawn) > 0.05  # why logs are not measured with it
