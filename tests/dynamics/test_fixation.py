"""Fixation: the exact operator against powers of the chain, both formulas against the operator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.dynamics import fixation as laws
from freshbits.dynamics.selection import Kept, Sampled, course
from freshbits.errors import OutOfRegimeError

RATES = np.array([0.002, 0.01, 0.05, 0.2, 0.5, 0.8])


@pytest.mark.parametrize("ratio", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("rows", [1, 2, 8])
def test_the_operator_is_where_the_chain_ends(rows, ratio):
    for rate in (0.1, 0.6):
        end = course(Kept(rows, ratio), [rate], [1.0], 400)
        assert end.lost[-1] + end.mastered[-1] == pytest.approx(1.0, abs=1e-9)
        assert laws.absorbed(Kept(rows, ratio), rate).item() == pytest.approx(end.mastered[-1], abs=1e-9)


def test_the_operator_of_sampled_rollouts_is_where_its_chain_ends():
    rule = Sampled(4, 0.8, 0.4)
    end = course(rule, [0.3], [1.0], 300)
    assert laws.absorbed(rule, 0.3).item() == pytest.approx(end.mastered[-1], abs=1e-6)


@pytest.mark.parametrize("rows", [8, 16, 64, 400])
@pytest.mark.parametrize("ratio", [1.0, 1.05, 1.3, 2.0, 5.0, 8.9])
def test_kimura_is_within_three_per_cent_of_the_operator(rows, ratio):
    exact = laws.absorbed(Kept(rows, ratio), RATES)
    assert laws.kimura(RATES, ratio, rows) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("rows", [1, 2, 4, 64])
@pytest.mark.parametrize("ratio", [9.0, 20.0, 300.0])
def test_founders_are_within_one_and_a_quarter_per_cent_of_the_operator(rows, ratio):
    exact = laws.absorbed(Kept(rows, ratio), RATES)
    assert laws.founders(RATES, ratio, rows) == pytest.approx(exact, rel=0.0125)


@pytest.mark.parametrize(
    ("tpr", "fpr", "kept", "law"),
    [
        (0.6, 0.5, 8, "Kimura"),
        (0.5, 0.5, 64, "Kimura"),
        (0.8, 0.1, 8, "Kimura"),
        (0.6, 0.5, 7, "operator"),
        (0.5, 0.6, 64, "operator"),
        (0.9, 0.1, 2, "founders"),
        (0.9, 0.0, 64, "operator"),
        (0.0, 0.9, 8, "operator"),
    ],
)
def test_the_switch_says_which_law(tpr, fpr, kept, law):
    assert laws.fixation(0.2, tpr, fpr, kept=kept).law == law


def test_without_false_positives_a_right_answer_is_never_lost():
    assert laws.fixation([0.0, 1e-6, 0.5], 0.3, 0.0, kept=4).probability.tolist() == [0.0, 1.0, 1.0]
    assert laws.fixation([0.0, 0.01, 0.5], 0.3, 0.0, samples=4).probability == pytest.approx([0, 1, 1])
    assert laws.fixation([0.5, 1.0], 0.0, 0.3, kept=4).probability.tolist() == [0.0, 1.0]


def test_the_exponent_solves_its_equation():
    ratio = np.array([1.0001, 1.2, 3.0, 50.0])
    c = laws.exponent(ratio)
    assert -np.expm1(-c) == pytest.approx(c / ratio)
    assert laws.exponent([0.3, 1.0]).tolist() == [0.0, 0.0]
    assert laws.exponent(1.001).item() == pytest.approx(2 * np.log(1.001), rel=1e-3)


def test_the_control_number_is_the_one_of_kimura():
    number = laws.control_number(0.02, 1.1, 500).item()
    assert 1 - np.exp(-number) == pytest.approx(laws.kimura(0.02, 1.1, 500).item(), rel=0.03)


@given(st.floats(0, 1), st.floats(1, 8.9), st.floats(8, 1e5))
def test_kimura_is_a_probability_above_the_share(rate, ratio, rows):
    found = laws.kimura(rate, ratio, rows).item()
    assert rate - 1e-6 <= found <= 1
    assert found <= laws.kimura(rate, ratio, 2 * rows).item() + 1e-9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: laws.kimura(0.1, 0.9, 50), "from 1 to 9"),
        (lambda: laws.kimura(0.1, 9.0, 50), "from 1 to 9"),
        (lambda: laws.kimura(0.1, 2.0, 7), "at least 8"),
        (lambda: laws.founders(0.1, 8.0, 7), "at least 9"),
        (lambda: laws.founders(0.1, np.inf, 7), "operator"),
        (lambda: laws.fixation(0.1, 0.5, 0.2), "either"),
        (lambda: laws.fixation(0.1, 0.5, 0.2, kept=3, samples=3), "either"),
        (lambda: laws.fixation(0.1, 0.0, 0.0, kept=3), "accepts nothing"),
        (lambda: laws.absorbed(Kept(4, 2.0, 0.1), 0.5), "recorruption"),
        (lambda: laws.control_number(0.1, 0.0, 5), "log-ratio"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
