"""The shortcut: its round against two replicators, its probability against every state of a small loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.dynamics import onset
from freshbits.errors import OutOfRegimeError


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.floats(0.05, 0.95), st.floats(0, 1))
def test_at_the_onset_both_shares_are_equal(right, shortcut, tpr, accepted):
    at = onset.onset_round(right, shortcut, tpr, accepted).item()
    if accepted <= tpr:
        assert np.isinf(at)
    elif shortcut >= right:
        assert at == 0
    elif accepted / tpr > 1.001:
        assert np.log(right) + at * np.log(tpr) == pytest.approx(np.log(shortcut) + at * np.log(accepted))


@pytest.mark.parametrize(("rows", "tpr", "fpr"), [(6, 0.2, 0.1), (5, 0.1, 0.4), (8, 0.3, 0.2)])
def test_the_probability_is_that_of_the_enumerated_loop(exact, mean, rows, tpr, fpr):
    accept = np.array([tpr, 1.0, fpr])

    def accepted(p):
        weights = np.array(p) * accept
        return tuple(weights / weights.sum())

    for start in ((0.3, 0.1, 0.6), (0.7, 0.05, 0.25)):
        last = exact.run(start, exact.kept(rows, accepted), 25)[-1]
        won = mean(last, lambda p: p[1])
        law = onset.onset_probability(start[0], start[1], tpr, 1.0, fpr, rows).item()
        assert law == pytest.approx(won, rel=0.06)


def test_more_rows_and_more_shortcut_make_it_surer():
    by_rows = onset.onset_probability(0.4, 0.02, 0.8, 1.0, 0.3, [32, 64, 128, 100_000])
    by_share = onset.onset_probability(0.4, [0.0, 0.01, 0.1, 0.5], 0.8, 1.0, 0.3, 64)
    assert (np.diff(by_rows) > 0).all()
    assert by_rows[-1] == pytest.approx(1.0)
    assert by_share[0] == 0
    assert (np.diff(by_share) > 0).all()
    assert onset.onset_probability(0.4, 0.2, 0.9, 0.8, 0.3, 64) == 0


def test_without_right_answers_growth_is_constant():
    # h/b = 2 for ever: one line lasts with probability 1 - e^{-c}, 1 - e^{-c} = c/2.
    law = onset.onset_probability(0.0, 0.01, 0.5, 1.0, 0.5, 50).item()
    assert law == pytest.approx(1 - (1 - 0.01 / 0.505 * 0.796812) ** 50, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: onset.onset_round(0.7, 0.5, 0.5, 1.0), "exclude each other"),
        (lambda: onset.onset_probability(0.2, 0.1, 0.9, 0.95, 0.1, 16), "so few rows"),
        (lambda: onset.onset_probability(0.2, 0.1, 0.5, 0.8, 0.9, 500), "more often than other"),
        (lambda: onset.onset_round(0.2, 0.1, 1.5, 1.0), "between 0 and 1"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
