"""The rubric's world against its own draws: exact bits by counting many rollouts."""

import numpy as np
import pytest

from freshbits.worlds.rubric import Rubric


def test_one_prompts_patterns_have_the_entropy_that_is_said():
    # Many rollouts of few prompts: plain entropies of patterns per prompt, averaged, come near the truth.
    world = Rubric(prompts=400, rollouts=400, criteria=3, matters=2, flip=0.1)
    frame = world.draw(0)
    code = sum(frame[f"criterion_{n + 1}"].to_numpy() * 2**n for n in range(3)).astype(int)
    counts = np.zeros((400, 8))
    np.add.at(counts, (np.repeat(np.arange(400), 400), code), 1)
    rate = counts / 400
    plain = -(rate * np.log2(np.where(rate > 0, rate, 1.0))).sum(axis=1).mean()
    assert plain == pytest.approx(world.joint, abs=0.05)


def test_own_agreed_and_joint_add_up():
    world = Rubric(criteria=10, matters=3, flip=0.05)
    assert world.agreed + sum(world.own) == pytest.approx(world.joint)
    assert Rubric(criteria=4, matters=4, flip=0.2).agreed == pytest.approx(0.0, abs=1e-9)
    assert Rubric(criteria=10, matters=2).joint == pytest.approx(2 * Rubric(criteria=1, matters=1).alone)
