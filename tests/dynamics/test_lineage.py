"""The lineage chain against every state of small loops, and against the matrix of large ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from freshbits.dynamics import lineage
from freshbits.errors import OutOfRegimeError

START = (0.5, 0.3, 0.2)


@pytest.mark.parametrize("rows", [1, 2, 5, 8])
def test_distinct_survival_and_one_left_are_exact(exact, mean, rows):
    laws = exact.run(START, exact.kept(rows), 5)
    distinct = [mean(law, lambda p: sum(share > 0 for share in p)) for law in laws]
    alone = [mean(law, lambda p: max(p) == 1) for law in laws]
    there = [mean(law, lambda p: p[2] > 0) for law in laws]
    assert lineage.distinct(START, rows, 5) == pytest.approx(distinct, abs=1e-9)
    assert lineage.one_left(START, rows, 5) == pytest.approx(alone, abs=1e-9)
    assert lineage.survival(START[2], rows, 5) == pytest.approx(there, abs=1e-9)


def test_the_number_of_lineages_gives_the_variety():
    # Two rows of round t differ if their lineages differ: C(L, 2) pairs, each weighs (1 - 1/n)^t in the mean.
    chain = lineage.lineages(6, 8)
    assert chain.sum(axis=1) == pytest.approx(1.0)
    assert (np.diff(chain @ np.arange(7)) < 0).all()
    p = np.array([0.7, 0.3])
    by_chain = lineage.one_left(p, 6, 8)
    step = binom.pmf(np.arange(7), 6, np.arange(7)[:, None] / 6)
    law = binom.pmf(np.arange(7), 6, 0.7)
    for t in range(1, 9):
        assert law[0] + law[-1] == pytest.approx(by_chain[t])
        law = law @ step


@pytest.mark.parametrize("rows", [1024, 1300])
def test_many_rows_agree_with_the_matrix(rows):
    k = np.arange(rows + 1)
    step = binom.pmf(k, rows, k[:, None] / rows)
    law = binom.pmf(k, rows, 0.001)
    there = lineage.survival(0.001, rows, 12)
    for t in range(1, 13):
        assert there[t] == pytest.approx(1 - law[0], abs=0.002)
        law = law @ step


def test_prompts_are_independent_columns():
    both = np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]])
    assert lineage.distinct(both, 4, 3).shape == (4, 2)
    assert lineage.distinct(both, 4, 3)[:, 1] == pytest.approx(lineage.distinct(both[1], 4, 3))
    assert lineage.distinct(both, 4, 0).tolist() == [[2.0, 3.0]]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 20), st.floats(0, 1))
def test_answers_are_lost_one_after_another(rows, rounds, share):
    p = [share, (1 - share) / 2, (1 - share) / 2]
    distinct, alone = lineage.distinct(p, rows, rounds), lineage.one_left(p, rows, rounds)
    assert (np.diff(distinct) <= 1e-9).all()
    assert (np.diff(alone) >= -1e-9).all()
    assert (distinct >= 1 - 1e-9).all()
    assert (lineage.survival(share, rows, rounds)[1:] >= share - 1e-9).all() or share == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lineage.distinct([0.5, 0.2], 4, 2), "sum to 1"),
        (lambda: lineage.distinct([0.5, 0.5], 4.5, 2), "whole number"),
        (lambda: lineage.distinct([0.5, 0.5], 0, 2), "at least 1"),
        (lambda: lineage.lineages(5000, 2), "not followed"),
        (lambda: lineage.survival(1.5, 4, 2), "between 0 and 1"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
