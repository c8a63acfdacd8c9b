"""The part of I(C;S|Q) that lies in accepted rollouts, against its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from freshbits.information.accepted import accepted_bits, most_accepted_bits, surprise
from freshbits.information.joint import joint_information


def _divergence(p, tpr, fpr):
    """Returns s D(p' || p) for accepted rollouts of a prompt: the definition, not the formula that is tested."""
    s = p * tpr + (1 - p) * fpr
    right, wrong = p * tpr / s, (1 - p) * fpr / s
    return s * (right * np.log2(right / p) + (wrong * np.log2(wrong / (1 - p)) if wrong > 0 else 0.0))


def _expected(a, b, tpr, fpr):
    return quad(lambda p: beta.pdf(p, a, b) * _divergence(p, tpr, fpr), 0, 1)[0]


def _drawn(rng, prompts, size, a, b, tpr, fpr):
    p = rng.beta(a, b, prompts)
    right = rng.random((prompts, size)) < p[:, None]
    verdict = rng.random((prompts, size)) < np.where(right, tpr, fpr)
    return right, verdict


@pytest.mark.parametrize(("tpr", "fpr"), [(0.9, 0.2), (0.6, 0.1), (1.0, 0.0)])
def test_one_channel_bits_of_accepted_rollouts_follow_their_definition(tpr, fpr):
    rng = np.random.default_rng(1)
    keys = np.arange(600, dtype=np.uint64)
    found = []
    for _ in range(6):
        right, verdict = _drawn(rng, 600, 8, 1.0, 2.0, tpr, fpr)
        groups = np.full(600, 8), verdict.sum(axis=1), keys
        place = np.repeat(keys, 8)
        found.append(accepted_bits(groups, verdict.ravel(), right.ravel(), np.ones(4800), place))
    expected = _expected(1.0, 2.0, tpr, fpr)
    assert np.mean([each.value for each in found]) == pytest.approx(expected, abs=0.012)
    assert sum(each.low < expected < each.high for each in found) >= 5


def test_accepted_and_rejected_parts_add_up_to_the_information():
    for p, tpr, fpr in ((0.3, 0.9, 0.2), (0.7, 0.5, 0.4)):
        s = p * tpr + (1 - p) * fpr
        accepted = surprise(s) - p * surprise(tpr) - (1 - p) * surprise(fpr)
        rejected = surprise(1 - s) - p * surprise(1 - tpr) - (1 - p) * surprise(1 - fpr)
        joint = np.array([[p * tpr, p * (1 - tpr)], [(1 - p) * fpr, (1 - p) * (1 - fpr)]])
        information = (joint * np.log2(joint / joint.sum(0) / joint.sum(1, keepdims=True))).sum()
        assert accepted == pytest.approx(_divergence(p, tpr, fpr))
        assert accepted + rejected == pytest.approx(information)


def test_the_mixture_keeps_apart_prompts_with_channels_of_their_own():
    rng = np.random.default_rng(4)
    kinds = [(0.95, 0.05), (0.5, 0.5)]  # half of the prompts have a verifier that knows nothing
    counts = []
    for tpr, fpr in kinds:
        right, verdict = _drawn(rng, 300, 16, 2.0, 2.0, tpr, fpr)
        cells = [(right & verdict), (right & ~verdict), (~right & verdict), (~right & ~verdict)]
        counts.append(np.stack([each.sum(axis=1) for each in cells], axis=1))
    found = joint_information(np.concatenate(counts), np.arange(600, dtype=np.uint64))
    expected = np.mean([_expected(2.0, 2.0, *kind) for kind in kinds])
    assert found.accepted.value == pytest.approx(expected, abs=0.02)
    assert found.accepted.low < expected < found.accepted.high
    assert sum(mass.sum() for *_, mass in found.kinds) == pytest.approx(1.0)


def test_what_one_channel_cannot_explain_is_bounded_and_not_called_nothing():
    # Verdicts that are constant inside every prompt, and wrong as often as not: no one channel does that.
    right = np.tile([True, False], 400).reshape(100, 8)
    verdict = np.repeat(np.tile([True, False], 50), 8).reshape(100, 8) ^ (np.arange(800) % 40 == 0).reshape(100, 8)
    verdict[:, 0] = True
    keys = np.arange(100, dtype=np.uint64)
    groups = np.full(100, 8), verdict.sum(axis=1), keys
    found = accepted_bits(groups, verdict.ravel(), right.ravel(), np.ones(800), np.repeat(keys, 8))
    assert found.value is None
    assert found.low == 0.0
    assert found.high > 0.05


def test_without_truth_or_with_too_few_rollouts_there_is_no_value():
    keys = np.arange(50, dtype=np.uint64)
    assert most_accepted_bits((np.full(50, 8), np.full(50, 4), keys)).value is None
    few = np.full(50, 2), np.ones(50, dtype=np.int64), keys
    coin = np.tile([True, False], 50)
    assert accepted_bits(few, coin, coin, np.ones(100), np.repeat(keys, 2)) is None
