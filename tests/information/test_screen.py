"""The screen of very many features: chance is not taken for a finding, names are not repeated."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from freshbits.information.screen import screen

Q = np.repeat(np.arange(150), 8).astype(np.uint64)


def test_alarms_of_all_features_together_are_at_most_as_declared():
    alarms = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        held = csr_array((rng.random((Q.size, 40)) < rng.uniform(0.05, 0.5, 40)) * 1.0)
        rate = rng.random(150)[Q.astype(int)]  # prompts differ, which is nobody's doing
        alarms += bool(screen(held, (rng.random(Q.size) < rate) * 1.0, Q, Q))
    assert alarms / 300 <= 0.08  # 5 %, and three standard errors


def test_features_that_are_alike_are_named_once():
    rng = np.random.default_rng(1)
    word = rng.random(Q.size) < 0.4
    pair = word & (rng.random(Q.size) < 0.98)
    other = rng.random(Q.size) < 0.5
    score = (rng.random(Q.size) < 0.2 + 0.3 * word + 0.3 * other) * 1.0
    found = screen(csr_array(np.stack([pair, word, other], axis=1) * 1.0), score, Q, Q)
    assert len(found) == 2
    assert {feature for feature, _ in found} in ({1, 2}, {0, 2})


def test_a_feature_that_few_prompts_vary_in_has_no_law_yet():
    rng = np.random.default_rng(2)
    rare = (Q < 15) & (rng.random(Q.size) < 0.5)
    assert screen(csr_array(rare[:, None] * 1.0), rare * 1.0, Q, Q) == []


def test_nothing_to_look_at_gives_nothing():
    assert screen(csr_array((Q.size, 0)), np.ones(Q.size), Q, Q) == []


def test_z_is_the_clustered_score_test():
    rng = np.random.default_rng(3)
    x = rng.random(Q.size) < 0.5
    score = (rng.random(Q.size) < 0.4 + 0.15 * x) * 1.0
    [(_, p_value)] = screen(csr_array(x[:, None] * 1.0), score, Q, Q)
    rest = score - np.array([score[q == Q].mean() for q in range(150)])[Q.astype(int)]
    parts = np.array([(rest * x)[q == Q].sum() / 8 for q in range(150)])
    from scipy.stats import t

    assert p_value == pytest.approx(2 * t.sf(abs(parts.sum() / np.sqrt((parts**2).sum())), 149))


def test_a_feature_of_whole_cells_is_not_named_for_rounding():
    score = np.tile(np.random.default_rng(0).random(8) * 1e6, 150)  # its deviations do not sum to nought exactly
    whole = (Q % 2 == 0) * 1.0
    assert screen(csr_array(whole[:, None]), score, Q, Q) == []
