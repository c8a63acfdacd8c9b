"""The study of allocation: how calls to a target are counted, rates tuned, medians placed, and what its learners do."""

from __future__ import annotations

import doctest
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.allocation import floors, placed
from benchmarks.allocation.measured import Course, Shelf, Study, compared
from benchmarks.allocation.played import FIRST, SECOND
from benchmarks.allocation.worlds import GROUP, Groups, Skills, Table, advantages, sigmoid


def test_calls_to_a_target_are_read_between_evaluations():
    course = Course([0, 10, 20, 30], [0, 1, 2, 3], [0.0, 0.0, 0.3, 0.6])
    assert course.smooth() == pytest.approx([0.0, 0.0, 0.1, 0.3])
    assert course.reached(0.2, 99.0) == (pytest.approx(25.0), pytest.approx(2.5), True)
    assert course.reached(0.5, 60.0) == (60.0, pytest.approx(6.0), False)


def made(name, rate, seed, target, most):
    """Needs 100 calls at the best rate, 4 for uniform and 2 for the other; twice as many at other rates."""
    need = 100 * abs(np.log2(rate / (4 if name == "uniform" else 2))) + (100 if name == "uniform" else 50)
    calls = list(range(0, int(most) + 1, 5))
    return Course(calls, calls, [min(at / need, 1.0) for at in calls])


def test_every_strategy_is_tuned_on_the_same_grid_and_compared_seed_by_seed(tmp_path):
    study = Study("toy", 10, ("uniform", "ours"), (2.0, 4.0, 8.0), 2.0, 400, made, (0, 1), (5, 6, 7))
    found = study.held(Shelf(tmp_path / "runs.jsonl"))["strategies"]
    assert (found["uniform"]["rate"], found["ours"]["rate"]) == (4.0, 2.0)
    assert found["ours"]["inside"]  # the grid has grown until the best rate lay inside it
    assert found["uniform"]["median"] == 1.0
    assert found["ours"]["median"] == pytest.approx(0.5, abs=0.03)
    again = replace(study, run=None).held(Shelf(tmp_path / "runs.jsonl"))  # goes on from the runs that are kept
    assert again["strategies"] == found


def test_ratios_are_means_of_logarithms_with_students_interval():
    found = compared([(50.0, 5.0, True), (200.0, 20.0, True)], [(100.0, 10.0, True)] * 2)
    assert (found["median"], found["mean"]) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found["high"] == pytest.approx(np.exp(12.706 * np.log(2)), rel=1e-3)  # t of one degree of freedom


def test_what_is_placed_is_placed_by_the_examples():
    assert doctest.testmod(placed).failed == 0


def test_what_could_be_reached_is_said_of_those_told_no_rates():
    row = {"ratios": [0.7] * 30, "median": 0.7}
    told = {"ratios": [0.5] * 30, "median": 0.5}
    cell = {"strategies": {"ours": row, placed.FLOOR: row, "oracle": told, "exact, told moves": told}}
    assert placed.reach(cell, 0.65) == f"reached by nothing run; best: ours, {placed.told(row)}"
    assert placed.reach(cell, 0.75).startswith("reached by ours")
    assert placed.reach({"strategies": {"ours": row, "oracle": row}}, 0.65) == "the oracle needs more, too"
    assert placed.met(row, 0.65) == "no"


def test_groups_whose_verdicts_agree_teach_nothing():
    pushed = advantages(np.array([[1.0] * 8, [1.0, 0.0] * 4]), False, np.random.default_rng(0))
    assert not pushed[0].any()
    assert pushed[1].sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("kind", [Skills, Table])
def test_learners_learn_from_right_verdicts_and_count_every_call(kind):
    cell = replace(SECOND if kind is Table else FIRST, prompts=64)
    world = kind(cell, 3)
    before = world.rates().mean()
    for _ in range(20):
        world.step([world.ask(np.arange(64), GROUP)], 20.0)
    assert world.calls == 20 * 64 * GROUP
    assert world.rates().mean() > before + 0.05


def test_the_exact_posterior_is_that_of_the_grid():
    cell = replace(SECOND, prompts=4, name="b: small")
    world = Table(cell, 1)
    exact = floors.Average(cell, 1)
    exact.score(world)
    index = np.arange(4)
    verdicts = np.zeros((4, GROUP))
    verdicts[:, :2] = 1.0
    exact.learn(Groups(index, np.zeros((4, GROUP), dtype=np.int64), verdicts))
    weight = np.exp(exact.log - exact.log.max(1, keepdims=True))
    mean = (weight * sigmoid(exact.points)).sum(1) / weight.sum(1)
    fine = np.linspace(-16.5, 13.5, 20001)
    log = -0.5 * ((fine + 1.5) / 3) ** 2 + 2 * np.log(sigmoid(fine)) + 6 * np.log1p(-sigmoid(fine))
    density = np.exp(log - log.max())
    assert mean == pytest.approx(float((density * sigmoid(fine)).sum() / density.sum()), abs=1e-4)
