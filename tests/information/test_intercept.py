"""Bits that a feature shares with the verdict inside a prompt: worlds with known I(φ;S|Q), permutations, q-values."""

import itertools

import numpy as np
import pytest
from scipy import stats

from freshbits.information.intercept import Cells, false_discovery, shared_bits, within_group_test
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.worlds import Atoms, Beta, Channel, Fixed, Follows, Habit, Mixture, Shortcut, World

DEAD = Mixture([(0.35, Atoms([(0.0, 1)])), (0.25, Atoms([(1.0, 1)])), (0.4, Beta(1, 1))])


def cells_of(world, seed):
    frame = world.draw(seed)
    group = frame["prompt"].rank("dense").cast(int).to_numpy().astype(np.uint64)
    return Cells.count(group, frame[EXTRA + "mark"].to_numpy(), frame[SIGNAL + "reward"].to_numpy())


def test_counting_rows_into_cells():
    group = np.array([3, 3, 1, 1, 1], dtype=np.uint64)
    cells = Cells.count(group, np.array([0, 2, 2, 2, 0]), np.array([1.0, 0.0, 1.0, 1.0, 0.0]))
    assert cells.n.tolist() == [[1, 0, 2], [1, 0, 1]]
    assert cells.k.tolist() == [[0, 0, 2], [1, 0, 0]]
    assert cells.prompts.tolist() == [1, 3]
    assert cells.informative().n.shape == (2, 2)


@pytest.mark.parametrize(
    ("base", "feature", "size"),
    [
        (Beta(1, 1), Habit(0.7, 0.4), 8),
        (Beta(1, 1), Follows("reward", 0.85, 0.35), 8),
        (DEAD, Habit(0.8, 0.4), 4),
    ],
    ids=["follows the truth", "follows the verdict", "mostly dead groups"],
)
def test_shared_bits_are_those_of_the_world(base, feature, size):
    world = World(prompts=300, base=base, signals={"reward": Channel()}, features={"mark": feature}, sizes=Fixed(size))
    truth = world.truth().features["mark"]["reward"].bits
    found = [shared_bits(cells_of(world, seed))[0] for seed in range(12)]
    assert np.mean([bits.value for bits in found]) == pytest.approx(truth, rel=0.15)
    assert sum(bits.low <= truth <= bits.high for bits in found) >= 10


@pytest.mark.parametrize("size", [4, 8])
def test_shared_bits_where_the_feature_is_equally_common_everywhere(size):
    """The reward follows the habit with probability .3; habits do not depend on the prompt."""
    world = World(
        prompts=300,
        signals={"reward": Shortcut("mark", 0.3, 0.9, 0.1)},
        features={"mark": Habit(0.5, 0.5)},
        sizes=Fixed(size),
    )
    truth = world.truth().features["mark"]["reward"].bits
    found = [shared_bits(cells_of(world, seed)) for seed in range(6)]
    assert np.mean([bits.value for bits, _ in found]) == pytest.approx(truth, rel=0.15)
    assert all(bits.low > 0 and effect > 0 for bits, effect in found)
    assert sum(bits.low <= truth <= bits.high for bits, _ in found) >= 5


def test_the_effect_is_the_log_odds_ratio():
    # a feature that follows the verdict moves the log-odds by log (.7/.3) (.6/.4)
    world = World(
        prompts=1500,
        base=Atoms([(0.5, 1)]),
        signals={"reward": Channel()},
        features={"mark": Follows("reward", 0.7, 0.4)},
    )
    _, effect = shared_bits(cells_of(world, 0))
    assert effect == pytest.approx(np.log(0.7 / 0.3 * 0.6 / 0.4), abs=0.1)


def test_nothing_is_shared_where_nothing_is():
    world = World(prompts=100, base=DEAD, signals={"reward": Channel()}, features={"mark": Habit(0.5, 0.5)})
    alarms, bits = 0, []
    for seed in range(100):
        cells = cells_of(world, seed)
        alarm = within_group_test(cells) <= 0.05
        alarms += alarm
        if seed < 20:
            found, _ = shared_bits(cells)
            assert alarm or found.low == 0.0
            bits.append(found.value)
    assert alarms <= 11
    assert np.mean(bits) < 0.004


def test_a_feature_or_verdict_that_never_varies_shares_nothing():
    group = np.repeat(np.arange(30), 8).astype(np.uint64)
    verdict = np.tile([0.0, 1.0], 120)
    for level, accepted in ((np.zeros(240, int), verdict), (np.tile([0, 1], 120), np.ones(240))):
        bits, effect = shared_bits(Cells.count(group, level, accepted))
        assert (bits.value, effect) == (0.0, 0.0)
        assert within_group_test(Cells.count(group, level, accepted)) == 1.0


def test_prompts_that_differ_are_not_an_effect():
    """A feature tied to the prompt predicts the verdict across prompts and says nothing inside one."""
    rng = np.random.default_rng(0)
    rate = rng.random(200)
    level = (rate > 0.5).astype(int)
    group = np.repeat(np.arange(200), 8).astype(np.uint64)
    accepted = (rng.random(1600) < np.repeat(rate, 8)).astype(float)
    cells = Cells.count(group, np.repeat(level, 8), accepted)
    assert within_group_test(cells) == 1.0


def brute_force(cells):
    """Mid-p of Σ_g k_g1 over all ways to shuffle the verdicts inside their groups (two levels)."""
    distribution = {0.0: 1.0}
    expected = 0.0
    for n, k in zip(cells.n, cells.k, strict=True):
        size, accepted, present = int(n.sum()), int(k.sum()), int(n[1])
        expected += present * accepted / size
        choices = stats.hypergeom(size, present, accepted)
        distribution = _convolved(distribution, {float(x): choices.pmf(x) for x in range(present + 1)})
    observed = abs(cells.k[:, 1].sum() - expected)
    beyond = sum(p for x, p in distribution.items() if abs(x - expected) > observed + 1e-9)
    return beyond + sum(p for x, p in distribution.items() if abs(abs(x - expected) - observed) <= 1e-9) / 2


def _convolved(one, two):
    result = {}
    for (a, p), (b, q) in itertools.product(one.items(), two.items()):
        result[a + b] = result.get(a + b, 0.0) + p * q
    return result


@pytest.mark.parametrize("seed", range(6))
def test_the_test_agrees_with_shuffling_every_way(seed):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(40), 6).astype(np.uint64)
    level = rng.integers(0, 2, 240)
    accepted = (rng.random(240) < 0.35 + 0.04 * seed * level).astype(float)
    cells = Cells.count(group, level, accepted)
    # χ² without a continuity correction goes through the middle of the steps of the exact tail
    assert within_group_test(cells) == pytest.approx(brute_force(cells), abs=0.02)


def test_one_group_is_cochran_mantel_haenszel():
    cells = Cells(np.array([[9.0, 11.0]]), np.array([[6.0, 3.0]]), np.array([1], dtype=np.uint64))
    expected, variance = 9 * 9 / 20, 9 * 11 * 9 * 11 / (20**2 * 19)
    assert within_group_test(cells) == pytest.approx(stats.chi2.sf((6 - expected) ** 2 / variance, 1))


def test_benjamini_hochberg_by_hand():
    p = np.array([0.2, 0.001, 0.04, 0.03, 0.8])
    # sorted: .001·5/1, .03·5/2, .04·5/3, .2·5/4, .8·5/5, then minima from the right
    assert false_discovery(p) == pytest.approx([0.25, 0.005, 0.2 / 3, 0.2 / 3, 0.8])
    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p))
    rng = np.random.default_rng(0)
    many = rng.random(200) ** 2
    assert false_discovery(many) == pytest.approx(stats.false_discovery_control(many))
