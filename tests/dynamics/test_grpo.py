"""The policy gradient's mean course: its force against all groups of a small size, its fit against itself."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.dynamics import grpo
from freshbits.errors import OutOfRegimeError


@pytest.mark.parametrize(("p", "tpr", "fpr"), [(0.3, 0.9, 0.2), (0.7, 1.0, 0.0), (0.5, 0.2, 0.6)])
@pytest.mark.parametrize("size", [2, 3])
def test_the_force_is_half_the_mean_gradient_of_the_log_odds(size, p, tpr, fpr):
    """θ_right - θ_wrong moves by twice 1/G Σ_right (S - s̄), whose mean over all groups is (1 - 1/G) J p(1-p)."""
    force = 0.0
    for rows in itertools.product([(1, 1), (1, 0), (0, 1), (0, 0)], repeat=size):
        mass = 1.0
        for right, accepted in rows:
            rate = tpr if right else fpr
            mass *= (p if right else 1 - p) * (rate if accepted else 1 - rate)
        mean = sum(accepted for _, accepted in rows) / size
        force += mass * sum(accepted - mean for right, accepted in rows if right) / size
    assert grpo.push(p, tpr, fpr, divided=False).item() == pytest.approx(force / (1 - 1 / size))
    s = p * tpr + (1 - p) * fpr
    assert grpo.push(p, tpr, fpr).item() == pytest.approx(force / (1 - 1 / size) / np.sqrt(s * (1 - s)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=5), st.floats(-3, 3), st.integers(1, 4), st.booleans())
def test_the_fit_finds_the_step(rates, step, rounds, divided):
    later = grpo.advance(rates, step, 0.9, 0.2, rounds, divided=divided)[-1].mean().item()
    found = grpo.fitted_step(rates, later, 0.9, 0.2, rounds=rounds, divided=divided)
    again = grpo.advance(rates, found, 0.9, 0.2, rounds, divided=divided)[-1].mean().item()
    assert again == pytest.approx(later, abs=1e-7)


def test_rounding_does_not_carry_a_pass_rate_past_one():
    rates = np.linspace(0.05, 0.95, 2001)
    assert (grpo.advance(rates, 1000.0, 0.9, 0.2, 3) <= 1.0).all()


def test_a_verifier_below_chance_leads_away():
    assert grpo.advance(0.5, 1.0, 0.2, 0.6, 3)[-1] < 0.5
    assert grpo.fitted_step(0.5, 0.4, 0.2, 0.6) > 0
    assert grpo.fitted_step(0.5, 0.4, 0.6, 0.2) < 0


def test_ends_stay_where_they_are():
    assert grpo.advance([0.0, 1.0], 5.0, 1.0, 0.0, 4)[-1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: grpo.fitted_step(0.5, 0.6, 0.9, 0.2, rounds=0), "two logged rounds"),
        (lambda: grpo.fitted_step(0.5, 0.6, 0.5, 0.5), "no direction"),
        (lambda: grpo.fitted_step(0.0, 0.6, 0.9, 0.2), "no step"),
        (lambda: grpo.advance(0.5, float("nan"), 0.9, 0.2, 2), "a number"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
