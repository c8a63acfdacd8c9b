"""A judge asked again: its own noise is found and taken off, from verdicts in one row or in rows of their own."""

import numpy as np
import polars as pl
import pytest

import freshbits
from freshbits.criteria.budget import budget
from freshbits.criteria.noise import least, noise_share, own_noise, without_noise
from freshbits.results import Estimate
from freshbits.worlds.rubric import Rubric

WORLD = Rubric(prompts=120, criteria=1, matters=1, flip=0.1, asked=5)
ONE = freshbits.ReadOptions(signals=("criterion_1",))


@pytest.fixture(scope="module")
def asked():
    return freshbits.audit(WORLD.draw(0), ONE, texts=False)


def test_the_planted_noise_is_recovered_and_the_total_falls_by_it(asked):
    found = asked.budget["criterion_1"]
    assert found.self_contradiction.low <= 2 * 0.1 * 0.9 <= found.self_contradiction.high
    assert found.own_noise.low <= WORLD.noise <= found.own_noise.high
    assert found.contrast_bits.low <= WORLD.alone <= found.contrast_bits.high
    total = asked.efficiency["criterion_1"].total_bits
    assert total.value == pytest.approx(found.contrast_bits.value - found.own_noise.value)
    assert total.low <= WORLD.alone - WORLD.noise <= total.high
    assert any("asked 5 times" in note for note in asked.log.notes)
    assert asked.log.rollouts == 960


def test_verdicts_in_rows_of_their_own_say_the_same(asked):
    wide = WORLD.draw(0).with_columns(sample=pl.int_range(pl.len()) % 8)
    columns = [f"criterion_1@{time}" for time in range(1, 6)]
    long = wide.unpivot(columns, index=["prompt", "completion", "sample"], value_name="reward").with_columns(
        repeat=pl.col("variable").str.split("@").list.last().cast(pl.Int64) - 1
    )
    found = freshbits.audit(long.drop("variable"), freshbits.ReadOptions(map={"repeat": "repeat"}), texts=False).budget[
        "reward"
    ]
    for name in ("own_noise", "self_contradiction"):
        one, other = getattr(found, name), getattr(asked.budget["criterion_1"], name)
        assert (one.value, one.rollouts) == pytest.approx((other.value, other.rollouts))


def test_noise_costs_what_the_same_judge_without_noise_has_more():
    clean = freshbits.audit(Rubric(prompts=120, criteria=1, matters=1).draw(0), ONE, texts=False)
    assert clean.budget["criterion_1"].own_noise is None
    assert clean.efficiency["criterion_1"].total_bits == clean.budget["criterion_1"].contrast_bits


def test_a_threshold_holds_for_every_verdict_and_the_total_is_asked_as_often():
    rng = np.random.default_rng(0)
    true = rng.random((400, 1)) < 0.5
    scores = {f"a_reward@{t + 1}": (3 + 4 * (true[:, 0] ^ (rng.random(400) < 0.1))).astype(float) for t in range(4)}
    scores |= {f"b_reward@{t + 1}": (rng.random(400) < 0.5).astype(float) for t in range(4)}
    frame = pl.DataFrame(
        {"prompt": [f"q{i // 8}" for i in range(400)], "completion": [f"c{i}" for i in range(400)], **scores}
    )
    options = freshbits.ReadOptions(weights={"a_reward": 1.0, "b_reward": 1.0}, accept={"a_reward": (">=", 5.0)})
    found = freshbits.audit(frame, options, texts=False)
    assert set(found.budget) == {"a_reward", "b_reward", "total"}
    assert found.budget["a_reward"].self_contradiction.value == pytest.approx(0.18, abs=0.04)
    assert found.budget["total"].self_contradiction is not None


def test_a_scores_noise_is_a_share_of_its_variance():
    rng = np.random.default_rng(1)
    worth = rng.normal(0, 2, 800)
    frame = pl.DataFrame(
        {"prompt": [f"q{i // 8}" for i in range(800)], "completion": [f"c{i}" for i in range(800)]}
        | {f"score@{t + 1}": worth + rng.normal(0, 1, 800) for t in range(3)}
    )
    found = freshbits.audit(frame, texts=False).budget["score"]
    assert found.kind == "score"
    assert found.own_noise.low <= 1 / 5 <= found.own_noise.high
    assert found.own_noise.unit == "share of within-group variance"
    # Two scores differ by more than noise of √2 in fewer pairs than they differ at all.
    assert 0.5 < found.discordant.value < 0.75


def test_a_judge_asked_once_has_no_noise_known(evidence_of):
    from freshbits.worlds import Channel, World

    evidence = evidence_of(World(prompts=40, signals={"reward": Channel()}, labelled=0.0).draw(0))
    assert own_noise(evidence.tally, "reward") is None
    assert noise_share(evidence.tally, "reward") is None
    assert least(None) == 0.0
    bits = budget(evidence, "reward").contrast_bits
    assert without_noise(bits, None) is bits


def test_bounds_of_the_noise_leave_an_upper_bound():
    bits = Estimate(0.8, 0.7, 0.9, 0.95, "bits", "m", 50, 400)
    left = without_noise(bits, Estimate(None, 0.3, 0.5, 0.95, "bits", "bounds", 50, 400))
    assert (left.value, left.low, left.high) == pytest.approx((0.5, 0.2, 0.6))
