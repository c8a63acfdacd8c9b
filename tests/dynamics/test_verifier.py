"""The verifier's numbers against tables and exact moments."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.dynamics import verifier
from freshbits.errors import OutOfRegimeError
from freshbits.information.entropy import mutual_information

SHARE = st.floats(0, 1)


@given(SHARE, SHARE, SHARE)
def test_bits_are_the_mutual_information_of_the_channel(p, tpr, fpr):
    joint = [[p * tpr, p * (1 - tpr)], [(1 - p) * fpr, (1 - p) * (1 - fpr)]]
    assert verifier.bits(p, tpr, fpr).item() == pytest.approx(mutual_information(joint), abs=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.01, 1), st.floats(0.01, 1))
def test_filtering_multiplies_the_odds_by_the_likelihood_ratio(p, tpr, fpr):
    ppv = verifier.precision(p, tpr, fpr).item()
    odds = p / (1 - p) * verifier.likelihood_ratio(tpr, fpr).item()
    assert ppv == pytest.approx(odds / (1 + odds))
    assert verifier.offline_gain(p, tpr, fpr).item() == ppv


def test_the_two_thresholds_differ():
    assert verifier.helps_online(0.6, 0.5)
    assert not verifier.helps_offline(0.3, 0.6, 0.5)
    assert verifier.helps_offline(0.9, 0.5, 0.6)
    assert not verifier.helps_online(0.5, 0.6)


@pytest.mark.parametrize(("p", "tpr", "fpr"), [(0.5, 0.9, 0.1), (0.1, 0.7, 0.0), (0.8, 0.6, 0.5)])
def test_time_and_samples_follow_from_the_moments_of_one_rollout(p, tpr, fpr):
    """Signal: covariance of verdict and truth. Noise: variance of the verdict in a direction it does not know."""

    def moments(tpr, fpr):
        rows = []
        for right, accepted in itertools.product((0, 1), repeat=2):
            rate = tpr if right else fpr
            rows.append(((p if right else 1 - p) * (rate if accepted else 1 - rate), right, accepted))
        s = sum(mass * accepted for mass, _, accepted in rows)
        signal = sum(mass * (accepted - s) * (right - p) for mass, right, accepted in rows)
        return signal, sum(mass * (accepted - s) ** 2 for mass, _, accepted in rows)

    clean, noisy = moments(1.0, 0.0), moments(tpr, fpr)
    assert verifier.relative_time(tpr, fpr).item() == pytest.approx(clean[0] / noisy[0])
    needed = (noisy[1] / noisy[0] ** 2) / (clean[1] / clean[0] ** 2)
    assert verifier.relative_samples(tpr, fpr, p).item() == pytest.approx(needed)
    assert verifier.relative_samples(tpr, fpr).item() == pytest.approx(1 / (tpr - fpr) ** 2)


def test_a_verifier_that_says_nothing_needs_for_ever():
    assert np.isinf(verifier.relative_time(0.4, 0.4))
    assert np.isnan(verifier.precision(0.0, 0.5, 0.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: verifier.likelihood_ratio(0.0, 0.0), "no likelihood ratio"),
        (lambda: verifier.relative_time(0.3, 0.4), "away"),
        (lambda: verifier.relative_samples(0.9, 0.1, 1.0), "no signal"),
        (lambda: verifier.youden(1.1, 0.4), "between 0 and 1"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
