"""The mixture over base rate and channel: against the closed form of one channel and against known mixtures."""

import numpy as np
import pytest

from freshbits.information.entropy import binary_entropy as h
from freshbits.information.joint import joint_information


def drawn(base, tpr, fpr, size, seed):
    rng = np.random.default_rng(seed)
    right = rng.binomial(size, base)
    accepted, passed = rng.binomial(right, tpr), rng.binomial(size - right, fpr)
    counts = np.stack([accepted, right - accepted, passed, size - right - passed], axis=1)
    return counts, rng.integers(0, 2**63, base.size, dtype=np.uint64)


def exact(base, tpr, fpr):
    return float((h(base * tpr + (1 - base) * fpr) - base * h(tpr) - (1 - base) * h(fpr)).mean())


def population(kind, prompts, seed):
    rng = np.random.default_rng([seed, 1])
    base = rng.beta(1, 1, prompts)
    if kind == "one":
        return base, np.full(prompts, 0.9), np.full(prompts, 0.1)
    if kind == "own":
        return base, rng.beta(8, 2, prompts), rng.beta(2, 8, prompts)
    wide_open = rng.random(prompts) < 0.3
    return base, np.full(prompts, 0.9), np.where(wide_open, 0.95, 0.05)


@pytest.mark.parametrize("kind", ["one", "own", "open"])
def test_the_bits_are_those_of_the_world(kind):
    truth = exact(*population(kind, 200_000, 9))
    errors, inside = [], 0
    for seed in range(12):
        counts, prompts = drawn(*population(kind, 400, seed), 8, seed)
        found = joint_information(counts, prompts).bits
        errors.append(found.value - truth)
        inside += found.low <= truth <= found.high
    assert abs(np.mean(errors)) < 0.015
    assert inside >= 9


def test_a_share_of_prompts_the_wrong_way_round_is_found():
    rng = np.random.default_rng(4)
    flipped = rng.random(600) < 0.2
    tpr, fpr = np.where(flipped, 0.1, 0.9), np.where(flipped, 0.9, 0.1)
    found = joint_information(*drawn(rng.beta(1, 1, 600), tpr, fpr, 16, 4))
    assert found.negative_j.low < 0.2 < found.negative_j.high
    assert found.negative_j.value == pytest.approx(flipped.mean(), abs=0.04)
    assert len(found.atoms) >= 2


def test_one_good_channel_has_no_prompt_the_wrong_way_round():
    found = joint_information(*drawn(*population("one", 300, 2), 8, 2))
    assert found.negative_j.value == 0.0
    assert 0.01 < found.negative_j.high < 0.1  # none of 300 seen is not none


def test_a_share_that_the_log_does_not_tell_has_no_value():
    rng = np.random.default_rng(5)
    found = joint_information(*drawn(rng.beta(1, 1, 200), np.full(200, 0.5), np.full(200, 0.5), 8, 5))
    assert found.negative_j.value is None
    assert found.bits.value < 0.02


def test_shares_of_the_atoms_sum_to_one():
    found = joint_information(*drawn(*population("open", 300, 3), 8, 3))
    assert sum(share for share, _, _ in found.atoms) == pytest.approx(1.0)


def test_the_order_of_the_groups_does_not_matter():
    counts, prompts = drawn(*population("own", 200, 6), 8, 6)
    order = np.random.default_rng(0).permutation(200)
    assert joint_information(counts[order], prompts[order]) == joint_information(counts, prompts)
