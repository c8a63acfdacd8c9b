"""Surprise bits: a random verdict costs h(rate), a vote nearly nothing, and belief is never worse than none."""

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from freshbits.information.entropy import binary_entropy
from freshbits.information.usable import cross_fitted_loss, surprise_bits
from freshbits.outputs.belief import belief
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Majority, Random, World

WORLD = World(prompts=150, signals={"vote": Majority(), "chance": Random(0.3)}, labelled=0.0)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """The audit runs these models in one thread; on a busy machine several would wait for each other."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def rows():
    frame = WORLD.draw(3)
    prompts = frame["prompt"].rank("dense").cast(pl.UInt64)
    classes = frame["extracted"].cast(pl.Categorical).to_physical()
    state = belief(pl.DataFrame({"group": prompts, "answer_class": classes})).to_numpy()
    return frame, prompts.to_numpy(), state


def test_a_random_verdict_costs_its_entropy(rows):
    frame, prompts, state = rows
    found = surprise_bits(frame[SIGNAL + "chance"].cast(int).to_numpy(), state, prompts, prompts)
    assert found.value == pytest.approx(float(binary_entropy(0.3)), abs=0.05)
    assert found.high > float(binary_entropy(0.3))


def test_a_vote_costs_little_beyond_its_ties(rows):
    frame, prompts, state = rows
    verdict = frame[SIGNAL + "vote"].cast(int).to_numpy()
    blind = surprise_bits(verdict, np.zeros((verdict.size, 0)), prompts, prompts)
    seeing = surprise_bits(verdict, state, prompts, prompts)
    assert blind.value > 0.6
    assert seeing.value < 0.15
    assert seeing.high < blind.low


def test_without_belief_it_is_the_entropy_of_the_verdict():
    verdict = np.tile([0, 0, 0, 1], 200)
    prompts = np.repeat(np.arange(200), 4).astype(np.uint64)
    found = surprise_bits(verdict, np.zeros((800, 0)), prompts, prompts)
    assert found.value == pytest.approx(float(binary_entropy(0.25)), abs=1e-4)


def test_a_verdict_that_never_varies_costs_nearly_nothing():
    found = surprise_bits(np.ones(400, int), np.zeros((400, 1)), *(np.arange(400, dtype=np.uint64),) * 2)
    assert found.value < 0.01


def test_prompts_are_predicted_by_a_model_that_has_not_seen_them():
    """A column that only names the prompt cannot help, however well it fits."""
    rng = np.random.default_rng(0)
    prompts = np.repeat(np.arange(60), 8).astype(np.uint64)
    verdict = np.repeat(rng.integers(0, 2, 60), 8)
    name = np.repeat(rng.random(60), 8)[:, None]
    assert cross_fitted_loss(verdict, name, prompts, np.ones(prompts.size)).mean() > 0.95


def test_groups_count_equally():
    prompts = np.repeat(np.arange(40), np.tile([2, 30], 20)).astype(np.uint64)
    verdict = (np.repeat(np.arange(40), np.tile([2, 30], 20)) % 2).astype(int)
    found = surprise_bits(verdict, np.zeros((verdict.size, 0)), prompts, prompts)
    # Half of the groups are all wrong, half all right: one bit, although 600 of 640 rows are right.
    assert found.value == pytest.approx(1.0, abs=0.02)


def test_a_column_that_is_missing_everywhere_is_no_help_and_no_trouble():
    rng = np.random.default_rng(1)
    verdict, prompts = rng.integers(0, 2, 300), np.arange(300, dtype=np.uint64)
    belief = np.column_stack([rng.random(300), np.full(300, np.nan)])
    assert surprise_bits(verdict, belief, prompts, prompts).value == pytest.approx(1.0, abs=0.05)
