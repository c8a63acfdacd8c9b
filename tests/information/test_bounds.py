"""What one to three rollouts per group can say: bounds that hold the truth and shrink with every rollout."""

import numpy as np
import pytest

from freshbits.information.entropy import binary_entropy
from freshbits.information.mixing import contrast_bits
from freshbits.worlds import Atoms, Beta, LogitNormal, Mixture, bimodal

BASES = [
    Beta(1, 1),
    Beta(0.3, 0.3),
    Beta(5, 3),
    Mixture([(0.35, Atoms([(0.0, 1)])), (0.25, Atoms([(1.0, 1)])), (0.4, Beta(1, 1))]),
    bimodal(),
    LogitNormal(0, 2.5),
]


def bounds(base, n, seed, prompts=400):
    rng = np.random.default_rng(seed)
    s = base.draw(rng, prompts)
    return contrast_bits(np.full(prompts, n), rng.binomial(n, s), np.arange(prompts, dtype=np.uint64))


@pytest.mark.parametrize("base", BASES, ids=str)
def test_bounds_hold_the_truth_and_shrink(base):
    truth = base.expect(binary_entropy)
    widths = []
    for n in (1, 2, 3):
        found = [bounds(base, n, seed) for seed in range(4)]
        assert all(f.value is None for f in found)
        assert sum(f.low <= truth <= f.high for f in found) >= 3
        widths.append(np.mean([f.high - f.low for f in found]))
    assert widths[0] > widths[1] > widths[2]


def test_two_distributions_with_the_same_two_moments_share_their_bounds():
    """All Beta(1, 1) and the two-point law with its mean and variance show the same counts at n = 2."""
    gap = np.sqrt(1 / 12)
    twin = Atoms([(0.5 - gap, 1), (0.5 + gap, 1)])
    one, two = bounds(Beta(1, 1), 2, 0, 20_000), bounds(twin, 2, 0, 20_000)
    for truth in (Beta(1, 1).expect(binary_entropy), twin.expect(binary_entropy)):
        assert one.low < truth < one.high
        assert two.low < truth < two.high


def test_one_rollout_says_only_that_bits_are_at_most_those_of_the_mean():
    found = bounds(Atoms([(0.05, 1)]), 1, 0, 2000)
    assert found.low == 0.0
    assert float(binary_entropy(0.05)) < found.high < float(binary_entropy(0.08))
    assert bounds(Beta(1, 1), 1, 0).high == 1.0
