"""Scores at equal features: the planted slope and qualities come back, and their intervals hold them."""

import numpy as np
import pytest

from freshbits.information.adjusted import adjusted_means

QUALITY = np.array([0.0, 0.5, 1.5])
STYLE = np.array([1.0, -1.0, 0.0])
SLOPE = 0.8


def drawn(seed, prompts=80):
    """Three sources answer each prompt once; the judge pays .8 per unit of a feature that the worst source has most of.

    Returns:
        (score, source, feature, prompt key).
    """
    rng = np.random.default_rng(seed)
    q = np.repeat(np.arange(prompts), 3)
    keys = rng.permutation(10**6)[:prompts].astype(np.uint64)[q]
    source = np.tile(np.arange(3), prompts)
    worth = rng.normal(size=prompts)
    feature = STYLE[source] + rng.normal(size=q.size) + 0.5 * worth[q]  # hard prompts are answered at length
    score = 3 + worth[q] + QUALITY[source] + SLOPE * feature + rng.normal(size=q.size)
    return score, source, feature[:, None], keys


def test_intervals_of_differences_and_of_the_slope_hold_the_truth():
    """200 logs: 95 % intervals (t, 39 folds) hold the truth in 95 % of them, three standard errors either side."""
    from freshbits.information.resampling import jackknife_interval

    inside = np.zeros(3)
    values = []
    for seed in range(200):
        score, source, feature, keys = drawn(seed)
        found = adjusted_means(score, source, feature, keys, keys)
        gaps = [found.controlled[:, s] - found.controlled[:, 0] for s in (1, 2)]
        for at, (replicates, true) in enumerate(
            zip([*gaps, found.slope[:, 0]], [QUALITY[1], QUALITY[2], SLOPE], strict=True)
        ):
            _, low, high = jackknife_interval(replicates)
            inside[at] += low <= true <= high
        values.append([gap[0] for gap in gaps] + [found.slope[0, 0]])
    assert np.mean(values, axis=0) == pytest.approx([0.5, 1.5, SLOPE], abs=0.03)
    assert (np.abs(inside / 200 - 0.95) < 0.046).all(), inside


def test_raw_scores_are_means_and_put_the_worst_source_ahead():
    score, source, feature, keys = drawn(0, prompts=400)
    found = adjusted_means(score, source, feature, keys, keys)
    assert found.raw[0] == pytest.approx([score[source == s].mean() for s in range(3)])
    assert found.raw[0].argmin() == 1
    assert found.controlled[0].argmin() == 0


def test_the_order_of_rows_does_not_matter():
    score, source, feature, keys = drawn(3)
    order = np.random.default_rng(0).permutation(score.size)
    one = adjusted_means(score, source, feature, keys, keys)
    other = adjusted_means(score[order], source[order], feature[order], keys[order], keys[order])
    assert one.controlled == pytest.approx(other.controlled)


def test_a_feature_that_is_the_source_cannot_be_held_equal():
    score, source, _, keys = drawn(1)
    assert adjusted_means(score, source, STYLE[source][:, None], keys, keys) is None


def test_features_that_repeat_each_other_share_their_slope():
    score, source, feature, keys = drawn(2, prompts=400)
    twice = adjusted_means(score, source, np.hstack([feature, feature]), keys, keys)
    once = adjusted_means(score, source, feature, keys, keys)
    assert twice.slope[0].sum() == pytest.approx(once.slope[0, 0], abs=1e-3)
    assert twice.controlled[0] == pytest.approx(once.controlled[0], abs=1e-2)
