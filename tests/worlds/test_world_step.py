"""Tabular loops: draws by z-tests, states of small loops by enumeration, and what rules promise."""

import itertools
import math

import numpy as np
import pytest

from freshbits.errors import InputError
from freshbits.worlds import step_draw
from freshbits.worlds.step import Gradient, Loop, verifier
from freshbits.worlds.step_state import Policies
from freshbits.worlds.world import World

SHARES = np.array([0.5, 0.0, 0.3, 0.2])


def z_of(sample, expected, variance):
    return (sample.mean() - expected) / math.sqrt(variance / sample.size)


@pytest.mark.parametrize("rows", [1, 7, 100, 150])
def test_multinomial_counts_have_their_means_and_covariances(rows):
    prompts = 30_000
    weights = np.tile(3 * SHARES[:, None], (1, prompts)).astype(np.float32)
    counts = step_draw.multinomial(np.random.default_rng(rows), np.full(prompts, rows), weights)
    assert (counts.sum(axis=0) == rows).all()
    assert counts[1].max() == 0
    for a in (0, 2, 3):
        variance = rows * SHARES[a] * (1 - SHARES[a])
        assert abs(z_of(counts[a], rows * SHARES[a], variance)) < 4
        # The sample variance of a binomial: its own variance is at most that of a Poisson of the same mean.
        assert counts[a].var() == pytest.approx(variance, rel=0.05)
    assert np.cov(counts[0], counts[2])[0, 1] == pytest.approx(-rows * 0.15, rel=0.06, abs=0.02)


@pytest.mark.parametrize("most", [3, 150])
def test_rows_may_differ_by_prompt_and_no_weight_draws_nothing(most):
    rows = np.arange(5000) % (most + 1)
    weights = np.random.default_rng(0).dirichlet(np.ones(5), 5000).T.astype(np.float32)
    weights[:2] = 0.0
    weights[-1] = 0.0
    counts = step_draw.multinomial(np.random.default_rng(1), rows, weights)
    assert (counts.sum(axis=0) == rows).all()
    assert counts[[0, 1, 4]].max() == 0


def enumerated(rows, rounds):
    """Returns the law of the right answer's count in a closed loop of two answers that starts at .3."""
    k = np.arange(rows + 1)
    choose = np.array([math.comb(rows, int(j)) for j in k])

    def binomial(p):
        return choose * p[:, None] ** k * (1 - p[:, None]) ** (rows - k)

    law = binomial(np.array([0.3]))[0]
    for _ in range(rounds - 1):
        law = law @ binomial(k / rows)
    return law


def test_a_closed_loop_goes_through_the_states_of_its_chain():
    state = Policies.of([[0.3, 0.7]] * 40, replicas=500)
    for round in Loop(kept=4).run(state, seed=3, rounds=5):
        last = round
    found = np.bincount((last.table[0] * 4).round().astype(int), minlength=5) / last.table.shape[1]
    law = enumerated(4, 5)
    assert np.abs(found - law).max() < 4 * np.sqrt(0.25 / last.table.shape[1])
    assert last.round == 5


@pytest.mark.parametrize(
    ("loop", "mean"),
    [
        (Loop(kept=6, accept=(0.9, 0.3, 0.3)), 0.9 * 0.25 / (0.9 * 0.25 + 0.3 * 0.75)),
        (Loop(samples=200, accept=(0.9, 0.3, 0.3)), 0.9 * 0.25 / (0.9 * 0.25 + 0.3 * 0.75)),
        (Loop(kept=6, recorruption=0.2), 0.25 * 0.8),
        (Loop(kept=6, temperature=0.5), 0.25**2 / (0.25**2 + 0.5**2 + 0.25**2)),
        (Loop(kept=6, part=0.5, accept=(1.0, 0.0, 0.0)), 0.5 * 0.25 + 0.5),
        (Loop(kept=6, fresh=0.5, source=np.array([[0.0, 0.0, 1.0]] * 4)), 0.125),
        (Loop(kept=6, fresh_rows=2, source=np.array([[1.0, 0.0, 0.0]] * 4)), 0.25 * 4 / 6 + 2 / 6),
        (Loop(kept=6, accumulate=True, accept=(1.0, 0.0, 0.0)), (2 * 0.25 + 6) / 8),
    ],
)
def test_one_round_has_the_mean_of_its_rule(loop, mean):
    state = Policies.of([[0.25, 0.5, 0.25]] * 4, replicas=4000, before=2.0)
    after = loop.step(state, seed=5)
    rate = after.rate.ravel()
    # The mean over prompts of a ratio with a random number of rows is off by O(1/rows²): .0005 at 200 samples.
    assert abs(rate.mean() - mean) < 4 * rate.std() / math.sqrt(rate.size) + 1e-3 * (loop.samples is not None) + 1e-6
    assert after.table.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
    assert state.round == 0
    assert state.table[0].max() == 0.25  # a step leaves the state it starts from alone


def test_a_round_that_keeps_nothing_changes_nothing():
    state = Policies.of([[0.5, 0.5]] * 10, replicas=50)
    after = Loop(samples=4, accept=(0.0, 0.0)).step(state, seed=1)
    assert (after.table == state.table).all()
    never = Loop(kept=4, accept=(1.0, 0.0)).step(Policies.of([[0.0, 1.0]]), seed=1)
    assert never.shares.tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize("rows", [8, 41, 109])  # in single precision 41 · (1/41) is not 1
def test_a_prompt_with_one_answer_left_has_it_with_a_share_of_exactly_one(rows):
    *_, last = Loop(kept=rows).run(Policies.of([[0.05, 0.95]] * 20, replicas=20), 1, 10)
    assert (last.distinct == 1).any()
    assert (last.table.max(axis=0)[last.distinct.ravel() == 1] == 1).all()
    assert last.held.moving.size == (last.distinct > 1).sum()


def test_an_answer_that_is_gone_stays_away_unless_rows_are_fresh():
    start = Policies.of([[0.5, 0.5, 0.0]] * 20, replicas=100)
    for loop in (Loop(kept=3), Loop(kept=150), Loop(samples=5, accept=(0.9, 0.4, 1.0)), Loop(kept=3, accumulate=True)):
        *_, last = loop.run(start, 2, 12)
        assert last.table[2].max() == 0
        assert (last.distinct <= 2).all()
    *_, last = Loop(kept=3, fresh=0.3, source=np.full((20, 3), 1 / 3)).run(start, 2, 12)
    assert last.table[2].max() > 0
    *_, last = Loop(kept=3, recorruption=0.1).run(start, 2, 12)
    assert last.table[2].max() > 0


def test_the_gradient_of_one_group_is_the_one_of_its_definition():
    loop = Loop(samples=3, accept=(1.0, 0.0, 0.0), gradient=Gradient(2.0))
    after = loop.step(Policies.of([[0.5, 0.25, 0.25]] * 300), seed=8)
    possible = []
    for rows in itertools.combinations_with_replacement(range(3), 3):
        counts = np.bincount(rows, minlength=3)
        verdict, mean = np.array([1.0, 0.0, 0.0]), counts[0] / 3
        spread = math.sqrt(mean * (1 - mean)) or 1.0
        theta = np.log([0.5, 0.25, 0.25]) + 2.0 * counts * (verdict - mean) / (3 * spread)
        possible.append(np.exp(theta) / np.exp(theta).sum())
    gaps = np.abs(after.table.T[:, None, :] - np.array(possible)[None]).max(axis=2)
    assert gaps.min(axis=1).max() < 1e-5
    assert len(np.unique(gaps.argmin(axis=1))) == 4  # no contrast, two mirrored ones, one of each answer


def test_a_log_shows_rollouts_of_the_state_and_their_verdicts():
    state = Policies.of([[0.2, 0.8]] * 50, replicas=100)
    loop = Loop(kept=8, accept=verifier(2, tpr=0.9, fpr=0.1))
    drawn, accepted = loop.rollouts(state, seed=4, size=8)
    assert drawn.shape == accepted.shape == (100, 50, 2)
    assert (drawn.sum(axis=2) == 8).all()
    assert (accepted <= drawn).all()
    assert abs(z_of(drawn[..., 0], 1.6, 8 * 0.16)) < 4
    assert accepted[..., 0].sum() / drawn[..., 0].sum() == pytest.approx(0.9, abs=0.02)
    assert accepted[..., 1].sum() / drawn[..., 1].sum() == pytest.approx(0.1, abs=0.02)
    assert (loop.rollouts(state, seed=4, size=8)[0] == drawn).all()


def test_steps_are_repeatable_and_seeds_differ():
    start = Policies.of([[0.3, 0.3, 0.4]] * 30, replicas=30)
    loop = Loop(kept=5)
    assert (loop.step(start, 1).table == loop.step(start, 1).table).all()
    assert (loop.step(start, 1).table != loop.step(start, 2).table).any()
    twice = loop.step(loop.step(start, 1), 1)
    *_, last = loop.run(start, 1, 2)
    assert (twice.table == last.table).all()


def test_a_world_starts_its_loops_from_what_it_believes():
    world = World(prompts=7)
    state = world.policies(seed=3, replicas=2)
    belief = world.believed(world.population(3), world.asked(0), 0, world.sources[0]).belief
    assert state.shares[0] == pytest.approx(belief, abs=1e-6)
    assert state.shares[1] == pytest.approx(belief, abs=1e-6)
    assert state.prompts == 7


def test_summaries_of_a_state():
    state = Policies.of([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], replicas=1, right=2)
    assert state.rate.tolist() == [[0.75, 0.0]]
    assert state.variety.tolist() == [[0.625, 0.0]]
    assert state.distinct.tolist() == [[3, 1]]
    assert state.right_variety[0, 0] == pytest.approx(1 - (0.5**2 + 0.25**2) / 0.75**2)
    assert np.isnan(state.right_variety[0, 1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Loop(), "either keeps"),
        (lambda: Loop(kept=2, samples=2), "either keeps"),
        (lambda: Loop(kept=0), "either keeps"),
        (lambda: Loop(kept=2, fresh=0.2), "source"),
        (lambda: Loop(kept=2, fresh_rows=3, source=np.ones((1, 2)) / 2), "fresh rows"),
        (lambda: Loop(kept=2, fresh=1.2), "probability"),
        (lambda: Loop(kept=2, accept=(1.2, 0.0)), "probability"),
        (lambda: Loop(kept=2, temperature=0.0), "temperature"),
        (lambda: Loop(kept=2, gradient=Gradient(1.0)), "gradient"),
        (lambda: Loop(kept=2, accept=(1.0, 0.5, 0.5)).step(Policies.of([[0.5, 0.5]]), 1), "2 answers"),
        (lambda: Loop(kept=2, fresh=0.5, source=np.ones((3, 2)) / 2).step(Policies.of([[0.5, 0.5]]), 1), "1 prompts"),
        (lambda: Policies.of([0.5, 0.5]), "shape"),
        (lambda: Policies.of([[0.5, 0.2]]), "sum to 1"),
        (lambda: Policies.of([[0.5, 0.5]], right=3), "right answers"),
    ],
)
def test_bad_rules_are_refused_in_a_sentence(make, words):
    with pytest.raises(InputError, match=words):
        make()
