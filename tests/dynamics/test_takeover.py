"""When a paid feature has taken over: closed forms, and loops that resample."""

import numpy as np
import pytest

from freshbits.dynamics.takeover import Tracked, passes, pull, tracked
from freshbits.errors import OutOfRegimeError

ROLLOUTS, KEPT = 640, 300


def loop(rng, start, growth, rounds):
    """Returns (shares, rollouts that show it) of a feature whose odds grow by a factor among the rows kept."""
    share = [start]
    for _ in range(rounds):
        odds = share[-1] / (1 - share[-1]) * np.exp(growth)
        share.append(min(rng.binomial(KEPT, odds / (1 + odds)) / KEPT, 0.999))
    return np.array(share), rng.binomial(ROLLOUTS, share)


def passed(share, level):
    at = int(np.flatnonzero(share >= level)[0])
    odds = np.log(share / (1 - share))
    return at - 1 + (np.log(level / (1 - level)) - odds[at - 1]) / (odds[at] - odds[at - 1])


def test_the_pull_is_what_a_full_refit_adds_to_the_log_odds():
    p, w, v = 0.2, 0.9, 0.3
    after = p * w / (p * w + (1 - p) * v)
    assert np.log(after / (1 - after)) - np.log(p / (1 - p)) == pytest.approx(pull(w, v).item())
    assert pull(0.5, 0.5) == 0


def test_without_chance_growth_and_round_are_those_of_the_replicator():
    odds = np.log(0.05 / 0.95) + 0.5 * np.arange(4)
    rows = np.full(4, 10**9)
    found = tracked(rows / (1 + np.exp(-odds)), rows, rows, 0.1, 10.0)
    assert found.growth == pytest.approx(0.5, abs=1e-4)
    assert found.log_odds == pytest.approx(odds[-1], abs=1e-4)
    at, low, high = passes(found, 0.0)
    assert at == pytest.approx(-odds[0] / 0.5, abs=1e-2)
    assert high - low < 0.1


def test_from_one_round_the_growth_is_what_was_expected_and_further_rounds_correct_it():
    one = tracked([64], [640], [300], 0.3, 0.1)
    assert (one.growth, one.covariance[1, 1]) == (0.3, pytest.approx(0.01))
    four = tracked([64, 110, 175, 260], [640] * 4, [300] * 4, 0.3, 0.3)
    assert 0.4 < four.growth < 0.65
    assert four.covariance[1, 1] < 0.02


def test_nine_in_ten_loops_pass_inside_the_interval_and_the_median_error_is_small():
    rng = np.random.default_rng(7)
    inside, error = [], []
    for _ in range(400):
        growth = rng.normal(0.5, 0.1)
        share, shown = loop(rng, 0.08, growth, 40)
        if growth < 0.2 or share.max() < 0.55:
            continue
        found = tracked(shown[:3], [ROLLOUTS] * 3, [KEPT] * 3, 0.5, 0.1)
        at, low, high = passes(found, np.log(0.55 / 0.45))
        came = passed(share, 0.55)
        inside.append(low <= came <= high)
        error.append(abs(at - came) / came)
    assert len(inside) > 380
    assert 0.85 < np.mean(inside) < 0.97
    assert np.median(error) < 0.12


def test_what_does_not_grow_never_passes_and_what_has_passed_did():
    falls = Tracked(2, -2.0, -0.3, np.diag([0.01, 0.01]), 1 / 300)
    assert passes(falls, 0.0)[0] == passes(falls, 0.0)[2] == np.inf
    assert passes(Tracked(2, 0.5, 0.3, np.eye(2), 0.0), 0.0) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("shown", "rows", "spread"), [([5], [4], 0.1), ([], [], 0.1), ([1], [4], 0.0), ([-1], [4], 0.1)]
)
def test_impossible_counts_are_refused(shown, rows, spread):
    with pytest.raises(OutOfRegimeError):
        tracked(shown, rows, [10] * len(rows), 0.3, spread)
