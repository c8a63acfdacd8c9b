"""Variety in closed loops against every state of small loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.dynamics import drift
from freshbits.errors import OutOfRegimeError

START = (0.5, 0.3, 0.2)


def variety(p):
    return 1 - sum(share**2 for share in p)


@pytest.mark.parametrize("rows", [1, 2, 5, 8])
def test_replacing_is_exact(exact, mean, rows):
    laws = exact.run(START, exact.kept(rows), 5)
    found = [mean(law, variety) for law in laws]
    assert drift.replace(variety(START), rows, np.arange(6)) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("before", [0.0, 3.0])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_accumulating_is_exact(exact, mean, rows, before):
    def step(p, t):
        pool = before + rows * (t - 1)
        for counts, mass in exact.spread(rows, p):
            yield tuple((pool * share + k) / (pool + rows) for share, k in zip(p, counts, strict=True)), mass

    found = [mean(law, variety) for law in exact.run(START, step, 4)]
    assert drift.accumulate(variety(START), rows, 4, before=before) == pytest.approx(found, abs=1e-9)


def test_half_life_halves():
    rows = np.array([2.0, 7.5, 300.0])
    assert (1 - 1 / rows) ** drift.half_life(rows) == pytest.approx(0.5)


@pytest.mark.parametrize("before", [0.0, 0.5, 20.0, 3000.0])
@pytest.mark.parametrize("rows", [2, 9])
def test_the_limit_of_accumulating_is_the_end_of_the_product(rows, before):
    far = drift.accumulate(1.0, rows, 200_000, before=before)[-1]
    assert drift.accumulate_limit(rows, before=before).item() == pytest.approx(far.item(), rel=2e-5)


def test_shapes_broadcast():
    assert drift.replace(np.full((4, 1), 0.5), [2, 3], 1).shape == (4, 2)
    assert drift.accumulate(np.full((4, 1), 0.5), [2, 3], 6).shape == (7, 4, 2)


@given(st.floats(0, 1), st.floats(1, 1e6), st.integers(0, 200))
def test_variety_falls_and_keeping_old_rows_loses_less(start, rows, rounds):
    replaced, kept = drift.replace(start, rows, rounds), drift.accumulate(start, rows, rounds)
    assert 0 <= replaced <= kept[-1] + 1e-12
    assert (np.diff(kept) <= 1e-12).all()
    assert kept[-1] <= start + 1e-12


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: drift.replace(0.5, 0.5, 1), "at least one"),
        (lambda: drift.replace(1.2, 5, 1), "between 0 and 1"),
        (lambda: drift.replace(0.5, 5, -1), "rounds"),
        (lambda: drift.replace(0.5, float("nan"), 1), "at least one"),
        (lambda: drift.accumulate(0.5, 5, 3, before=-1), "fewer than none"),
        (lambda: drift.accumulate_limit(5, before=-1), "fewer than none"),
    ],
)
def test_outside_the_regime_there_is_a_sentence(call, words):
    with pytest.raises(OutOfRegimeError, match=words):
        call()
