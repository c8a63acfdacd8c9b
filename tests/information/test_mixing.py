"""The mixing distribution against closed forms, symmetries and drawn worlds."""

import math

import numpy as np
import pytest

from freshbits.information import mixing
from freshbits.information.entropy import binary_entropy
from freshbits.worlds import Atoms, Beta, Channel, Fixed, Mixture, World, log_uniform


def log(rates, n, prompts, seed):
    """Counts of one group per prompt."""
    rng = np.random.default_rng(seed)
    s = rates.draw(rng, prompts)
    size = np.full(prompts, n) if isinstance(n, int) else n
    return size, rng.binomial(size, s), rng.integers(0, 2**63, prompts, dtype=np.uint64)


@pytest.mark.parametrize(("n", "within"), [(8, 0.012), (16, 0.012)])
def test_uniform_pass_rates_carry_one_over_two_ln_two_bits(n, within):
    found = [mixing.contrast_bits(*log(Beta(1, 1), n, 2000, seed)).value for seed in range(8)]
    assert np.mean(found) == pytest.approx(1 / (2 * math.log(2)), abs=within)


def test_groups_that_are_always_dead_carry_no_bits():
    n, k, prompts = np.full(400, 8), np.repeat([0, 8], 200), np.arange(400, dtype=np.uint64)
    found = mixing.contrast_bits(n, k, prompts)
    assert found.value < 0.005


def test_dead_groups_alone_do_not_make_the_bits_certain():
    found = mixing.contrast_bits(np.full(400, 8), np.repeat([0, 8], 200), np.arange(400, dtype=np.uint64))
    assert found.low == 0.0
    assert found.high > found.value + 0.001


def test_one_pass_rate_for_all_prompts_is_its_entropy():
    found = [mixing.contrast_bits(*log(Atoms([(0.3, 1)]), 16, 1000, seed)).value for seed in range(8)]
    assert np.mean(found) == pytest.approx(float(binary_entropy(0.3)), abs=0.01)


def test_the_estimate_does_not_depend_on_the_order_of_groups():
    n, k, prompts = log(Beta(0.5, 0.8), 8, 200, 3)
    order = np.random.default_rng(1).permutation(200)
    assert mixing.contrast_bits(n, k, prompts) == mixing.contrast_bits(n[order], k[order], prompts[order])


def test_calling_right_wrong_changes_nothing():
    n, k, prompts = log(Beta(0.4, 1.5), 8, 300, 4)
    one, two = mixing.contrast_bits(n, k, prompts), mixing.contrast_bits(n, n - k, prompts)
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=1e-3)


def test_dead_groups_lower_the_bits_in_proportion():
    n, k, prompts = log(Beta(2, 2), 16, 400, 5)
    dead = np.arange(400, dtype=np.uint64)
    more = mixing.contrast_bits(np.tile(n, 2), np.concatenate([k, np.zeros(400, int)]), np.concatenate([prompts, dead]))
    assert more.value == pytest.approx(mixing.contrast_bits(n, k, prompts).value / 2, abs=0.02)


def test_unequal_group_sizes_are_native():
    size = log_uniform(2, 64).draw(np.random.default_rng(0), 1500)
    found = [mixing.contrast_bits(*log(Beta(1, 1), size, 1500, seed)) for seed in range(4)]
    assert np.mean([f.value for f in found]) == pytest.approx(1 / (2 * math.log(2)), abs=0.015)
    assert found[0].rollouts == size.sum()


def test_the_interval_is_wider_by_the_known_bias_at_small_groups():
    n, k, prompts = log(Beta(1, 1), 4, 4000, 6)
    found = mixing.contrast_bits(n, k, prompts)
    assert (found.high - found.low) / 2 > mixing.SLACK_FEW
    assert ".02" in found.method
    assert ".02" not in mixing.contrast_bits(*log(Beta(1, 1), 8, 100, 6)).method


WORLD = World(
    prompts=150,
    base=Mixture([(0.35, Atoms([(0.0, 1)])), (0.25, Atoms([(1.0, 1)])), (0.4, Beta(1, 1))]),
    signals={"reward": Channel()},
    sizes=Fixed(8),
)


def test_intervals_cover_the_truth_of_a_world():
    truth = WORLD.truth().signals["reward"].contrast_bits
    covered = 0
    for seed in range(200):
        counts = WORLD.counts(seed)
        found = mixing.contrast_bits(counts.n, counts.accepted["reward"], counts.prompt.astype(np.uint64))
        covered += found.low <= truth <= found.high
    assert 180 <= covered <= 199


def test_intervals_hold_prompts_together_over_rounds():
    """Six rounds of the same prompts are not six times as many prompts."""
    counts = WORLD.counts(1, rounds=(0, 1, 2, 3, 4, 5))
    k, prompts = counts.accepted["reward"], counts.prompt.astype(np.uint64)
    together = mixing.contrast_bits(counts.n, k, prompts)
    apart = mixing.contrast_bits(counts.n, k, np.arange(k.size, dtype=np.uint64))
    assert together.high - together.low > 1.3 * (apart.high - apart.low)
    assert together.prompts == 150


def test_informative_groups_are_those_of_the_world():
    sizes = (2, 4, 16)
    truth = WORLD.truth(sizes=sizes).signals["reward"].informative
    found = {size: [] for size in sizes}
    for seed in range(10):
        counts = WORLD.counts(seed)
        fitted = mixing.fit(counts.n, counts.accepted["reward"], counts.prompt.astype(np.uint64))
        for size in sizes:
            found[size].append(fitted.mean(lambda s, size=size: 1 - s**size - (1 - s) ** size)[0])
    assert {size: np.mean(part) for size, part in found.items()} == pytest.approx(truth, abs=0.03)


def test_the_per_prompt_jackknife_agrees_by_hand():
    # n=2, k=1: 2 h(1/2) - 1 [1/2 h(0) + 1/2 h(1)] = 2
    assert mixing.jackknife_bits(np.array([2]), np.array([1])) == pytest.approx(2.0)
    n, k, _ = log(Beta(1, 1), 16, 3000, 2)
    assert mixing.jackknife_bits(n, k) == pytest.approx(1 / (2 * math.log(2)), abs=0.02)
    assert math.isnan(mixing.jackknife_bits(np.array([1]), np.array([1])))


@pytest.mark.parametrize(("n", "k"), [([], []), ([4], [5]), ([4], [-1]), ([0], [0])])
def test_impossible_counts_are_refused(n, k):
    with pytest.raises(ValueError, match="0 <= k <= n"):
        mixing.fit(np.array(n, dtype=int), np.array(k, dtype=int), np.zeros(len(n), dtype=np.uint64))
