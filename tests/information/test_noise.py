"""A judge's own noise against flips of a known rate."""

import numpy as np
import pytest

from freshbits.information.entropy import binary_entropy
from freshbits.information.noise import contradiction, least_noise, verdict_noise
from freshbits.results import Estimate


def drawn(flip, asked, outputs=800, seed=0):
    rng = np.random.default_rng(seed)
    seen = rng.random(outputs) < 0.5
    return np.full(outputs, asked), rng.binomial(asked, np.where(seen, 1 - flip, flip)), np.arange(outputs) // 8


@pytest.mark.parametrize("asked", [2, 3, 4, 8])
@pytest.mark.parametrize("flip", [0.0, 0.05, 0.2])
def test_a_planted_noise_is_found(asked, flip):
    n, k, prompts = drawn(flip, asked)
    found = verdict_noise(n, k, prompts.astype(np.uint64))
    assert found.low - 1e-9 <= float(binary_entropy(np.array([flip]))[0]) <= found.high
    assert (found.value is None) == (asked < 4 and flip > 0) or flip == 0.0
    differ = contradiction(n, k * (n - k), prompts.astype(np.uint64))
    assert differ.low - 1e-9 <= 2 * flip * (1 - flip) <= differ.high


def test_noise_is_at_least_twice_the_share_of_contradictions():
    rng = np.random.default_rng(0)
    rates = rng.dirichlet(np.ones(4), 2000)
    rates = np.vstack([rates, np.eye(4), np.full(4, 0.25), [0.5, 0.5, 0, 0]])
    entropy = -(rates * np.log2(np.where(rates > 0, rates, 1.0))).sum(axis=1)
    assert (entropy >= 2 * (1 - (rates**2).sum(axis=1)) - 1e-9).all()
    found = least_noise(Estimate(0.2, 0.15, 0.25, 0.95, "share", "", 50, 400), 4)
    assert (found.value, found.low, found.high) == (None, 0.3, 2.0)


def test_nothing_is_said_of_few_prompts():
    n, k, prompts = drawn(0.1, 4, outputs=72)
    assert verdict_noise(n, k, prompts.astype(np.uint64)) is None
    assert contradiction(np.zeros(0, int), np.zeros(0, int), np.zeros(0, np.uint64)) is None
