"""Effects inside groups against closed forms: matched pairs, one table, and groups of unlike difficulty."""

import numpy as np
import pytest
from scipy.stats import nchypergeom_fisher

from freshbits.information.conditional import _moments, conditional_effects
from freshbits.information.intercept import Cells, across_prompts_test


def test_matched_pairs_have_the_ratio_of_discordant_pairs():
    """One rollout at each level: the conditional estimate is log(accepted only with / accepted only without)."""
    n = np.ones((200, 2))
    k = np.repeat([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], [60, 20, 70, 50], axis=0)
    found = conditional_effects(n, k, np.ones((1, 200)))[0, 1]
    assert found == pytest.approx(np.log(60 / 20), abs=0.01)  # the weak prior takes less than that


def test_the_mean_given_the_total_is_that_of_fisher_s_distribution():
    n, total, beta = np.array([[5.0, 7.0]]), np.array([4.0]), np.array([0.0, 0.8])
    mean, _ = _moments(n, total, beta)
    assert mean[0, 1] == pytest.approx(nchypergeom_fisher.mean(12, 7, 4, np.exp(0.8)))
    assert mean.sum() == pytest.approx(4.0)


def test_easy_groups_that_show_the_feature_more_are_no_effect():
    rng = np.random.default_rng(0)
    easy = np.repeat(rng.normal(0, 2, 800), 8)
    level = (rng.random(easy.size) < 1 / (1 + np.exp(-easy))).astype(np.int64)
    accepted = (rng.random(easy.size) < 1 / (1 + np.exp(-easy))) * 1.0
    cells = Cells.count(np.repeat(np.arange(800), 8).astype(np.uint64), level, accepted)
    assert conditional_effects(cells.n, cells.k, np.ones((1, 800)))[0, 1] == pytest.approx(0.0, abs=0.2)


def test_one_fold_left_out_is_near_the_fit_without_it():
    rng = np.random.default_rng(1)
    n = rng.integers(1, 6, (300, 3)).astype(np.float64)
    k = rng.binomial(n.astype(int), [0.3, 0.5, 0.7]).astype(np.float64)
    weights = np.vstack([np.ones(300), np.arange(300) >= 30])
    step = conditional_effects(n, k, weights)[1]
    whole = conditional_effects(n[30:], k[30:], np.ones((1, 270)))[0]
    assert step == pytest.approx(whole, abs=0.01)


def test_false_alarms_with_prompts_as_the_unit():
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(300):
        prompt = np.repeat(np.arange(60), 8).astype(np.uint64)
        rate = rng.beta(1, 1, 60)[prompt.astype(int)]
        cells = Cells.count(prompt, rng.integers(0, 2, 480), (rng.random(480) < rate) * 1.0)
        alarms += across_prompts_test(cells) < 0.05
    assert 3 <= alarms <= 30  # 15 expected; outside with probability below .001
