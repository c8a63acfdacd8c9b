"""Loops with fresh rows against every state of small loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.dynamics import fresh
from freshbits.errors import OutOfRegimeError

START, SOURCE = (0.5, 0.3, 0.2), (0.1, 0.1, 0.8)


def variety(p):
    return 1 - sum(share**2 for share in p)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("rows", [1, 4, 7])
def test_a_share_of_fresh_rows_is_exact(exact, mean, rows, share):
    def mixed(p):
        return tuple((1 - share) * own + share * new for own, new in zip(p, SOURCE, strict=True))

    found = [mean(law, variety) for law in exact.run(START, exact.kept(rows, mixed), 5)]
    assert fresh.fresh(START, SOURCE, rows, share, 5) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("new_rows", [1, 2, 5])
def test_a_number_of_fresh_rows_is_exact(exact, mean, new_rows):
    rows = 5

    def step(p, t):
        for own, mass in exact.spread(rows - new_rows, p):
            for new, more in exact.spread(new_rows, SOURCE):
                yield tuple((a + b) / rows for a, b in zip(own, new, strict=True)), mass * more

    found = [mean(law, variety) for law in exact.run(START, step, 4)]
    assert fresh.fresh(START, SOURCE, rows, new_rows / rows, 4, counted=True) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize(("rows", "share"), [(2, 0.3), (30, 0.01), (500, 0.05)])
def test_the_limit_is_where_the_recursion_ends_wherever_it_starts(rows, share):
    ends = fresh.fresh([START, SOURCE], [SOURCE, SOURCE], rows, share, 3000)[-1] / variety(SOURCE)
    assert ends == pytest.approx(fresh.fresh_limit(rows, share).item(), abs=1e-9)


def test_the_number_of_fresh_rows_is_what_counts():
    shares = np.array([0.001, 0.01, 0.1, 0.5])
    for rows in (32, 200, 3200):
        exact = fresh.fresh_limit(rows, shares)
        assert fresh.retained(rows * shares) == pytest.approx(exact, rel=0.05)
    assert fresh.retained(8 * 0.01).item() > 1.05 * fresh.fresh_limit(8, 0.01).item()  # why n = 32 is the border


@given(st.floats(0, 0.999))
def test_fresh_rows_for_a_share_give_that_share(share):
    assert fresh.retained(fresh.fresh_rows_for(share)).item() == pytest.approx(share, abs=1e-9)


@settings(max_examples=40)
@given(st.floats(1, 1e4), st.floats(0, 1), st.floats(0, 1))
def test_more_fresh_rows_keep_more(rows, one, other):
    low, high = sorted((one, other))
    assert 0 <= fresh.fresh_limit(rows, low) <= fresh.fresh_limit(rows, high) + 1e-12 <= 1 + 1e-12


def test_outside_the_regime_there_is_a_sentence():
    for call in (
        lambda: fresh.fresh(START, SOURCE, 5, 1.5, 3),
        lambda: fresh.fresh(START, (0.5, 0.1, 0.1), 5, 0.5, 3),
        lambda: fresh.retained(-1.0),
        lambda: fresh.fresh_rows_for(1.0),
    ):
        with pytest.raises(OutOfRegimeError):
            call()
