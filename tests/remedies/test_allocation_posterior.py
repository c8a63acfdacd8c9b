"""Posteriors against integrals on a fine grid, the prior against its own world, the rule for divided advantages."""

import numpy as np
import pytest

from freshbits.remedies.allocation.hierarchy import Prior, refitted, variance_of
from freshbits.remedies.allocation.moves import Moves
from freshbits.remedies.allocation.posterior import conjugate, posterior, sigmoid
from freshbits.remedies.allocation.rules import expected_deviation, expected_variance


@pytest.mark.parametrize("seed", range(6))
def test_moments_are_those_of_the_integral(seed):
    rng = np.random.default_rng(seed)
    mean, variance = rng.normal(-1, 3, 40), float(rng.uniform(0.2, 20))
    asked = rng.choice([0.0, 2.0, 8.0, 60.0], 40)
    yes = rng.binomial(asked.astype(int), 0.3).astype(float)
    offset = rng.normal(0, 3, 40)
    found = posterior(mean, variance, yes, asked - yes, offset)
    grid = np.linspace(-60, 60, 40_001)
    for n in range(40):
        was = grid - offset[n]
        log = -((grid - mean[n]) ** 2) / (2 * variance) + yes[n] * was - asked[n] * np.logaddexp(0, was)
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        p = 1 / (1 + np.exp(-grid))
        expected = weight @ grid
        close = 1e-3 if variance < 9 else 6e-3
        assert found.rate[n] == pytest.approx(weight @ p, abs=close)
        assert found.mixed[n] == pytest.approx(weight @ (p * (1 - p)), abs=close)
        assert found.logit[n] == pytest.approx(expected, abs=0.03)
        assert found.variance[n] == pytest.approx(weight @ (grid - expected) ** 2, rel=0.03)


def test_large_pools_are_read_off_a_table_to_the_same_figures():
    rng = np.random.default_rng(3)
    mean, yes = rng.normal(-1, 2, 12_000), np.zeros(12_000)
    yes[:1000] = 3.0
    whole = posterior(mean, 4.0, yes, yes, 0.5)
    for part in (slice(0, 1000), slice(1000, 3000)):
        alone = posterior(mean[part], 4.0, yes[part], yes[part], 0.5)
        for name in ("rate", "mixed", "logit", "variance"):
            assert getattr(whole, name)[part] == pytest.approx(getattr(alone, name), abs=1e-4)


def test_the_beta_of_a_posterior_has_its_expected_variance():
    found = posterior(np.array([-2.0, 0.5]), 4.0, np.array([0.0, 3.0]), np.array([8.0, 5.0]))
    a, b = found.rate * found.worth, (1 - found.rate) * found.worth
    assert expected_variance(a, b) == pytest.approx(found.mixed)
    assert conjugate(a, b).mixed == pytest.approx(found.mixed)


def test_a_stated_rate_is_drawn_in_or_sharpened_as_prompts_show():
    rng = np.random.default_rng(0)
    for told, true in ((1.0, 0.5), (0.5, 1.0)):  # logits that are stated, and those that are true, in the same units
        logits = rng.normal(0, 2, 1500)
        passed = rng.binomial(8, sigmoid(true * logits + rng.normal(0, 1, 1500))).astype(float)
        prior = Prior(0.0, 1.0, variance_of(2.0))
        for _ in range(100):
            prior = refitted(prior, told * logits, passed, 8 - passed)
        assert prior.slope == pytest.approx(true / told, rel=0.08)
        assert prior.variance == pytest.approx(1.0, rel=0.15)


def test_the_rule_for_divided_advantages_is_the_expected_deviation():
    rng = np.random.default_rng(1)
    p = rng.beta(0.7, 2.5, 400_000)
    assert expected_deviation(0.7, 2.5) == pytest.approx(np.sqrt(p * (1 - p)).mean(), abs=1e-3)


def test_moves_are_kept_in_bounds_and_nothing_is_learned_from_nothing():
    none = np.zeros(0)
    now = posterior(np.zeros(1), 1.0, np.zeros(1), np.zeros(1))
    assert Moves().learned(now, np.zeros(0, dtype=np.int64), none, none, none, none) == Moves()
    assert Moves(push=20.0).of(np.array([9.0]), np.array([0.0])).tolist() == [20.0]
