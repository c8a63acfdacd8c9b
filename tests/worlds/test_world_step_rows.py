"""Loops drawn row by row: their chains by enumeration, and the same laws as when shares are drawn from."""

import math

import numpy as np
import pytest

from freshbits.worlds import step, step_rows
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies

ANSWERS, START = 14, 0.3
SHARES = np.array([START, *np.full(ANSWERS - 1, (1 - START) / (ANSWERS - 1))])
ACCEPT = verifier(ANSWERS, tpr=0.8, fpr=0.35)


def bent(rate, accept):
    """Returns the share of right rows among those that pass."""
    return rate * accept[0] / (rate * accept[0] + (1 - rate) * accept[1])


def next_rates(rate, loop, accept):
    """Returns the law of the next share of right rows, as {right, rows: probability}."""
    law = {}
    passed = rate * accept[0] + (1 - rate) * accept[1]
    among = bent(rate, accept)
    for rows in [loop.kept] if loop.kept else range(loop.samples + 1):
        number = (
            1.0 if loop.kept else math.comb(loop.samples, rows) * passed**rows * (1 - passed) ** (loop.samples - rows)
        )
        for right in range(rows + 1):
            law[right, rows] = number * math.comb(rows, right) * among**right * (1 - among) ** (rows - right)
    return law


def enumerated(loop, rounds):
    """Returns the law of the share of right rows after so many rounds from START."""
    accept = (1.0, 1.0) if loop.accept is None else loop.accept[:2]
    law = {START: 1.0}
    for _ in range(rounds):
        after = {}
        for rate, weight in law.items():
            for (right, rows), chance in next_rates(rate, loop, accept).items():
                new = right / rows if rows else rate
                after[new] = after.get(new, 0.0) + weight * chance
        law = after
    return law


@pytest.mark.parametrize(
    "loop", [Loop(kept=4), Loop(samples=3), Loop(kept=4, accept=ACCEPT), Loop(samples=4, accept=ACCEPT)]
)
@pytest.mark.parametrize("rounds", [1, 4])
def test_loops_go_through_the_states_of_their_chains(loop, rounds):
    start = Policies.of([SHARES] * 50, replicas=1000)
    *_, last = loop.run(start, seed=7, rounds=rounds)
    law = enumerated(loop, rounds)
    possible = np.array(sorted(law))
    nearest = np.abs(last.rate.ravel()[:, None] - possible).argmin(axis=1)
    assert np.abs(last.rate.ravel() - possible[nearest]).max() < 1e-6
    found = np.bincount(nearest, minlength=possible.size)
    expected = np.array([law[rate] for rate in possible]) * found.sum()
    common = expected >= 5
    chi = ((found - expected)[common] ** 2 / expected[common]).sum()
    degrees = common.sum() - 1
    assert chi < degrees + 4 * math.sqrt(2 * degrees)
    assert found[~common].sum() <= expected[~common].sum() + 4 * math.sqrt(expected[~common].sum() + 1)


@pytest.mark.parametrize(
    "loop",
    [
        Loop(kept=6),
        Loop(samples=6),
        Loop(kept=6, accept=tuple(np.linspace(0.05, 1.0, ANSWERS))),
        Loop(samples=6, accept=tuple(np.linspace(0.05, 0.8, ANSWERS))),
        Loop(kept=6, accept=(0.0, 1e-3, *np.ones(ANSWERS - 2))),
    ],
)
def test_rows_and_shares_lead_to_the_same_laws(loop, monkeypatch):
    shares = np.random.default_rng(3).dirichlet(np.ones(ANSWERS), 20)
    start = Policies.of(shares, replicas=1500)
    *_, rows = loop.run(start, 1, 3)
    monkeypatch.setattr(step, "MANY", ANSWERS + 1)
    *_, drawn = loop.run(start, 2, 3)
    assert rows.held.labels.size
    assert not drawn.held.labels.size
    # Mean shares of every answer of every prompt, and how many answers are left.
    mean = [state.shares.mean(axis=0, dtype=float) for state in (rows, drawn)]
    error = np.sqrt(sum(state.shares.var(axis=0, dtype=float) for state in (rows, drawn)) / 1500)
    z = (mean[0] - mean[1])[error > 0] / error[error > 0]
    assert np.abs(z).max() < 4.5
    assert (z**2).mean() == pytest.approx(1.0, abs=0.35)
    left = [np.bincount(state.distinct.ravel(), minlength=ANSWERS + 1) for state in (rows, drawn)]
    both = left[0] + left[1]
    chi = ((left[0] - left[1])[both > 0] ** 2 / both[both > 0]).sum()
    assert chi < (both > 0).sum() + 4 * math.sqrt(2 * (both > 0).sum())
    one, other = (state.variety.mean(axis=1) for state in (rows, drawn))
    assert abs(one.mean() - other.mean()) < 4 * math.sqrt((one.var() + other.var()) / 1500)
    assert rows.rows.mean() == pytest.approx(drawn.rows.mean(), rel=0.01)


def test_what_nothing_passes_for_stays_as_it_is():
    shares = np.zeros((3, ANSWERS))
    shares[0, 1:] = 1 / (ANSWERS - 1)
    shares[1, :2] = 0.5
    shares[2, 5] = 1.0
    start = Policies.of(shares, replicas=200)
    only = (1.0, *np.zeros(ANSWERS - 1))
    for loop in (Loop(kept=5, accept=only), Loop(samples=5, accept=only)):
        *_, last = loop.run(start, 1, 12)
        assert (last.shares[:, 0] == start.shares[:, 0]).all()
        assert (last.shares[:, 1, 0] == 1).all()
        assert (last.shares[:, 2] == start.shares[:, 2]).all()
    *_, last = Loop(samples=1, accept=(0.5, *np.full(ANSWERS - 1, 0.5))).run(start, 1, 1)
    bare = last.rows == 0
    assert (last.table[:, bare] == start.table[:, bare]).all()
    assert bare.reshape(200, 3)[:, :2].mean() == pytest.approx(0.5, abs=0.1)


def test_reading_a_state_changes_nothing_and_fixed_prompts_are_left_alone():
    start = Policies.of([SHARES] * 20, replicas=50)
    for loop in (Loop(kept=5), Loop(kept=5, accept=ACCEPT), Loop(samples=5, accept=ACCEPT)):
        blind = looked = start
        for _ in range(15):
            blind = loop.step(blind, 3)
            before = looked.table.copy()
            after = loop.step(looked, 3)
            assert (looked.table == before).all()
            fixed = before.max(axis=0) == 1
            assert (after.table[:, fixed] == before[:, fixed]).all()
            looked = after
        assert (blind.table == looked.table).all()
        assert np.flatnonzero(blind.table.max(axis=0) < 1).tolist() == sorted(blind.held.moving.tolist())
        assert blind.held.moving.size < start.held.moving.size


def test_loops_may_follow_each_other():
    start = Policies.of([SHARES] * 20, replicas=300)
    state = start
    for loop in (Loop(kept=8), Loop(kept=6), Loop(kept=6, accumulate=True), Loop(samples=6), Loop(kept=9, part=0.5)):
        state = loop.step(state, 5)
        gap = state.rate.mean(axis=1) - START
        assert abs(gap.mean()) < 4 * gap.std() / math.sqrt(gap.size)
        assert state.table.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
    assert state.round == 5
    thinned = Loop(samples=6, accept=ACCEPT).step(start, 1)  # prompts with different numbers of rows
    gap = (Loop(kept=6).step(thinned, 2).rate - thinned.rate).mean(axis=1)
    assert abs(gap.mean()) < 4 * gap.std() / math.sqrt(gap.size)
    filtered = Loop(kept=6, accept=ACCEPT).step(thinned, 2)
    gap = (filtered.rate - bent(thinned.rate, ACCEPT)).mean(axis=1)
    assert abs(gap.mean()) < 4 * gap.std() / math.sqrt(gap.size)


def test_more_answers_than_a_byte_can_tell_apart():
    shares = np.random.default_rng(1).dirichlet(np.ones(400), 30)
    *_, last = Loop(kept=100).run(Policies.of(shares, replicas=40), 1, 2)
    assert last.held.labels.dtype == np.uint16
    assert np.abs(last.table * 100 - (last.table * 100).round()).max() < 1e-4
    assert last.table.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
    z = (last.shares.mean(axis=0) - shares) / np.sqrt(shares * (1 - shares) / 100 * 1.99 / 40)
    assert (z**2).mean() == pytest.approx(1.0, abs=0.05)


def test_rows_behind_the_last_one_are_never_drawn():
    rng = np.random.default_rng(4)
    labels = np.tile(np.arange(7, dtype=np.uint8)[:, None], (1, 5000))
    number = np.arange(5000) % 7 + 1
    drawn = step_rows.resampled(rng, labels, number)
    for rows in range(1, 8):
        found = np.bincount(drawn[:, number == rows].ravel(), minlength=7)
        assert found[rows:].max(initial=0) == 0
        mean = found.sum() / rows
        assert ((found[:rows] - mean) ** 2 / mean).sum() < rows + 4 * math.sqrt(2 * rows)


def test_counts_become_rows_and_shares_again():
    counts = np.random.default_rng(2).multinomial(9, np.full(20, 0.05), 300).T
    counts[:, ::3] = 0
    counts[7, ::6] = 3
    labels, number = step_rows.spread(counts, 9)
    assert (number == counts.sum(axis=0)).all()
    beneath = np.full((20, 300), 0.05, dtype=np.float32)
    table = step_rows.Rows(beneath, labels, number, np.arange(300)).table
    some = number > 0
    assert table[:, some] == pytest.approx(counts[:, some] / number[some])
    assert (table[:, ~some] == beneath[:, ~some]).all()
    assert (step_rows.unfixed(labels, number) == (((counts > 0).sum(axis=0) > 1) | ~some)).all()
