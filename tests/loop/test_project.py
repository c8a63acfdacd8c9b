"""Projection of declared loops: the numbers are those of the laws, and what is not identified says what to declare."""

from __future__ import annotations

import numpy as np
import pytest
from tests.loop.declared import drawn

from freshbits.dynamics import drift
from freshbits.dynamics.fresh import fresh, fresh_limit
from freshbits.forecasting import of_numbers
from freshbits.loop.declare import Graph, Loop
from freshbits.loop.project import project


def loop(signal: object = "none", method: str = "self", base: object = None, **train: object) -> Loop:
    model = {"config": "tiny"} | ({} if base is None else {"base_rate": base})
    return Loop(
        task={"environment": "sums", "size": 125}, model=model, signal=signal, train={"method": method, **train}
    )


def test_variety_alone_is_projected_where_nothing_selects():
    found = project(loop(samples=4, rounds=10))
    assert [row["diversity"].value for row in found.trajectory] == drift.replace(1.0, 4, np.arange(11)).tolist()
    assert found.diversity_half_life.value == float(drift.half_life(4))
    assert found.numbers == {"kept": 4, "variety_in_the_end": 0.0}
    assert "accuracy" not in found.trajectory[0]
    assert found.needs == "`model: {base_rate: .05}`"


def test_a_growing_pool_keeps_a_floor_of_variety():
    found = project(loop(samples=4, rounds=3000, pool="accumulate"))
    assert found.numbers["variety_in_the_end"] == pytest.approx(2 / np.pi)  # sin(π/2) / (π/2)
    assert found.trajectory[-1]["diversity"].value == pytest.approx(2 / np.pi, abs=2e-4)
    assert found.diversity_half_life.value is None


def test_a_simulated_closed_loop_loses_its_variety_as_projected():
    rng = np.random.default_rng(3)
    state = np.full((4000, 5), 0.2)
    for _ in range(6):
        state = rng.multinomial(8, state) / 8
    left = (1 - (state**2).sum(axis=1)).mean() / 0.8
    found = project(loop(samples=8, rounds=6)).trajectory[6]["diversity"].value
    assert left == pytest.approx(found, abs=0.02)


def test_fresh_rows_keep_variety_by_their_number():
    found = project(loop(samples=20, fresh=0.1))
    assert found.numbers["fresh_rows"] == pytest.approx(2.0)
    assert found.numbers["variety_in_the_end"] == float(fresh_limit(20, 0.1))
    course = fresh([0.5, 0.5], [0.5, 0.5], 20, 0.1, 400)
    assert course[-1] / 0.5 == pytest.approx(found.numbers["variety_in_the_end"], abs=1e-6)
    assert found.advice
    assert not project(loop(samples=50, fresh=0.1)).advice


@pytest.mark.parametrize(
    ("declared", "numbers"),
    [
        (loop(base=0.3, samples=4), {"keep": 4, "method": "self"}),
        (loop(base=0.3, samples=8, keep=2), {"keep": 2, "method": "self"}),
        (
            loop({"verifier": "exact", "tpr": 0.9, "fpr": 0.1}, "rft", 0.3, samples=8),
            {"samples": 8, "tpr": 0.9, "fpr": 0.1},
        ),
        (
            loop({"verifier": "exact", "tpr": 0.9, "fpr": 0.1}, "rft", 0.3, samples=64, keep=8, target=0.9),
            {"keep": 8, "tpr": 0.9, "fpr": 0.1, "target": 0.9},
        ),
        (
            loop({"verifier": "exact", "tpr": [0.9, 0.8, 0.95], "fpr": 0.1}, "rft", "beta:1,3", samples=8),
            {"samples": 8, "tpr": [0.9, 0.8, 0.95], "fpr": 0.1, "base_rate": ("beta", 1.0, 3.0)},
        ),
        (
            loop({"random": 0.5}, "rft", [0.2, 0.4], samples=8),
            {"samples": 8, "tpr": 0.5, "fpr": 0.5, "base_rate": [0.2, 0.4]},
        ),
        (
            loop({"verifier": "exact", "tpr": 1.0, "fpr": 0.2}, "rft", 0.3, samples=64, keep=8, pool="accumulate"),
            {"keep": 8, "tpr": 1.0, "fpr": 0.2, "pool": "accumulate"},
        ),
    ],
)
def test_a_declared_loop_gives_the_numbers_of_the_calculator(declared, numbers):
    expected = of_numbers(**{"base_rate": 0.3, "prompts": 100, "rounds": 8, **numbers})
    assert project(declared) == expected
    assert expected.status == "judged"


def test_fewer_accepted_than_are_to_be_kept_are_projected_as_sampled():
    declared = loop({"verifier": "exact", "tpr": 1.0, "fpr": 0.0}, "rft", 0.05, samples=16, keep=8)
    assert project(declared).situation["samples"] == 16


NOT_JUDGED = [
    (loop({"verifier": "exact"}, "grpo"), "FORECAST_NO_STEP", "freshbits forecast LOG"),
    (loop({"reference": "task"}, "sft"), "LOOP_REFERENCES", None),
    (loop(temperature=0.7), "LOOP_TEMPERATURE", "temperature: 1.0"),
    (loop("majority_vote", "rft", 0.3), "LOOP_OWN_RATES", "freshbits forecast LOG"),
    (loop("self_judge", "rft", 0.3), "LOOP_OWN_RATES", "freshbits forecast LOG"),
    (loop({"verifier": "exact"}, "rft", 0.3), "LOOP_NO_RATES", "tpr: .9"),
    (loop({"verifier": "exact", "tpr": 0.9, "fpr": 0.1}, "rft"), "LOOP_NO_RATES", "base_rate: .05"),
    (loop([{"verifier": "exact"}, {"verifier": "math"}], "rft", 0.3), "LOOP_SEVERAL", None),
    (loop({"verifier": "exact", "tpr": 0.9, "fpr": 0.1}, "rft", 0.3, fresh=0.1), "LOOP_FRESH", "fresh: 0"),
    (loop(fresh=0.1, pool="accumulate"), "LOOP_REGIME", None),
    (
        loop({"verifier": "exact", "tpr": 0.9, "fpr": 0.1}, "rft", 0.3, pool="accumulate"),
        "LOOP_REGIME",
        "train: {keep: N}",
    ),
    (Graph.loads(drawn("", "completions > training")), "LOOP_NO_NUMBERS", "freshbits forecast"),
]


@pytest.mark.parametrize(("declared", "code", "needs"), NOT_JUDGED)
def test_what_is_not_identified_says_what_would_let_it_be(declared, code, needs):
    found = project(declared)
    assert (found.status, found.code) == ("not_judged", code)
    assert found.reason
    assert not found.trajectory
    assert (found.needs is None) if needs is None else (needs in found.needs)
