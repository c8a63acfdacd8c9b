"""Beliefs in worlds with known rates: coverage, the fitted prior, its correction of stated rates, trust, the push."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from freshbits.remedies.allocation.batch import allocate
from freshbits.remedies.allocation.belief import Belief
from freshbits.remedies.allocation.hierarchy import sigmoid
from freshbits.remedies.allocation.shared import Shared
from freshbits.remedies.allocation.track import Track

STILL = {"kept": 1.0, "kept_asked": 1.0}


def asked(belief, rates, rng, steps, count=20, group=8):
    for step in range(steps):
        chosen = allocate(belief, count * group, group=group, turns=True, seed=step).index
        belief = belief.observe(chosen, rng.binomial(group, rates[chosen]), np.full(len(chosen), group)).moved()
    return belief


def covered(belief, rates):
    low, high = beta.ppf(0.05, belief.a, belief.b), beta.ppf(0.95, belief.a, belief.b)
    return ((low <= rates) & (rates <= high)).mean()


@pytest.mark.parametrize("spread", [1.0, 2.0, 3.0])
def test_intervals_of_a_fitted_belief_cover_though_prompts_are_chosen_by_it(spread):
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rates = sigmoid(rng.normal(-1.0, spread, 800))
        belief = asked(Belief.stated(np.full(800, 0.5), worth=1.0, **STILL), rates, rng, steps=60)
        found.append(covered(belief, rates))
    assert np.mean(found) == pytest.approx(0.9, abs=0.035)


@pytest.mark.parametrize("shape", [(0.4, 0.8), (2.0, 2.0), (0.3, 2.0)])
def test_where_logits_are_not_normal_the_expected_variance_is_still_the_one_that_is_seen(shape):
    """Scores are what prompts are chosen by: over fifths of the prompts, by score, they agree with the truth."""
    rng = np.random.default_rng(11)
    rates = np.clip(rng.beta(*shape, 2000), 1e-6, 1 - 1e-6)
    belief = asked(Belief.stated(np.full(2000, 0.5), worth=1.0, **STILL), rates, rng, steps=90)
    some = np.argsort(belief.now.mixed)
    for fifth in np.array_split(some, 5):
        true = (rates * (1 - rates))[fifth]
        assert belief.now.mixed[fifth].mean() == pytest.approx(true.mean(), abs=0.012 + 4 * true.std() / 20)


def test_the_prior_finds_mean_and_worth_of_the_world():
    rng = np.random.default_rng(5)
    rates = sigmoid(rng.normal(-1.5, 2.0, 2000))
    belief = asked(Belief.stated(np.full(2000, 0.5), worth=2.0, **STILL), rates, rng, steps=80)
    assert belief.prior_mean[0] == pytest.approx(rates.mean(), abs=0.02)
    assert belief.prior.intercept == pytest.approx(-1.5, abs=0.2)
    assert belief.prior.variance == pytest.approx(4.0, rel=0.2)


def test_stated_rates_that_say_nothing_are_not_heard_and_good_ones_are():
    rng = np.random.default_rng(6)
    logits = rng.normal(-0.5, 1.5, 1500)
    rates = sigmoid(logits)
    lots = asked(Belief.stated(rng.permutation(rates), **STILL), rates, rng, steps=60)
    good = asked(Belief.stated(sigmoid(logits + rng.normal(0, 0.5, 1500)), **STILL), rates, rng, steps=60)
    assert lots.prior.slope < 0.2
    assert good.prior.slope > 0.6
    assert good.prior.worth > 3 * lots.prior.worth


def test_the_prior_stays_that_of_all_prompts_though_only_mixed_ones_are_asked_again():
    rng = np.random.default_rng(13)
    rates = sigmoid(rng.normal(-1.5, 2.5, 400))
    belief = Belief.flat(400)
    for step in range(250):
        chosen = allocate(belief, 128, sharpness=4, turns=True, seed=step).index
        belief = belief.observe(chosen, rng.binomial(8, rates[chosen]), np.full(len(chosen), 8)).moved()
    assert belief.prior.intercept == pytest.approx(-1.5, abs=0.4)
    assert belief.prior.variance == pytest.approx(2.5**2, rel=0.3)


@pytest.mark.parametrize(("push", "drift"), [(0.0, 0.0), (2.0, 0.0), (1.0, 0.03)])
def test_how_far_prompts_move_is_learned(push, drift):
    rng = np.random.default_rng(7)
    logits = rng.normal(-1.5, 1.5, 400)
    belief = Belief.flat(400)
    for step in range(60):
        chosen = allocate(belief, 320, turns=True, seed=step).index
        passed = rng.binomial(8, sigmoid(logits[chosen]))
        belief = belief.observe(chosen, passed, np.full(len(chosen), 8)).moved()
        logits[chosen] += push * 4 * (passed / 8) * (1 - passed / 8)
        logits += drift
    assert belief.moves.push == pytest.approx(push, abs=0.45)
    assert belief.moves.drift == pytest.approx(drift, abs=0.04)  # a linearised filter: it leans upwards


def test_nothing_is_thought_to_move_where_the_policy_stays_as_it_is():
    rng = np.random.default_rng(12)
    belief = asked(Belief.stated(np.full(60, 0.5), **STILL), rng.uniform(size=60), rng, steps=20)
    assert (belief.moves.push, belief.moves.drift) == (0.0, 0.0)


def test_what_was_stated_before_a_prompt_was_asked_is_what_the_prior_is_fitted_to():
    belief = Belief.stated([0.2, 0.2]).observe([0], [8], [8]).informed([0.95, 0.3])
    assert sigmoid(belief.first_stated) == pytest.approx([0.2, 0.2])
    assert belief.moved().prior.intercept > 0.1  # 8 of 8 where .2 was stated; that .95 is stated now says nothing


def test_a_belief_of_a_policy_that_stays_is_a_beta():
    from dataclasses import replace

    belief = replace(Belief.stated([0.2, 0.5]), worth=4.0).observe([0], [3], [8])
    assert belief.a == pytest.approx([0.8 + 3, 2.0])
    assert belief.b == pytest.approx([3.2 + 5, 2.0])


def test_trust_falls_where_the_belief_foretells_nothing():
    rng = np.random.default_rng(8)
    expected = rng.uniform(0.02, 0.25, 400)
    share = (1 - np.sqrt(1 - 4 * expected)) / 2
    told = Track().batch(expected, rng.binomial(8, share).astype(float), np.full(400, 8.0))
    lots = Track().batch(expected, rng.binomial(8, rng.permutation(share)).astype(float), np.full(400, 8.0))
    assert told.trust > 0.7
    assert lots.trust < 0.4
    assert Track().batch(expected, np.zeros(400), np.ones(400)).trust == 1.0  # groups of one show nothing


def test_without_a_difference_everything_is_asked_equally_often():
    rng = np.random.default_rng(9)
    rates, counts = np.full(60, 0.4), np.zeros(60)
    belief = Belief.flat(60)
    for step in range(60):
        chosen = allocate(belief, 80, turns=True, seed=step).index
        counts[chosen] += 1
        belief = belief.observe(chosen, rng.binomial(8, rates[chosen]), np.full(10, 8)).moved()
    assert counts.mean() == 10
    assert counts.min() >= 4
    assert counts.max() <= 16


def test_features_are_followed_while_the_policy_learns():
    rng = np.random.default_rng(10)
    kinds = np.repeat(np.eye(4), 100, axis=0)
    levels = np.array([-3.0, -1.0, 1.0, 3.0])
    shared = Shared.of(kinds, start=4.0, wander=0.01, apart=0.5)
    for _ in range(80):
        levels = levels + 0.03
        chosen = rng.choice(400, 20, replace=False)
        shared = shared.observe(chosen, rng.binomial(8, sigmoid(kinds[chosen] @ levels)), np.full(20, 8)).moved()
    assert shared.rates()[[0, 100, 200, 300]] == pytest.approx(sigmoid(levels), abs=0.08)
