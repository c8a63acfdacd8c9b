"""Fits to counts of loops whose parameters are known."""

import numpy as np
import pytest
from logged_loops import logged

from freshbits.dynamics.ahead import ahead
from freshbits.dynamics.fit import fit
from freshbits.dynamics.likelihood import count, log_likelihood
from freshbits.dynamics.misfit import misfit
from freshbits.dynamics.panel import Panel
from freshbits.dynamics.start import refined
from freshbits.dynamics.step import Law


@pytest.fixture(scope="module")
def fitted():
    panel, truth = logged(1, kept=16)
    return fit(panel), panel, truth


def test_ratio_and_rows_kept_are_recovered(fitted):
    found, _, _ = fitted
    assert found.interval("ratio")[0] == pytest.approx(2.0, rel=0.1)
    assert found.interval("kept")[0] == pytest.approx(16, rel=0.3)
    true = log_likelihood(Law(2.0, 16.0), found.counts)
    assert log_likelihood(found.best, found.counts) - true < 8  # twice that is χ² of three: one in a thousand


def test_weights_are_weights_and_laws_are_drawn_by_them(fitted):
    found, _, _ = fitted
    assert found.weight.sum() == pytest.approx(1)
    top = found.laws[int(np.argmax(found.weight))]
    assert found.drawn(200).count(top) >= 1
    assert log_likelihood(found.best, found.counts) * found.counts.spread == pytest.approx(found.score)


def test_the_paths_begin_where_the_log_ends_and_meet_what_came(fitted):
    found, panel, truth = fitted
    paths = ahead(found, 8)
    assert paths.accuracy[:, 0].mean() == pytest.approx(panel.accuracy()[0][-1], abs=0.02)
    assert paths.accuracy[:, 7].mean() == pytest.approx(truth[9, 0], abs=0.05)
    assert paths.diversity[:, 7].mean() == pytest.approx(truth[9, 1], abs=0.05)
    assert 0 <= paths.dead.mean(axis=0)[-1] < 0.2


def test_a_closed_loop_has_a_ratio_of_one():
    panel, _ = logged(2, kept=8, tpr=1.0, fpr=1.0)
    found = fit(panel)
    _, low, high = found.interval("ratio", 0.99)
    assert low <= 1 <= high
    assert found.interval("kept")[0] == pytest.approx(8, rel=0.25)


def test_a_filter_without_false_positives_has_a_large_ratio():
    panel, truth = logged(3, samples=8, tpr=0.8, fpr=0.0)
    found = fit(panel)
    assert found.interval("ratio")[1] > 10
    assert ahead(found, 7).accuracy[:, 7].mean() == pytest.approx(truth[9, 0], abs=0.03)


def test_unequal_groups_and_missing_prompts_are_native():
    size = np.random.default_rng(0).integers(4, 9, 600)
    panel, _ = logged(4, prompts=600, kept=16, size=size)
    n, x, unlike = panel.n.copy(), panel.x.copy(), panel.unlike.copy()
    for part in (n, x, unlike):
        part[:150, 1] = 0
        part[150:250, 2] = 0
    assert fit(Panel(panel.rounds, n, x, unlike)).interval("ratio")[0] == pytest.approx(2.0, rel=0.15)


def test_gaps_between_logged_rounds_are_rounds_of_the_loop():
    panel, _ = logged(5, kept=24, rounds=5)
    kept = [0, 1, 4]
    gapped = Panel(panel.rounds[kept], panel.n[:, kept], panel.x[:, kept], panel.unlike[:, kept])
    assert gapped.steps.tolist() == [1, 3]
    assert fit(gapped).interval("ratio")[0] == pytest.approx(2.0, rel=0.15)


def test_the_start_is_refined_by_what_became_of_it():
    # All prompts have a small pass rate; round 0 alone cannot tell it from none.
    rng = np.random.default_rng(6)
    p0 = np.full(3000, 0.02)
    p1 = rng.binomial(40, 6 * p0 / (6 * p0 + 1 - p0)) / 40
    p2 = rng.binomial(40, 6 * p1 / (6 * p1 + 1 - p1)) / 40
    x = np.stack([rng.binomial(8, p) for p in (p0, p1, p2)], axis=1)
    counts = count(Panel(np.arange(3), np.full(x.shape, 8), x))
    law = Law(6.0, 40.0)
    better = refined(law, counts)
    assert log_likelihood(law, better) >= log_likelihood(law, counts)
    assert better.start[0] < counts.start[0] + 1e-9


def test_one_law_is_believed_of_one_loop_and_not_of_many():
    panel, _ = logged(7, kept=16)
    found = fit(panel)
    assert misfit(found.best, found.counts) > 0.001


def test_overdispersion_is_one_at_least_and_grows_with_shared_shocks(fitted):
    assert 1.0 <= fitted[0].counts.spread < 1.2
    panel, _ = logged(8, kept=200, prompts=600)
    rng = np.random.default_rng(8)
    # Half of the prompts are judged by another standard in round 1: no law of prompts does that.
    x = panel.x.copy()
    moved = rng.random(600) < 0.5
    x[moved, 1] = np.where(rng.random(moved.sum()) < 0.5, 0, 8)
    assert fit(Panel(panel.rounds, panel.n, x)).counts.spread > 1.2
