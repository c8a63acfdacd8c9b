"""The split of what a score pays for: closed forms, names, coverage, and what it does not claim."""

import numpy as np
import pytest

from freshbits.information.split import MIN_CELLS, leave_out_moments, split

Q = np.repeat(np.arange(300), 8).astype(np.uint64)


def drawn(seed, rows=Q.size):
    rng = np.random.default_rng(seed)
    return rng, rng.random((5, rows)) < 0.5


def paid(rng, chance):
    return (rng.random(chance.size) < chance) * 1.0


def test_shares_are_those_of_the_covariances():
    """P(S) = .2 + .4 C + .2 φ: of Cov(S, ·) times effect truth has .4² · ¼ and φ .2² · ¼."""
    found = []
    for seed in range(30):
        rng, (right, long, *rest) = drawn(seed)
        score = paid(rng, 0.2 + 0.4 * right + 0.2 * long)
        one = split(score, right, np.stack([long, *rest], axis=1) * 1.0, Q, Q)
        assert one.chosen[0] == 0
        found.append(one.share[0, 1])
    assert np.mean(found) == pytest.approx(0.2, abs=0.02)


def test_the_interval_of_a_share_covers_the_truth():
    """The jackknife of the share, nominal 95 %, where one feature is paid for."""
    from freshbits.information.resampling import jackknife_interval

    hits = 0
    for seed in range(200):
        rng, (right, long, *_) = drawn(seed)
        score = paid(rng, 0.2 + 0.3 * right + 0.3 * long)
        one = split(score, right, long[:, None] * 1.0, Q, Q)
        _, low, high = jackknife_interval(one.share[:, 1])
        hits += low <= 0.5 <= high
    assert 0.9 <= hits / 200 <= 0.99


def test_a_skill_is_not_named():
    """A feature that goes with being right, and that the score never looks at, is not paid for beyond the truth."""
    named = 0
    for seed in range(60):
        rng, (right, *rest) = drawn(seed)
        skill = rng.random(Q.size) < np.where(right, 0.8, 0.2)
        score = paid(rng, np.where(right, 0.8, 0.2))
        named += bool(split(score, right, np.stack([skill, *rest], axis=1) * 1.0, Q, Q).chosen)
    assert named <= 7  # 5 % of 60, and what chance adds


def test_a_verifier_that_is_fooled_only_where_the_answer_is_wrong_is_seen_there():
    rng, (right, long, *_) = drawn(3)
    right = rng.random(Q.size) < 0.85
    score = paid(rng, np.where(right, 0.9, np.where(long, 0.8, 0.2)))
    found = split(score, right, long[:, None] * 1.0, Q, Q)
    assert found.chosen == (0,)
    assert found.among == ("wrong",)
    assert found.effect[0, 0] == pytest.approx(0.6, abs=0.1)


def test_of_two_names_for_one_thing_the_first_is_given():
    rng, (right, long, *_) = drawn(4)
    words = long * 5.0 + rng.random(Q.size)
    score = paid(rng, 0.2 + 0.3 * right + 0.3 * long)
    for columns, first in (((words, long), 0), ((long, words), 0)):
        found = split(score, right, np.stack(columns, axis=1) * 1.0, Q, Q)
        assert found.chosen == (first,)


def test_a_feature_of_the_prompt_says_nothing_inside_it():
    rng, (right, long, *_) = drawn(5)
    hard = (Q % 2).astype(float)
    score = paid(rng, 0.1 + 0.5 * hard + 0.2 * right)
    found = split(score, right, np.stack([hard, long * 1.0], axis=1), Q, Q)
    assert found.chosen == ()
    assert found.looked_at == 1
    assert 0 < found.reach < 0.5


def test_the_units_of_a_feature_do_not_matter():
    rng, (right, long, *_) = drawn(6)
    score = paid(rng, 0.2 + 0.3 * right + 0.3 * long)
    one, other = (split(score, right, long[:, None] * scale, Q, Q) for scale in (1.0, 1e6))
    assert one.chosen == other.chosen
    assert np.allclose(one.share, other.share)


def test_weights_stand_for_rows():
    rng, (right, long, *_) = drawn(7)
    score = paid(rng, 0.2 + 0.3 * right + 0.3 * long)
    weight = rng.integers(1, 4, Q.size)
    often = np.repeat(np.arange(Q.size), weight)
    one = split(score, right, long[:, None] * 1.0, Q, Q, weight * 1.0)
    other = split(score[often], right[often], long[often, None] * 1.0, Q[often], Q[often])
    assert one.share[0] == pytest.approx(other.share[0], abs=1e-9)


@pytest.mark.parametrize("constant", ["score", "feature"])
def test_nothing_is_said_where_nothing_varies(constant):
    rng, (right, long, *_) = drawn(8)
    score = np.ones(Q.size) if constant == "score" else paid(rng, right * 1.0)
    feature = np.ones(Q.size) if constant == "feature" else long * 1.0
    assert split(score, right, feature[:, None], Q, Q) is None


def test_few_cells_say_nothing():
    few = np.repeat(np.arange(MIN_CELLS // 2), 8).astype(np.uint64)
    rng, (right, long, *_) = drawn(9, few.size)
    assert split(paid(rng, 0.2 + 0.6 * long), right, long[:, None] * 1.0, few, few) is None


def test_moments_are_those_inside_units():
    rng = np.random.default_rng(0)
    columns, unit = rng.random((40, 3)), np.repeat(np.arange(10), 4)
    whole = leave_out_moments(columns, unit, np.ones(40), unit % 5)
    by_hand = sum(np.cov(columns[unit == u].T, bias=True) for u in range(10))
    assert whole[0] == pytest.approx(by_hand)
    assert whole[1] == pytest.approx(sum(np.cov(columns[unit == u].T, bias=True) for u in range(10) if u % 5))
