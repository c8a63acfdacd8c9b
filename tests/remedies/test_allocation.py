"""Rules in closed form, what an allocation spends, two waves, and what is kept of a belief."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.errors import InputError, OutOfRegimeError
from freshbits.remedies.allocation.batch import allocate, drawn, sizes, weighed
from freshbits.remedies.allocation.belief import Belief
from freshbits.remedies.allocation.rules import (
    expected_bits,
    expected_variance,
    information,
    mixed,
    plug_in,
    through,
)
from freshbits.remedies.allocation.sequential import follow, pilot
from freshbits.remedies.allocation.track import Track
from freshbits.remedies.chosen import choose

PARAMETER = st.floats(0.05, 50.0)


@pytest.fixture(scope="module")
def rates():
    return np.random.default_rng(0).beta(0.7, 2.2, 400_000)


def test_expected_values_are_those_of_draws_from_the_beta(rates):
    entropy = -(rates * np.log2(rates) + (1 - rates) * np.log2(1 - rates))
    assert expected_variance(0.7, 2.2) == pytest.approx((rates * (1 - rates)).mean(), abs=5e-4)
    assert expected_bits(0.7, 2.2) == pytest.approx(np.nan_to_num(entropy).mean(), abs=2e-3)
    assert mixed(0.7, 2.2, 8) == pytest.approx((1 - rates**8 - (1 - rates) ** 8).mean(), abs=2e-3)
    mean = 0.7 / 2.9
    whole = -(mean * np.log2(mean) + (1 - mean) * np.log2(1 - mean))
    assert information(0.7, 2.2) == pytest.approx(whole - np.nan_to_num(entropy).mean(), abs=2e-3)


@given(PARAMETER, PARAMETER)
def test_a_group_of_two_is_mixed_twice_as_often_as_the_expected_variance(a, b):
    assert mixed(a, b, 2) == pytest.approx(2 * expected_variance(a, b), abs=1e-9)


@given(PARAMETER, PARAMETER, st.floats(1.01, 20.0))
def test_more_evidence_of_the_same_mean_is_worth_more_and_tells_less(a, b, more):
    assert expected_variance(more * a, more * b) > expected_variance(a, b)
    assert plug_in(more * a, more * b) == pytest.approx(plug_in(a, b))
    assert information(more * a, more * b) <= information(a, b) + 1e-9


@given(st.integers(2, 40), st.floats(0.1, 10.0))
def test_of_equal_evidence_the_order_is_that_of_the_plug_in(count, worth):
    means = np.random.default_rng(count).uniform(0.01, 0.99, count)
    a, b = worth * means, worth * (1 - means)
    assert np.allclose(expected_variance(a, b), plug_in(a, b) * worth / (worth + 1))


def test_a_verifier_that_errs_is_seen_through():
    p = np.random.default_rng(1).beta(40, 60, 300_000)
    accepted = 0.1 + 0.8 * p
    mean, variance = accepted.mean(), accepted.var()
    worth = mean * (1 - mean) / variance - 1  # the Beta with these moments
    score = through(0.9, 0.1)(np.array(worth * mean), np.array(worth * (1 - mean)))
    assert score == pytest.approx((p * (1 - p)).mean(), abs=1e-3)
    assert through(1.0, 0.0)(np.array(3.0), np.array(5.0)) == pytest.approx(expected_variance(3.0, 5.0))


@pytest.mark.parametrize(("tpr", "fpr"), [(0.5, 0.5), (0.2, 0.4), (1.2, 0.1), (0.5, -0.1)])
def test_a_verifier_that_tells_nothing_has_no_rule(tpr, fpr):
    with pytest.raises(OutOfRegimeError):
        through(tpr, fpr)


@given(st.integers(2, 500), st.integers(2, 17), st.integers(1, 60), st.booleans(), st.integers(0, 99))
def test_a_budget_is_spent_to_the_last_call(budget, group, prompts, turns, seed):
    belief = Belief.flat(prompts).observe([0], [1], [3]).moved()
    found = allocate(belief, budget, group=group, turns=turns, seed=seed)
    again = allocate(belief, budget, group=group, turns=turns, seed=seed)
    assert found.calls == budget
    if budget < group * prompts or (turns and budget < 2 * group * prompts):
        assert found.rollouts.min() >= min(group, budget)
        assert np.ptp(found.rollouts) <= 1
    assert found.rollouts.min() >= 2
    assert len(set(found.index.tolist())) == len(found.index)
    assert found.index.tolist() == again.index.tolist()


def test_a_budget_for_everyone_goes_where_the_variance_is():
    asked = sizes(np.array([0.0, 0.25, 0.09, 0.0]), 64, 8, 2.0)
    assert asked.sum() == 64
    assert asked[1] > asked[2] > max(asked[0], asked[3]) >= 2
    assert sizes(np.full(5, 0.2), 100, 8, 2.0).tolist() == [20] * 5  # nothing tells them apart
    assert sizes(np.array([0.25, 0.0, 0.0]), 240, 8, 2.0)[0] == 80  # never more than an even share or eight groups


def test_barred_prompts_are_not_asked():
    barred = [0, 3, 4]
    found = allocate(Belief.flat(6), 800, barred=barred, seed=1)
    assert sorted(found.index.tolist()) == [1, 2, 5]
    with pytest.raises(InputError, match="every prompt is barred"):
        allocate(Belief.flat(2), 8, barred=[0, 1])


@pytest.mark.parametrize("wrong", [{"budget": 1}, {"budget": 8, "group": 1}, {"budget": 8, "sharpness": -1.0}])
def test_what_compares_nothing_is_refused(wrong):
    with pytest.raises(InputError):
        allocate(Belief.flat(3), **wrong)


def test_draws_are_in_proportion_to_the_score():
    score = np.array([0.05, 0.1, 0.2, 0.0])
    counts = np.bincount([drawn(score, 1, 1.0, seed)[0] for seed in range(7000)], minlength=4) / 7000
    assert counts == pytest.approx([1 / 7, 2 / 7, 4 / 7, 0], abs=0.02)


def test_prompts_take_turns_in_proportion_to_the_score_and_equals_one_after_the_other():
    score, waited, counts = np.linspace(0.05, 0.25, 40), np.ones(40), np.zeros(40)
    for step in range(4000):
        chosen = drawn(score, 1, 1.0, step, waited)
        counts[chosen] += 1
        waited += 1
        waited[chosen] = 1
    assert counts / 4000 == pytest.approx(score / score.sum(), rel=0.2)  # waits are whole steps
    belief, order = Belief.flat(12), []
    for step in range(6):
        found = allocate(belief, 16, sharpness=0, turns=True, seed=step)
        order += found.index.tolist()
        belief = belief.observe(found.index, [4, 4], [8, 8]).moved()
    assert sorted(order[:12]) == list(range(12))


def test_the_second_wave_goes_where_pairs_were_mixed():
    belief = Belief.flat(200, worth=1.0)
    first = pilot(belief, 64, share=0.5, seed=3)
    assert first.rollouts.tolist() == [2] * 16
    passed = np.arange(16) % 3
    second = follow(belief.observe(first.index, passed, first.rollouts), 64 - first.calls, sharpness=np.inf)
    assert first.calls + second.calls == 64
    assert set(second.index.tolist()) <= set(first.index[passed == 1].tolist())


def test_beliefs_refuse_what_cannot_be():
    belief = Belief.flat(3)
    for index, passed, asked in (([0, 0], [1, 1], [2, 2]), ([3], [1], [2]), ([0], [3], [2]), ([0], [np.nan], [2])):
        with pytest.raises(InputError):
            belief.observe(index, passed, asked)
    with pytest.raises(InputError, match="from 0 to 1"):
        Belief.stated([0.5, 1.5])
    with pytest.raises(InputError, match="one rate per prompt"):
        belief.informed([0.5])


def test_unscored_groups_change_nothing():
    belief = Belief.flat(3).observe([1], [2], [8])
    assert belief.observe([0, 2], [0, 0], [0, 0]).to_json() == belief.to_json()


def test_information_counts_where_prompts_come_again():
    belief = Belief.flat(3, fits=False, worth=1.0).observe([0, 1, 2], [400, 40, 4], [800, 80, 8])
    belief = replace(belief, track=Track())  # as if nothing had been foretold: trusted as it is
    score, everyone = expected_variance(belief.a, belief.b), np.ones(3, dtype=bool)
    assert weighed(belief, score, everyone, 0.0) == pytest.approx(score)
    told = weighed(belief, score, everyone, 0.5)
    assert told == pytest.approx(score * np.sqrt(information(belief.a, belief.b)), rel=1e-12)
    assert np.argmax(score) == 0  # what is known to be mixed is worth most now
    assert np.argmax(told) == 2  # what is hardly known, where it is asked again


def test_chances_are_those_of_the_draw_with_information():
    belief = Belief.flat(6, fits=False).observe([0, 1, 2, 3], [1, 8, 4, 40], [8, 80, 8, 80])
    asked, said = np.zeros(6), np.zeros(6)
    for seed in range(4000):
        chosen = choose(belief, 16, sharpness=1.0, explore=0.5, seed=seed)
        asked[chosen.index] += 1
        said[chosen.index] = chosen.probability
    assert asked / 4000 == pytest.approx(said, abs=0.03)
