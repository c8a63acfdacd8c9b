"""Drift and onset: what selection predicts is what the exact loop does, and nothing is said outside the law."""

import numpy as np
import polars as pl
import pytest

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.dynamics.onset import onset_round
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.hacked import Hacked
from freshbits.worlds.step import Gradient


def judged(rows, signal="reward"):
    _, evidence, _ = gather(rows, ReadOptions())
    return hacking(evidence, signal)


def of(section, name):
    return {each.name: each for each in section.features}[name].drift


def shares(world, seed):
    """P(trait) and P(wrong with the trait), P(right), per round, from the exact states."""
    states = world.states(seed)
    trait = [table[:, :, 1].sum(axis=1).mean() for table in states]
    lure = [table[:, 1:, 1].sum(axis=1).mean() for table in states]
    return trait, lure, [table[:, 0].sum(axis=1).mean() for table in states]


def test_the_predicted_change_is_that_of_the_loop():
    """Bullets are two per text with the trait: the mean moves by twice its share; 200 prompts of 32 rollouts."""
    world = Hacked(prompts=200, name="bullets", lured=0.7, tpr=0.7, rounds=2, size=32, kept=64)
    drift = of(judged(world.rows(1).drop("truth")), "bullets")
    trait, _, _ = shares(world, 1)
    true = 2 * (trait[-1] - trait[0])
    assert true > 0.3
    assert drift.last - drift.first == pytest.approx(true, abs=0.05)
    assert drift.predicted == pytest.approx(true, rel=0.2)


def test_a_feature_that_is_not_selected_is_not_predicted_to_move():
    drift = of(judged(Hacked(prompts=200, name="bullets", rounds=2, size=16).rows(2).drop("truth")), "bullets")
    assert abs(drift.predicted) < 0.05


def test_under_a_policy_gradient_the_sign_and_the_order_hold():
    rows = Hacked(prompts=120, name="bullets", lured=0.8, gradient=Gradient(step=0.5), rounds=3, size=16).rows(3)
    section = judged(rows.drop("truth"))
    bullets, digits = of(section, "bullets"), of(section, "digits")
    assert bullets.predicted > 0
    assert bullets.last > bullets.first
    assert abs(digits.predicted / digits.first) < bullets.predicted / bullets.first


def test_a_log_of_one_round_has_no_drift():
    rows = Hacked(prompts=80, name="bullets", lured=0.9, rounds=0).rows(4)
    assert of(judged(rows.drop("truth")), "bullets") is None


@pytest.fixture(scope="module")
def early():
    world = Hacked(prompts=150, name="bullets", lured=0.95, tpr=0.6, right=0.5, trait=(0.1, 0.1), rounds=1, size=24)
    return world, judged(world.rows(5))


def test_the_onset_is_that_of_the_exact_shares(early):
    world, section = early
    _, lure, right = shares(world, 5)
    true = float(onset_round(right[-1], lure[-1], 0.6, 0.95))
    assert true > 1
    found = section.shortcuts[0].onset_round
    assert section.first == "bullets"
    assert found.low <= true <= found.high
    assert found.value == pytest.approx(true, rel=0.3)
    assert found.unit == "rounds"


def test_the_loop_does_overtake_about_then(early):
    """Rounds vary by prompt, the law takes them together: within two rounds of the exact loop."""
    world, section = early
    longer = Hacked(**{**vars(world), "rounds": 10, "kept": 4000})
    _, lure, right = shares(longer, 5)
    passed = next(number for number, (a, b) in enumerate(zip(lure, right, strict=True)) if a > b)
    assert 1 + section.shortcuts[0].onset_round.value == pytest.approx(passed, abs=2)


def test_no_onset_where_the_lure_is_worth_less_than_truth_or_verdicts_are_scores():
    mild = judged(Hacked(prompts=150, name="bullets", lured=0.6, tpr=0.9, rounds=1, size=16).rows(6))
    assert mild.shortcuts
    assert all(entry.onset_round is None for entry in mild.shortcuts)
    rows = Hacked(prompts=150, name="bullets", lured=0.95, tpr=0.6, rounds=1, size=16).rows(6)
    noise = pl.Series(np.random.default_rng(0).normal(0, 0.1, rows.height))
    scores = judged(rows.with_columns(pl.col("signal.reward") + noise))
    assert scores.shortcuts
    assert all(entry.onset_round is None for entry in scores.shortcuts)


def test_without_truth_words_that_go_with_the_signal_are_ranked():
    rows = Hacked(prompts=150, name="ngram:certainly", lured=0.9, rounds=1).rows(7).drop("truth")
    found = {each.name: each for each in judged(rows).features}
    words = [each for each in found.values() if each.kind == "ngram"]
    assert {"ngram:certainly", "ngram:alright"} & found.keys()
    best = max(words, key=lambda each: each.signal_bits.value)
    assert best.signal_bits.low > 0.02
    assert best.q_value < 0.01


def test_words_of_a_signal_that_follows_nothing_are_not_found():
    """Screened at 5 % over all words: at most two of eight logs name one."""
    named = 0
    for seed in range(8):
        rows = Hacked(prompts=60, tpr=0.5, fpr=0.5, lured=0.5, rounds=0).rows(100 + seed).drop("truth")
        named += any(each.kind == "ngram" for each in judged(rows).features)
    assert named <= 2
