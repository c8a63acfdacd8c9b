"""The choice among forms by backtest."""

import numpy as np
import pytest
from logged_loops import logged

from freshbits.dynamics.choice import choose, default, prefixes, thinned
from freshbits.dynamics.panel import Panel
from freshbits.dynamics.tolerance import likely, tolerance


def mixed_speeds(seed, rounds, prompts=1500):
    """A closed loop whose prompts keep 2 to 300 rows each: variety falls like a power of t."""
    rng = np.random.default_rng(seed)
    kept = np.round(np.exp(rng.uniform(np.log(2), np.log(300), prompts))).astype(int)
    rate = rng.beta(2, 2, prompts)
    shares = np.concatenate([rate[:, None], (1 - rate)[:, None] * rng.dirichlet(np.ones(4), prompts)], axis=1)
    x, unlike = [], []
    for _ in range(rounds):
        drawn = rng.multinomial(8, shares)
        x.append(drawn[:, 0])
        unlike.append(56 - (drawn * (drawn - 1)).sum(axis=1))
        shares = rng.multinomial(kept, shares) / kept[:, None]
    return Panel(np.arange(rounds), np.full((prompts, rounds), 8), np.stack(x, 1), np.stack(unlike, 1))


def test_a_power_law_is_not_shown_a_wright_fisher_forecast():
    choice = choose(mixed_speeds(1, 8), np.array([1, 4, 8]))
    assert "resampling and selection" in choice.refuted
    assert choice.course is None or choice.course.form != "resampling and selection"


def test_a_loop_of_one_law_is_forecast_by_it():
    panel, truth = logged(21, kept=16, rounds=4)
    choice = choose(panel, np.array([1, 6]))
    assert choice.course.form == "resampling and selection"
    assert "last value" in choice.refuted
    assert abs(choice.course.accuracy.value[-1] - truth[9, 0]) <= tolerance(truth[9, 0])
    assert choice.course.accuracy.low[-1] <= truth[9, 0] <= choice.course.accuracy.high[-1]


def test_a_rule_that_changed_refutes_every_form():
    panel, _ = logged(22, kept=16, rounds=5)
    x, unlike = panel.x.copy(), panel.unlike.copy()
    x[:, 4] = 8 - x[:, 4]  # the meaning of right was turned around
    choice = choose(Panel(panel.rounds, panel.n, x, unlike), np.array([1]))
    assert choice.course is None
    assert set(choice.refuted) == set(default(panel))


def test_every_test_knows_what_was_forecast_and_seen():
    panel, _ = logged(23, kept=16, rounds=4, prompts=400)
    choice = choose(panel, np.array([1]))
    assert {(test.since, test.round) for test in choice.tested} == {(2, 3)}
    seen = [test.seen for test in choice.tested if test.quantity == "accuracy"]
    assert seen == pytest.approx([panel.accuracy()[0][3]] * len(seen))


def test_prefixes_and_thinning():
    panel = Panel(np.arange(2), np.ones((5000, 2), dtype=int), np.ones((5000, 2), dtype=int))
    assert prefixes(panel) == []
    assert thinned(panel).n.shape[0] == 2000


def test_the_value_is_the_one_most_likely_to_hit():
    # Two laws: .9 of the weight near .3, the rest near .6. The mean would hit neither.
    value, low, high, hit = likely(np.array([0.3] * 9 + [0.6]), np.full(10, 0.005))
    assert value == pytest.approx(0.3, abs=0.02)
    assert low == pytest.approx(0.3, abs=0.02)
    assert 0.6 < high < 0.3 + 1.15 * 0.31
    assert hit == pytest.approx(0.9, abs=0.02)
