"""Task bits against worlds whose I(class;S|Q) is known exactly, and bounds against distributions that reach them."""

import numpy as np
import polars as pl
import pytest

from freshbits.information.entropy import binary_entropy, entropy
from freshbits.information.resampling import folds_of
from freshbits.information.sized import mean_entropy
from freshbits.information.task import SINGLE, _extremes, task_bits
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.worlds import Answers, Atoms, Channel, Fixed, Levels, Random, SelfJudge, World


def split(world, seed, by="answer"):
    frame = world.draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    if by == "truth":
        classes = frame["truth"].to_numpy().astype(np.uint64)
    else:
        classes = name_keys(frame["extracted"].fill_null("none")).to_numpy()
    level = np.unique(frame["signal.reward"].to_numpy(), return_inverse=True)[1]
    return task_bits(prompts, classes, level.astype(np.int64), prompts)


@pytest.mark.parametrize(
    ("verdict", "size", "within"),
    [
        (Channel(), 8, 0.01),
        (Channel(0.9, 0.1), 8, 0.03),
        (Channel(0.6, 0.0), 8, 0.03),
        (SelfJudge(1.0, 0.0), 16, 0.03),
        (Random(0.5), 16, 0.02),
        (Levels(values=(0.0, 0.5, 1.0), right=(0.0, 0.0, 1.0), wrong=(0.5, 0.5, 0.0)), 16, 0.05),
    ],
    ids=["exact", "noisy", "misses only", "self-judge", "coin", "levels"],
)
def test_task_bits_are_those_of_the_world(verdict, size, within):
    world = World(prompts=300, signals={"reward": verdict}, sizes=Fixed(size))
    truth = world.truth().signals["reward"]
    found = [split(world, seed) for seed in range(4)]
    share = truth.class_bits / truth.contrast_bits
    assert np.mean([one.task.value for one in found]) == pytest.approx(truth.class_bits, abs=within)
    assert np.mean([one.eta.value for one in found]) == pytest.approx(share, abs=1.5 * within)
    assert sum(one.task.low <= truth.class_bits <= one.task.high for one in found) >= 3
    assert sum(one.eta.low <= share <= one.eta.high for one in found) >= 3


def test_a_rate_that_goes_with_the_size_of_its_class_is_not_averaged_away():
    """Right answers are common and accepted six times in ten, wrong ones rare and never: a plain mixture is .07 off."""
    world = World(prompts=400, signals={"reward": Channel(0.6, 0.0)})
    truth = world.truth().signals["reward"]
    inside = []
    for seed in range(3):
        frame = world.draw(seed)
        cells = frame.group_by("prompt", "extracted").agg(pl.len().alias("n"), pl.col("signal.reward").sum().alias("k"))
        n, k = cells["n"].to_numpy().astype(np.int64), cells["k"].to_numpy().astype(np.int64)
        fold = folds_of(prompt_keys(cells["prompt"]).to_numpy())
        inside.append(mean_entropy(np.full(n.size, 8), n, k, n / 8, fold, 20)[0] / 400)
    assert np.mean(inside) == pytest.approx(truth.contrast_bits - truth.class_bits, abs=0.02)


@pytest.mark.parametrize(("size", "answers"), [(4, Answers()), (8, Answers(8, Atoms([(1.0, 1.0)])))])
def test_many_classes_seen_once_give_bounds_that_hold(size, answers):
    world = World(prompts=300, signals={"reward": Channel(0.9, 0.2)}, sizes=Fixed(size), answers=answers)
    truth = world.truth().signals["reward"]
    for seed in range(3):
        found = split(world, seed)
        assert found.task.value is None
        assert size < 8 or found.single > SINGLE
        assert found.task.low <= truth.class_bits <= found.task.high
        assert found.eta.low <= truth.class_bits / truth.contrast_bits <= found.eta.high


def test_a_finer_partition_never_has_fewer_task_bits():
    world = World(prompts=300, signals={"reward": SelfJudge(1.0, 0.0)}, sizes=Fixed(16))
    fine, coarse = split(world, 0), split(world, 0, "truth")
    assert fine.task.value > coarse.task.value
    one = np.zeros(world.prompts * 16, dtype=np.uint64)
    frame = world.draw(0)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    none = task_bits(prompts, one, frame["signal.reward"].to_numpy().astype(np.int64), prompts)
    assert none.task.value == pytest.approx(0.0, abs=0.02)


def test_a_signal_without_contrast_has_no_share():
    q = np.repeat(np.arange(40), 8).astype(np.uint64)
    found = task_bits(q, q, np.zeros(q.size, dtype=np.int64), q)
    assert found.task.value == 0.0
    assert found.eta is None
    assert task_bits(q[:8], q[:8], np.zeros(8, dtype=np.int64), q[:8]) is None


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_no_distribution_leaves_the_bounds(levels):
    rates = np.random.default_rng(levels).dirichlet(np.full(levels, 0.5), 4000)
    differ = 1 - (rates**2).sum(axis=1)
    low, high = _extremes(differ, levels)
    bits = entropy(rates)
    assert (bits >= low - 1e-9).all()
    assert (bits <= high + 1e-4).all()
    flat = np.full(levels, 1 / levels)
    assert _extremes(np.array([1 - 1 / levels]), levels)[0][0] == pytest.approx(float(entropy(flat)))


def test_two_levels_are_bounded_by_their_closed_forms():
    differ = np.linspace(0, 0.5, 11)
    low, high = _extremes(differ, 2)
    assert low == pytest.approx(2 * differ)
    assert high == pytest.approx(binary_entropy(0.5 * (1 - np.sqrt(1 - 2 * differ))), abs=1e-4)


def test_order_and_names_of_rows_do_not_matter():
    rng = np.random.default_rng(0)
    q = np.repeat(np.arange(60), 8).astype(np.uint64)
    classes, level = rng.integers(0, 2, q.size).astype(np.uint64), rng.integers(0, 2, q.size)
    order = rng.permutation(q.size)
    assert task_bits(q, classes, level, q) == task_bits(q[order], 5 - classes[order], level[order], q[order])
