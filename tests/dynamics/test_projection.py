"""Declared loops, against the laws and against simulation."""

import numpy as np
import pytest

from freshbits.dynamics.projection import project
from freshbits.dynamics.situation import Situation
from freshbits.errors import InputError
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies


def values(found, name="accuracy"):
    return [row[name].value for row in found.trajectory]


@pytest.mark.parametrize(
    ("rules", "declared"),
    [
        ({"kept": 16}, {"keep": 16}),
        ({"samples": 16}, {"samples": 16}),
        ({"kept": 16, "fresh": 0.2}, {"keep": 16, "fresh": 0.2}),
        ({"kept": 16, "recorruption": 0.05}, {"keep": 16, "recorruption": 0.05}),
        ({"kept": 16, "accumulate": True}, {"keep": 16, "pool": "accumulate"}),
    ],
    ids=str,
)
def test_trajectories_are_those_of_simulated_loops(rules, declared):
    start = np.tile([0.2, 0.4, 0.4], (3000, 1))
    source = start if "fresh" in rules else None
    loop = Loop(accept=verifier(3, tpr=0.8, fpr=0.5), source=source, **rules)
    found = project(Situation(base_rate=0.2, tpr=0.8, fpr=0.5, prompts=3000, rounds=10, **declared))
    for number, state in enumerate(loop.run(Policies.of(start), 5, 10)):
        if number in (1, 3, 10):
            row = found.trajectory[number]["accuracy"]
            assert row.value == pytest.approx(state.rate.mean(), abs=0.02)
            assert row.low - 0.01 <= state.rate.mean() <= row.high + 0.01


def test_a_closed_loop_keeps_its_accuracy_and_fixes_the_right_answer_as_often():
    found = project(Situation(base_rate=0.3, keep=8, method="self", rounds=5))
    assert values(found) == pytest.approx([0.3] * 6, abs=1e-6)
    assert found.fixation.value == pytest.approx(0.3, abs=0.01)
    assert found.numbers["lr"] == 1


def test_kimura_where_selection_is_weak():
    # u = (1 - e^{-2 n s p0}) / (1 - e^{-2 n s}), s = ln r
    found = project(Situation(base_rate=0.02, tpr=0.6, fpr=0.5, keep=100))
    rate = np.log(0.6 / 0.5)
    exact = (1 - np.exp(-2 * 100 * rate * 0.02)) / (1 - np.exp(-2 * 100 * rate))
    assert found.fixation.value == pytest.approx(exact, abs=0.04)
    assert found.numbers["control_number"] == pytest.approx(2 * 100 * rate * 0.02)


def test_many_rows_follow_the_replicator():
    found = project(Situation(base_rate=0.05, tpr=0.9, fpr=0.5, keep=2000, target=0.9))
    wanted = (np.log(9) - np.log(0.05 / 0.95)) / np.log(1.8)
    assert found.rounds_to_target.value == pytest.approx(wanted, abs=0.4)
    assert found.binding_risk == "none before the target"


def test_recorruption_sets_the_ceiling():
    found = project(Situation(base_rate=0.5, tpr=0.9, fpr=0.45, keep=1000, recorruption=0.1, target=0.95))
    assert found.ceiling.value == pytest.approx(1 - 0.1 * 2 / (2 - 1), abs=0.02)
    assert found.binding_risk == "the ceiling is below the target"
    assert found.rounds_to_target.value is None


def test_fresh_rows_keep_variety_inside_the_accepted_class():
    few = project(Situation(base_rate=0.9, tpr=1.0, fpr=0.1, keep=20, rounds=40))
    some = project(Situation(base_rate=0.9, tpr=1.0, fpr=0.1, keep=20, fresh=0.25, rounds=40))
    assert values(few, "diversity")[-1] < 0.2
    assert values(some, "diversity")[-1] > 0.8  # five fresh rows a round


def test_intervals_of_the_filter_widen_the_projection():
    sure = project(Situation(base_rate=0.2, tpr=0.8, fpr=0.4, keep=32, prompts=5000, rounds=4))
    open_ = project(Situation(base_rate=0.2, tpr=(0.8, 0.7, 0.9), fpr=(0.4, 0.3, 0.5), keep=32, prompts=5000, rounds=4))
    width = [found.trajectory[4]["accuracy"].high - found.trajectory[4]["accuracy"].low for found in (sure, open_)]
    assert width[1] > 3 * width[0]
    assert open_.trajectory[4]["accuracy"].value == pytest.approx(sure.trajectory[4]["accuracy"].value)


def test_a_total_is_shared_by_the_prompts_and_a_list_is_a_distribution():
    one = project(Situation(base_rate=[0.1, 0.5], tpr=0.9, fpr=0.3, keep=8, prompts=50))
    two = project(Situation(base_rate=[0.1, 0.5], tpr=0.9, fpr=0.3, keep_total=400, prompts=50))
    assert values(one) == values(two)
    assert values(one)[0] == pytest.approx(0.3, abs=1e-6)


def test_pass_at_k_grows_with_k():
    row = project(Situation(base_rate=0.1, tpr=0.9, fpr=0.3, keep=8)).trajectory[0]["pass_at"]
    assert row["1"].value == pytest.approx(0.1, abs=1e-6)
    assert row["8"].value == pytest.approx(1 - 0.9**8, abs=0.01)


def test_what_cannot_be_computed_is_refused_with_a_sentence():
    found = project(Situation(base_rate=0.1, keep=8, method="grpo"))
    assert (found.status, found.code) == ("not_judged", "FORECAST_NO_STEP")
    assert "freshbits forecast" in found.needs


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "declared once"),
        ({"keep": 8, "samples": 8}, "declared once"),
        ({"keep_total": 10}, "at least one row"),
        ({"keep": 8, "target": 1.5}, "target"),
        ({"keep": 8, "fresh": 1.0}, "fresh"),
        ({"keep": 8, "pool": "mix"}, "pool"),
        ({"keep": 8, "method": "dpo"}, "method"),
        ({"keep": 8, "tpr": 1.2}, "tpr"),
        ({"keep": 8, "tpr": 0.0}, "accepts nothing"),
        ({"keep": 8, "base_rate": 2.0}, "base rate"),
        ({"keep": 8, "base_rate": ("beta", 0.0, 1.0)}, "Beta"),
    ],
    ids=str,
)
def test_bad_numbers_say_what_is_wrong(wrong, words):
    with pytest.raises(InputError, match=words):
        project(Situation(**{"base_rate": 0.1, **wrong}))


def test_less_than_one_accepted_row_per_prompt_is_projected_all_the_same():
    out = project(Situation(base_rate=0.01, tpr=0.5, fpr=0.05, samples=4))
    assert out.status == "judged"
    assert out.numbers["kept"] < 1
    assert out.numbers["control_number"] == pytest.approx(2 * out.numbers["kept"] * np.log(10) * 0.01)


def test_a_pool_of_more_prompts_is_known_better():
    widths = []
    for prompts in (100, 10_000):
        row = project(Situation(base_rate=("beta", 1, 1), tpr=0.9, fpr=0.3, keep=8, pool="accumulate", prompts=prompts))
        band = row.trajectory[5]["accuracy"]
        widths.append(band.high - band.low)
    assert widths[1] < widths[0] / 3
