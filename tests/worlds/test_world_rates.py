import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from freshbits.errors import InputError
from freshbits.worlds.rates import Atoms, Beta, LogitNormal, Mixture, bimodal
from freshbits.worlds.sizes import Choice, Fixed, log_uniform


def h(p):
    return (special.entr(p) + special.entr(1 - p)) / math.log(2)


def beta_entropy(a, b):
    """E h(p) in bits for p ~ Beta(a, b): E[p ln p] = a/(a+b) (ψ(a+1) - ψ(a+b+1))."""
    total = special.digamma(a + b + 1)
    mean = a / (a + b)
    parts = mean * (special.digamma(a + 1) - total) + (1 - mean) * (special.digamma(b + 1) - total)
    return -parts / math.log(2)


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, 1), (0.05, 0.05), (0.3, 2), (0.9, 1.6), (8, 3), (120, 40), (900, 900), (3000, 12), (0.05, 5)],
)
def test_expected_entropy_of_a_beta_is_exact(a, b):
    assert Beta(a, b).expect(h) == pytest.approx(beta_entropy(a, b), abs=1e-9)
    rates, weights = Beta(a, b).few(24)
    error = 1e-12 if a + b < 800 else 1e-4
    assert weights @ rates == pytest.approx(a / (a + b), abs=error)
    assert weights @ rates**2 == pytest.approx(a * (a + 1) / (a + b) / (a + b + 1), abs=error)


def test_uniform_rates_carry_one_over_two_ln_two_bits():
    assert Beta(1, 1).expect(h) == pytest.approx(0.721347520444, abs=1e-11)


@pytest.mark.parametrize("rates", [Beta(0.4, 2.0), LogitNormal(-1.0, 2.5), bimodal(0.2, 0.7, 0.3)])
def test_jumps_are_exact_where_they_are_named(rates):
    below = rates.expect(lambda p: (p < 0.37).astype(float), breaks=(0.37,))
    if isinstance(rates, Beta):
        expected = stats.beta.cdf(0.37, rates.a, rates.b)
    elif isinstance(rates, LogitNormal):
        expected = stats.norm.cdf((special.logit(0.37) + 1.0) / 2.5)
    else:
        expected = 0.3 * stats.beta.cdf(0.37, 6, 24) + 0.7 * stats.beta.cdf(0.37, 21, 9)
    assert below == pytest.approx(expected, abs=1e-10)


def test_logit_normal_agrees_with_adaptive_integration():
    def density(z):
        return h(special.expit(0.5 + 2.5 * z)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    expected = integrate.quad(density, -12, 12, epsabs=1e-12, limit=200)[0]
    assert LogitNormal(0.5, 2.5).expect(h) == pytest.approx(expected, abs=1e-10)
    rates, weights = LogitNormal(0.5, 2.5).few(40)
    assert weights @ h(rates) == pytest.approx(expected, abs=1e-3)


def test_atoms_and_mixtures_weigh_their_parts():
    mixed = Mixture([(0.35, Atoms([(0.0, 1)])), (0.25, Atoms([(1.0, 1)])), (0.4, Beta(1, 1))])
    assert mixed.expect(h) == pytest.approx(0.4 / (2 * math.log(2)), abs=1e-10)
    assert mixed.expect(lambda p: (p == 0).astype(float)) == pytest.approx(0.35, abs=1e-12)
    assert Atoms([(0.1, 1), (0.9, 3)]).expect(lambda p: p) == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize(
    "rates",
    [
        Beta(0.5, 2),
        LogitNormal(0, 1),
        Atoms([(0.2, 1), (0.6, 2)]),
        bimodal(0.1, 0.8),
        Mixture([(1.0, Beta(2, 2))]),
    ],
)
def test_draws_follow_the_distribution_and_do_not_depend_on_their_number(rates):
    drawn = rates.draw(np.random.default_rng(3), 40_000)
    mean, second = rates.expect(lambda p: p), rates.expect(lambda p: p**2)
    error = math.sqrt((second - mean**2) / drawn.size)
    assert abs(drawn.mean() - mean) < 4 * error
    assert np.array_equal(rates.draw(np.random.default_rng(3), 7), drawn[:7])


def test_sizes_are_log_uniform():
    sizes, weights = log_uniform(2, 64).support()
    assert weights.sum() == pytest.approx(1)
    assert weights[(sizes >= 2) & (sizes < 8)].sum() == pytest.approx(math.log(8 / 2) / math.log(65 / 2))
    drawn = log_uniform(2, 64).draw(np.random.default_rng(0), 20_000)
    assert drawn.min() == 2
    assert drawn.max() == 64
    error = math.sqrt(weights @ sizes**2 - (weights @ sizes) ** 2) / math.sqrt(drawn.size)
    assert abs(drawn.mean() - weights @ sizes) < 4 * error


@pytest.mark.parametrize(
    "make",
    [
        lambda: Beta(0.01, 1),
        lambda: LogitNormal(0, 0),
        lambda: Atoms([(1.2, 1)]),
        lambda: Atoms([]),
        lambda: Mixture([(0.0, Beta(1, 1))]),
        lambda: Fixed(0),
        lambda: Choice(((0, 1.0),)),
    ],
)
def test_impossible_distributions_are_refused(make):
    with pytest.raises(InputError):
        make()
