"""What criteria say together, against rubrics whose content is known."""

import numpy as np
import pytest

from freshbits.information.matters import matters
from freshbits.information.together import together
from freshbits.outputs.keys import prompt_keys
from freshbits.worlds.rubric import Rubric


def read(world, seed):
    frame = world.draw(seed)
    levels = np.stack([frame[f"criterion_{n + 1}"].to_numpy() for n in range(world.criteria)], axis=1)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    return levels.astype(np.int64), prompts, prompts


def inside(estimate, truth):
    return estimate.low <= truth <= estimate.high


def test_ten_criteria_of_two_matters_carry_two_criterias_worth_of_bits():
    world = Rubric(criteria=10, matters=2)
    found = together(*read(world, 3))
    assert found.joint.value / (found.alone.value / 10) == pytest.approx(2.0, abs=0.1)
    assert inside(found.joint, world.joint)
    assert inside(found.agreed, world.agreed)
    assert max(own.value for own in found.own) < 0.02


def test_unrelated_criteria_agree_on_nothing_and_lose_nothing():
    world = Rubric(criteria=5, matters=5)
    found = together(*read(world, 0))
    assert found.agreed.value < 0.05
    assert found.joint.value == pytest.approx(found.alone.value, rel=0.02)


@pytest.mark.parametrize("matters_", [1, 3])
def test_a_judges_noise_is_nobodys_agreement(matters_):
    world = Rubric(criteria=6, matters=matters_, flip=0.1)
    found = together(*read(world, 1))
    assert inside(found.joint, world.joint)
    assert inside(found.agreed, world.agreed)
    assert inside(found.own[0], world.own[0])


def test_scales_are_told_in_steps():
    levels, group, prompts = read(Rubric(criteria=2, matters=2), 0)
    scale = levels.sum(axis=1)  # 0, 1, 2: a function of the two verdicts
    found = together(np.column_stack([levels, scale]), group, prompts)
    both = together(levels, group, prompts)
    assert found.joint.value == pytest.approx(both.joint.value, abs=0.06)
    assert found.own[2].value < 0.03


def test_what_cannot_be_told_is_none():
    levels, group, prompts = read(Rubric(criteria=2, matters=2, rollouts=3), 0)
    assert together(levels, group, prompts) is None
    levels, group, prompts = read(Rubric(criteria=2, matters=2), 0)
    assert together(levels[:, :1], group, prompts) is None
    assert matters(np.column_stack([levels[:, 0], np.zeros(group.size, np.int64)]), group) is None


@pytest.mark.parametrize(("criteria", "known", "flip"), [(10, 2, 0.1), (10, 1, 0.0), (6, 3, 0.15), (7, 7, 0.05)])
def test_different_matters_are_counted(criteria, known, flip):
    levels, group, _ = read(Rubric(criteria=criteria, matters=known, flip=flip), 2)
    assert matters(levels, group) == known
    assert matters(levels[::-1], group[::-1]) == known


def test_what_is_loosely_related_is_two_things():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(300), 8)
    first = rng.random(group.size) < 0.5
    second = np.where(rng.random(group.size) < 0.12, first, rng.random(group.size) < 0.5)
    assert matters(np.column_stack([first, second]).astype(np.int64), group) == 2
