"""Bits of a feature beyond the class: worlds with known I(φ;S|C,Q), a null, an interaction, and what is refused."""

import numpy as np
import pytest

from freshbits.information.intercept import Cells, shared_bits
from freshbits.information.surface import spurious_bits, surface_bits
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.worlds import Channel, Fixed, Follows, Habit, Shortcut, World


def rows_of(world, seed):
    frame = world.draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    answers = name_keys(frame["extracted"].fill_null("none")).to_numpy()
    level = frame["extra.mark"].to_numpy().astype(np.int64)
    return prompts, answers, frame["truth"].to_numpy() == 1, level, frame["signal.reward"].to_numpy()


@pytest.mark.parametrize(
    ("verdict", "feature"),
    [(Channel(0.9, 0.2), Follows("reward", 0.8, 0.4)), (Shortcut("mark", 0.3, 0.95, 0.05), Habit(0.5, 0.5))],
    ids=["follows the verdict", "rewarded habit"],
)
def test_surface_bits_are_those_of_the_world(verdict, feature):
    world = World(prompts=300, signals={"reward": verdict}, features={"mark": feature}, sizes=Fixed(8))
    truth = world.truth().features["mark"]["reward"]
    by_class, by_truth = [], []
    for seed in range(6):
        q, answers, right, level, accepted = rows_of(world, seed)
        by_class.append(surface_bits(q, answers, level, accepted, q))
        by_truth.append(spurious_bits(q, right, level, accepted, q))
    assert np.mean([one.bits.value for one in by_class]) == pytest.approx(truth.beyond_class, abs=0.012)
    assert np.mean([one.bits.value for one in by_truth]) == pytest.approx(truth.beyond_truth, abs=0.008)
    assert sum(one.bits.low <= truth.beyond_truth <= one.bits.high for one in by_truth) >= 5
    assert all(one.effect > 0 and one.p_value < 1e-3 for one in by_class)


def test_what_follows_the_truth_alone_says_nothing_beyond_it():
    """The same feature shares many bits with the verdict as long as truth is not held fixed."""
    world = World(prompts=300, signals={"reward": Channel(0.9, 0.1)}, features={"mark": Habit(0.8, 0.2)})
    found = []
    for seed in range(6):
        q, _, right, level, accepted = rows_of(world, seed)
        found.append(spurious_bits(q, right, level, accepted, q))
        assert shared_bits(Cells.count(q, level, accepted, q))[0].value > 0.05
    assert np.mean([one.bits.value for one in found]) < 0.002
    assert sum(one.p_value <= 0.05 for one in found) <= 1
    assert all(one.bits.low == 0.0 for one in found if one.p_value > 0.05 and not one.interaction)


def test_an_effect_that_turns_around_with_the_truth_is_seen():
    """+2 among the right, -2 among the wrong: one common slope would read zero."""
    rng = np.random.default_rng(0)
    q = np.repeat(np.arange(300), 8).astype(np.uint64)
    right = rng.random(q.size) < 0.5
    level = rng.integers(0, 2, q.size)
    logit = rng.normal(size=300)[q.astype(int)] + np.where(right, 2.0, -2.0) * (level - 0.5)
    accepted = (rng.random(q.size) < 1 / (1 + np.exp(-logit))) * 1.0
    found = spurious_bits(q, right, level, accepted, q)
    assert found.interaction
    assert 0.09 < found.bits.value < 0.17
    alike = spurious_bits(q, right, np.where(right, level, 1 - level), accepted, q)
    assert not alike.interaction
    assert alike.bits.value == pytest.approx(found.bits.value, abs=0.02)


def test_too_few_cells_say_nothing():
    q = np.arange(400, dtype=np.uint64)  # one label per prompt
    rng = np.random.default_rng(0)
    right, level = rng.random(400) < 0.5, rng.integers(0, 2, 400)
    assert spurious_bits(q, right, level, right * 1.0, q) is None
    several = np.repeat(np.arange(50), 8).astype(np.uint64)
    assert spurious_bits(several, right, level, right * 1.0, several) is None  # truth decides the verdict
    assert surface_bits(several, several, np.zeros(400, dtype=np.int64), level * 1.0, several) is None


def test_one_kind_of_truth_is_enough():
    """Where every labelled row is right, or no wrong row is ever accepted, nothing is left to compare effects with."""
    world = World(prompts=200, signals={"reward": Shortcut("mark", 0.4)}, features={"mark": Habit(0.5, 0.5)})
    q, _, _, level, accepted = rows_of(world, 0)
    right = np.ones(q.size, dtype=bool)
    alone = spurious_bits(q, right, level, accepted, q)
    assert alone.bits.value == pytest.approx(surface_bits(q, right.astype(np.uint64), level, accepted, q).bits.value)
    rng = np.random.default_rng(0)
    right = rng.random(q.size) < 0.5
    verdict = right * (rng.random(q.size) < 0.3 + 0.4 * level)
    found = spurious_bits(q, right, level, verdict * 1.0, q)
    assert not found.interaction
    assert found.bits.value == pytest.approx(0.119 / 2, abs=0.015)  # half of the rows, 1 - h(.3) each


def test_levels_may_be_numbered_with_gaps():
    world = World(prompts=100, signals={"reward": Shortcut("mark", 0.4)}, features={"mark": Habit(0.5, 0.5)})
    q, answers, _, level, accepted = rows_of(world, 0)
    assert surface_bits(q, answers, level, accepted, q) == surface_bits(q, answers, 3 * level, accepted, q)
