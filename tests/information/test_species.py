"""Classes seen and unseen, and pass@k, against hand counts and enumeration."""

import itertools

import numpy as np
import pytest

from freshbits.information.mixing import fit
from freshbits.information.species import Species, chao1, effective, good_turing, next_new, pass_at


def species(rows, distinct, once, twice, copies=12):
    """The same prompts several times over, so that there is something to resample."""
    columns = [np.tile(np.array(column), copies) for column in (rows, distinct, once, twice)]
    return Species(*columns, np.arange(len(rows) * copies, dtype=np.uint64))


# two prompts: a a b c (distinct 3, once 2, twice 1) and a a a a (1, 0, 0)
TWO = species([4, 4], [3, 1], [2, 0], [1, 0])


def test_good_turing_by_hand():
    assert good_turing(TWO).value == pytest.approx(1 - 2 / 8)


def test_chao1_by_hand():
    assert chao1(TWO).value == pytest.approx(((3 + 2 * 1 / (2 * 2)) + 1) / 2)


def test_next_new_by_hand():
    # accepted rows only: one class seen once in 3 of 8 scored rows
    assert next_new(species([3, 0], [2, 0], [1, 0], [1, 0]), np.tile([4, 4], 12)).value == pytest.approx(1 / 8)


def test_effective_number_by_hand():
    # a a b c: 2 of 12 ordered pairs agree; a a a a: all do
    found = effective(np.tile([4, 4], 12), np.tile([2, 12], 12), np.arange(24, dtype=np.uint64))
    assert found.value == pytest.approx(1 / ((2 / 12 + 1) / 2))


def test_answers_that_never_agree_give_a_lower_bound():
    found = effective(np.full(30, 4), np.zeros(30, int), np.arange(30, dtype=np.uint64))
    assert found.value is None
    assert found.high is None
    assert found.low == 30 * 6 / 3
    assert effective(np.ones(30, int), np.zeros(30, int), np.arange(30, dtype=np.uint64)) is None


@pytest.mark.parametrize("seed", range(3))
def test_effective_number_and_coverage_are_unbiased_where_promised(seed):
    rng = np.random.default_rng(seed)
    belief = rng.dirichlet(np.full(8, 0.5), 2000)
    counts = rng.multinomial(8, belief)
    keys = np.arange(2000, dtype=np.uint64)
    found = effective(np.full(2000, 8), (counts * (counts - 1)).sum(axis=1), keys)
    assert found.low <= 1 / (belief**2).sum(axis=1).mean() <= found.high
    # f1/N is the mass unseen by one rollout fewer than logged
    unseen = (belief * (1 - belief) ** 7).sum(axis=1).mean()
    seen = Species(
        np.full(2000, 8), (counts > 0).sum(axis=1), (counts == 1).sum(axis=1), (counts == 2).sum(axis=1), keys
    )
    assert good_turing(seen).value == pytest.approx(1 - unseen, abs=0.01)


def pass_by_enumeration(n, k, tries):
    verdicts = [1] * k + [0] * (n - k)
    drawn = list(itertools.combinations(verdicts, tries))
    return sum(any(row) for row in drawn) / len(drawn)


@pytest.mark.parametrize(("n", "k"), [(8, 0), (8, 1), (8, 3), (8, 7), (8, 8)])
def test_pass_at_k_equals_enumeration(n, k):
    found = pass_at(np.full(20, n), np.full(20, k), np.arange(20, dtype=np.uint64), None)
    for tries in (1, 2, 4, 8):
        assert found[str(tries)].value == pytest.approx(pass_by_enumeration(n, k, tries), abs=1e-9)
    assert set(found) == {"1", "2", "4", "8", "inf"}


def test_pass_at_k_beyond_the_log_is_that_of_the_world():
    rng = np.random.default_rng(0)
    s = rng.beta(1, 1, 2000)
    n, k, keys = np.full(2000, 8), rng.binomial(8, s), np.arange(2000, dtype=np.uint64)
    found = pass_at(n, k, keys, fit(n, k, keys))
    for tries in (1, 8, 16, 32):  # E[1 - (1-s)^k] = k / (k+1) under Beta(1, 1)
        assert found[str(tries)].value == pytest.approx(tries / (tries + 1), abs=0.02)
    assert "64" not in found
    assert found["inf"].value is None
    assert found["inf"].low == pytest.approx((k > 0).mean())
    assert found["inf"].high == 1.0


def test_never_solved_is_not_never():
    found = pass_at(np.full(50, 4), np.zeros(50, int), np.arange(50, dtype=np.uint64), None)
    assert found["1"].value == 0.0
    assert found["1"].high == pytest.approx(1 - 0.025 ** (1 / 50))


def test_groups_smaller_than_k_are_left_out():
    n, k = np.tile([2, 8, 8, 8], 10), np.tile([2, 0, 0, 0], 10)
    found = pass_at(n, k, np.arange(40, dtype=np.uint64), None)
    assert found["1"].value == pytest.approx(0.25)
    assert found["4"].value == 0.0
    assert found["4"].prompts == 30
