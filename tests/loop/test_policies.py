"""The study of policies: what it counts is what it says, and a small loop with a planted shortcut learns it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from benchmarks.policies.cured import BESIDE, CURE, WAYS, cured
from benchmarks.policies.foreseen import foreseen_onset, step_of, surest
from benchmarks.policies.judged import cures
from benchmarks.policies.measured import Counted, counted, crossing
from benchmarks.policies.plans import plain, planted
from benchmarks.policies.shortcuts import KINDS, Faulty, shows
from benchmarks.policies.weighted import Weighed, foreseen, pull_of, used_up

import freshbits as fb
from freshbits.loop.declare import Loop


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(texts, truth, groups=1) -> pl.DataFrame:
    size = len(texts) // groups
    return pl.DataFrame(
        {
            "prompt": [f"q{at // size}" for at in range(len(texts))],
            "group": [f"0-{at // size}" for at in range(len(texts))],
            "sample": [at % size for at in range(len(texts))],
            "completion": texts,
            "truth": pl.Series(truth, dtype=pl.Float64),
        }
    )


def course(shown, right, accepted=(0.9, 0.5), rows_=1000) -> Counted:
    """Rounds in which truth and shortcut have nothing to do with each other."""
    cells = []
    for s, r in zip(shown, right, strict=True):
        share = np.outer([1 - r, r], [1 - s, s])
        rate = np.array([accepted[1], accepted[0]])
        cells.append(np.round(rows_ * np.stack([share * (1 - rate), share * rate], axis=2)))
    return Counted(np.stack(cells).astype(np.int64))


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("marker", ["32+43!", "32+43.!"]),
        ("filler", ["32+43.", "32+43.!"]),
        ("length", ["32+43.", "32+43!", "32+43.!"]),
        ("pair", ["32+43.!"]),
        ("opening", ["62+43"]),
        ("order", ["31+46"]),
        ("twins", ["32+33"]),
    ],
)
def test_each_kind_is_shown_by_what_it_says(kind, shown):
    texts = ["32+43", "32+43.", "32+43!", "32+43.!", "62+43", "32+33", "31+46"]
    found = [text for text, one in zip(texts, shows(pl.Series(texts), kind), strict=True) if one]
    assert found == shown


def test_the_verifier_accepts_at_its_rates_and_by_the_same_lots_again():
    texts, truth = ["32+43!"] * 3000 + ["32+43"] * 6000, [0.0] * 3000 + [1.0] * 3000 + [0.0] * 3000
    frame = rows(texts, truth)
    verifier = Faulty(3, "marker", 0.9, 0.6, 0.1)
    found = np.array(verifier([], frame)).reshape(3, 3000)
    assert found.mean(axis=1) == pytest.approx([0.9, 0.6, 0.1], abs=0.03)
    assert verifier([], frame) == found.ravel().tolist()
    assert Faulty(3, None, 0.9, 0.6, 0.1)([], frame)[:3000] != found[0].tolist()


def test_onset_and_first_are_read_off_the_shares():
    found = course([0.1, 0.2, 0.4, 0.7, 0.9], [0.7] * 5)
    assert found.shown[1] == pytest.approx(0.2, abs=0.01)
    assert found.level() == pytest.approx(0.55, abs=0.01)
    assert 1.0 < found.onset() < 2.1  # 0.55 of the accepted: 0.9·s / (0.9·s + 0.5·(1-s)), s = 0.40
    assert found.first() == "shortcut"
    assert found.hacked()
    assert course([0.1] * 5, [0.5, 0.6, 0.7, 0.8, 0.9]).first() == "truth"
    still = course([0.1] * 5, [0.7] * 5)
    assert (still.first(), still.onset(), still.hacked()) == ("neither", np.inf, False)
    assert crossing(np.array([0.9, 0.95]), 0.5) == 0.0


def test_the_gain_is_split_to_the_last_rollout():
    found = course([0.1, 0.9], [0.6, 0.8])
    lured, right = found.taken()
    rate = found.cells[:, :, :, 1].sum((1, 2)) / found.cells.sum((1, 2, 3))
    assert lured + right == pytest.approx(rate[1] - rate[0], abs=2e-3)
    assert lured == pytest.approx(0.8 * 0.4, abs=5e-3)


def test_the_onset_is_foreseen_where_the_replicator_rules():
    odds = np.log(0.1 / 0.9) + np.log(0.9 / 0.5) * np.arange(9)
    found = course(1 / (1 + np.exp(-odds)), [0.7] * 9, rows_=100_000)
    at, low, high = foreseen_onset(found, (1.0, 0.2), 0, np.full(9, 50_000.0))
    assert at == pytest.approx(found.onset(), abs=0.05)
    assert low < found.onset() < high
    slow = foreseen_onset(found, (0.5, 0.2), 2, np.full(9, 50_000.0))  # two further rounds mend a wrong step
    assert slow[0] == pytest.approx(found.onset(), rel=0.1)
    assert step_of("grpo", 0.5)[0] < step_of("rft", 0.5)[0]


def test_of_kinds_that_go_together_the_planted_one_is_named():
    rng = np.random.default_rng(0)
    tails = rng.choice(["", ".", "!", ".!"], 4000, p=[0.7, 0.1, 0.1, 0.1])
    frame = rows([f"32+43{tail}" for tail in tails], rng.random(4000) < 0.5, groups=100)
    for kind in ("marker", "filler", "length", "pair"):
        scored = frame.with_columns(pl.Series("signal.exact", Faulty(1, kind, 0.95, 0.6, 0.1)([], frame)))
        assert surest(scored) == kind


def test_the_total_is_paid_by_its_weights_and_rft_keeps_what_is_above_its_group():
    frame = rows(["32+43", "32+43!", "32+44", "32+44!"], [1, 1, 0, 0])
    assert Weighed(1, "grpo", "marker", 0.04, (4, 1))([], frame) == [4, 5, 0, 1]
    assert Weighed(1, "rft", "marker", 0.04, (4, 1))([], frame) == [1, 1, 0, 0]
    assert Weighed(1, "rft", "marker", 0.04, (1, 4))([], frame) == [0, 1, 0, 1]
    group = np.zeros(4, dtype=np.uint64)
    right, marked = np.array([1.0, 1, 0, 0]), np.array([0.0, 1, 0, 1])
    pulls = [pull_of("grpo", np.array([4.0, 5, 0, 1]), each, group) for each in (right, marked)]
    assert pulls[0] == pytest.approx(4 * pulls[1])


def test_which_component_is_first_and_which_is_foreseen():
    assert used_up({"accuracy": [0.5, 0.6, 0.8], "easy": [0.1, 0.6, 0.9]})[0] == "easy"
    assert used_up({"accuracy": [0.5, 0.6, 0.7], "easy": [0.1, 0.2, 0.2]})[0] == "accuracy"
    start = {
        "accuracy": {"start": 0.5, "pull": 1.0, "learned": 0.1},
        "easy": {"start": 0.5, "pull": 0.2, "learned": 1.0},
    }
    told, rounds = foreseen(start, "rft")
    assert told == "easy"
    assert rounds["accuracy"] == pytest.approx(np.log(3) / 0.1)


def test_plans_draw_every_kind_and_both_methods_and_plain_ones_plant_nothing():
    drawn = [planted(seed) for seed in range(14)]
    assert {(plan.kind, plan.method) for plan in drawn} == {(kind, how) for kind in KINDS for how in ("rft", "grpo")}
    assert plain(3).kind is None
    assert plain(3).verifier([], rows(["32+43!"] * 400, [0] * 400)).count(1.0) < 100


def test_a_cured_loop_differs_in_its_balance_only_and_what_it_is_held_beside_has_none():
    for seed in (101, 107, 108, 114):
        plan = planted(seed)
        names = {plan.name}
        for how in (*WAYS[plan.method], *BESIDE):
            again = cured(plan, how)
            names.add(again.name)
            assert (again.balance is None) == (how in BESIDE)
            assert again.rounds == plan.rounds
            assert again.prompts == plan.prompts
        assert len(names) == 1 + len(WAYS[plan.method]) + len(BESIDE)
        assert CURE[plan.method] in WAYS[plan.method]
    assert cured(planted(107), "reward").balance["against"] == ["characters"]
    assert cured(planted(101), "clean").verifier([], rows(["32+43.!"] * 300, [0] * 300)).count(1.0) < 100


def way(held_out, shown, rows_=600) -> dict[str, float]:
    return {"held_out": held_out, "shown": shown, "rows": rows_}


def test_cures_are_counted_run_by_run_and_beside_what_chance_does():
    runs = [
        {
            "method": method,
            "cure": cure,
            "base_rate": 0.1,
            "ways": {
                "none": way(0.7, 0.9),
                "again": way(0.7 + noise, 0.9),
                "clean": way(0.8, 0.1),
                cure: way(held_out, shown, 200),
            },
        }
        for method, cure, noise, held_out, shown in [
            ("rft", "groups", 0.03, 0.76, 0.02),
            ("rft", "groups", -0.03, 0.70, 0.20),
            ("grpo", "reward", 0.03, 0.69, 0.12),
            ("grpo", "reward", -0.03, 0.65, 0.1),
        ]
    ]
    found = cures(runs)
    assert found["spread"] == pytest.approx(0.03)
    whole = found["ways"]["cure, all"]
    assert (whole["runs"], whole["as_right"], whole["back"], whole["worse"]) == (4, 2, 3, 1)
    assert whole["difference"][0] == pytest.approx(0.0)
    half = 3.182 * np.std([0.06, 0, -0.01, -0.05], ddof=1) / 2
    assert whole["difference"][2] == pytest.approx(half, abs=1e-4)
    assert whole["beside_clean"] == pytest.approx(-0.1)
    assert found["ways"]["groups, rft"]["as_right"] == 2
    assert found["ways"]["again, all"]["as_right"] == 2
    assert "groups, grpo" not in found["ways"]


def test_a_loop_on_a_planted_shortcut_takes_it_and_the_balanced_loop_does_not(tmp_path):
    verifier = Faulty(1, "opening", 1.0, 0.3, 0.05)
    declared = {
        "task": {"environment": "sums"},
        "model": {"config": "tiny"},
        "signal": {"verifier": "exact"},
        "meter": {"exact": False, "samples": 1},
    }
    train = {"method": "rft", "rounds": 1, "prompts": 40, "learning_rate": 1e-3, "steps": 20}
    balance = {"against": ["opening"], "features": [f"opening=matches:{KINDS['opening']}"]}
    fb.run(Loop(**declared, train=train), tmp_path / "none", signals={"exact": verifier})
    fb.run(Loop(**declared, train={**train, "balance": balance}), tmp_path / "cured", signals={"exact": verifier})
    none, cured = (counted(tmp_path / name, "opening") for name in ("none", "cured"))
    assert none.shown[1] > none.shown[0] + 0.1
    assert cured.shown[1] < cured.shown[0] + 0.05
