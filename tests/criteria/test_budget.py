"""The budget of worlds with known truth, and every status it can have."""

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.budget import budget
from freshbits.worlds import (
    Atoms,
    Beta,
    Channel,
    Choice,
    Fixed,
    Format,
    Levels,
    Mixture,
    Replicator,
    Score,
    Trend,
    World,
)

BASE = Mixture([(0.2, Atoms([(0.0, 1)])), (0.1, Atoms([(1.0, 1)])), (0.7, Beta(1, 1))])
WORLD = World(prompts=250, base=BASE, signals={"reward": Channel()}, cut=0.05, labelled=0.0)


@pytest.fixture(scope="module")
def judged(evidence_of):
    return budget(evidence_of(WORLD.draw(2)), "reward")


def inside(estimate, truth):
    return estimate.low <= truth <= estimate.high


def test_estimates_hold_the_truth(judged):
    truth = WORLD.truth(sizes=(2, 8, 16)).signals["reward"]
    assert (judged.status, judged.code, judged.kind) == ("judged", None, "binary")
    assert inside(judged.contrast_bits, truth.contrast_bits)
    assert inside(judged.mean, truth.pass_rate)
    assert inside(judged.all_wrong, truth.all_wrong[8])
    assert inside(judged.all_right, truth.all_right[8])
    assert inside(judged.dead_groups, 1 - truth.informative[8])
    assert inside(judged.accepted_share, truth.accepted_share)
    for size in (2, 8, 16):
        assert inside(judged.informative_groups[str(size)], truth.informative[size])
    assert judged.contrast_bits.prompts == 250
    assert judged.contrast_bits.rollouts == 2000
    assert judged.checks == []
    assert judged.by_round == []


def test_counts_equal_counting_by_hand(judged):
    frame = WORLD.draw(2)
    groups = frame.group_by("prompt").agg(k=pl.col("signal.reward").sum(), n=pl.len())
    wrong, right = (groups["k"] == 0).sum(), (groups["k"] == groups["n"]).sum()
    assert judged.all_wrong.value == pytest.approx(wrong / 250)
    assert judged.all_right.value == pytest.approx(right / 250)
    assert judged.dead_rollouts == 8 * (wrong + right)
    assert judged.oversampling.value == pytest.approx(1 / (1 - (wrong + right) / 250))
    assert judged.truncated_zero == frame["truncated"].sum()
    pairs = (2 * groups["k"] * (8 - groups["k"]) / 56).mean()
    assert judged.discordant.value == pytest.approx(pairs)


def test_surprise_bits_are_more_than_contrast_and_less_than_the_verdicts_entropy(judged):
    """A verdict that the model's own votes hint at; dead groups cost surprise but carry no contrast."""
    assert "vote_share" in judged.surprise_columns
    assert judged.contrast_bits.value < judged.surprise_bits.value < 1.0


def test_a_signal_that_never_scores(evidence_of):
    frame = WORLD.draw(0).with_columns(pl.lit(None, pl.Float64).alias("signal.other"))
    found = budget(evidence_of(frame), "other")
    assert (found.status, found.code, found.kind) == ("not_judged", "BUDGET_UNSCORED", "unscored")
    assert found.contrast_bits is None


def test_a_signal_that_never_varies(evidence_of):
    found = budget(evidence_of(WORLD.draw(0).with_columns(pl.lit(1.0).alias("signal.reward"))), "reward")
    assert (found.status, found.kind) == ("judged", "constant")
    assert found.contrast_bits.value == 0.0
    assert found.dead_groups.value == 1.0
    assert found.all_wrong is None  # one value alone says nothing about right and wrong
    assert found.oversampling is None


def test_few_prompts(evidence_of):
    found = budget(evidence_of(World(prompts=9).draw(0)), "reward")
    assert (found.status, found.code) == ("not_judged", "FEW_PROMPTS")
    assert "9" in found.reason
    assert found.contrast_bits is None


def test_one_rollout_per_prompt(evidence_of):
    found = budget(evidence_of(World(prompts=60, sizes=Fixed(1)).draw(0)), "reward")
    assert (found.status, found.code) == ("not_judged", "ONE_PER_GROUP")
    assert found.contrast_bits.value is None
    assert found.contrast_bits.low == 0.0
    assert "8 completions" in found.needs


def test_three_rollouts_per_prompt_give_bounds(evidence_of):
    world = World(prompts=200, sizes=Fixed(3), signals={"reward": Channel()})
    found = budget(evidence_of(world.draw(1)), "reward")
    assert (found.status, found.code) == ("judged", "FEW_PER_GROUP")
    assert found.contrast_bits.value is None
    assert inside(found.contrast_bits, world.truth().signals["reward"].contrast_bits)
    assert found.informative_groups == {}
    assert inside(found.dead_groups, 1 - world.truth(sizes=(3,)).signals["reward"].informative[3])


def alive(frame):
    """What dynamic sampling leaves: the groups with both verdicts."""
    rate = pl.col("signal.reward").mean().over("prompt")
    return frame.filter((rate > 0) & (rate < 1))


def test_a_log_known_to_be_filtered(evidence_of):
    found = budget(evidence_of(alive(WORLD.draw(0)), filtered="the trainer keeps groups with contrast"), "reward")
    assert (found.status, found.code) == ("judged", "BUDGET_FILTERED")
    assert found.dead_groups is found.all_wrong is found.oversampling is None
    assert "unknown" in found.reason


def test_a_log_that_looks_filtered(evidence_of):
    found = budget(evidence_of(alive(World(**{**vars(WORLD), "prompts": 400}).draw(0))), "reward")
    assert found.code == "BUDGET_FILTERED"
    assert found.dead_groups is None


def test_a_log_without_dead_groups_may_be_unfiltered(evidence_of):
    world = World(prompts=150, base=Atoms([(0.5, 1)]), sizes=Fixed(16), signals={"reward": Channel()})
    found = budget(evidence_of(world.draw(0)), "reward")
    assert found.code is None
    assert found.dead_groups.value == 0.0
    assert 0 < found.dead_groups.high < 0.05


def test_group_sizes_chosen_by_the_verdicts_are_seen(evidence_of):
    frame = World(prompts=200, sizes=Fixed(16), signals={"reward": Channel()}).draw(0)
    first = pl.col("signal.reward").filter(pl.col("sample") < 4).mean().over("prompt")
    found = budget(evidence_of(frame.filter((pl.col("sample") < 8) | (first > 0.5))), "reward")
    assert any("group sizes go with pass rates" in check for check in found.checks)


def test_group_sizes_drawn_at_random_are_not(evidence_of):
    world = World(prompts=200, sizes=Choice(((8, 1.0), (16, 1.0))), signals={"reward": Channel()})
    assert budget(evidence_of(world.draw(0)), "reward").checks == []


def test_levels_and_scores(evidence_of):
    world = World(
        prompts=200,
        sizes=Fixed(16),
        signals={"grade": Levels((0.0, 0.5, 1.0), (0.1, 0.2, 0.7), (0.6, 0.3, 0.1)), "score": Score(0.5)},
    )
    evidence = evidence_of(world.draw(1))
    grade, score = budget(evidence, "grade"), budget(evidence, "score")
    assert grade.kind == "levels"
    assert inside(grade.contrast_bits, world.truth().signals["grade"].contrast_bits)
    assert inside(grade.dead_groups, 1 - world.truth(sizes=(16,)).signals["grade"].informative[16])
    assert score.kind == "score"
    assert list(score.resolution) == ["2 bins", "4 bins", "8 bins"]
    bits = [score.resolution[name].value for name in score.resolution]
    assert bits == sorted(bits)
    assert score.contrast_bits == score.resolution["4 bins"]
    assert score.discordant.value == pytest.approx(1.0)
    assert score.informative_groups == {}


def test_rounds_are_judged_block_by_block(evidence_of):
    world = World(
        prompts=60,
        signals={"reward": Channel(), "format": Trend(Format(0.5), 3.0)},
        drift=Replicator(1.3),
        labelled=0.0,
    )
    evidence = evidence_of(world.log(1, 6))
    found = budget(evidence, "format").by_round
    assert [(block.from_, block.to) for block in found] == [(i, i) for i in range(6)]
    assert all(block.rollouts == 480 for block in found)
    inside_count = sum(
        inside(block.contrast_bits, world.truth(block.from_).signals["format"].contrast_bits) for block in found
    )
    assert inside_count >= 5
    assert found[0].contrast_bits.value > 0.9
    assert found[-1].contrast_bits.value < 0.1
    reward = budget(evidence, "reward").by_round
    assert np.diff([block.mean.value for block in reward]).min() > -0.03


def test_pairs_have_no_groups(evidence_of):
    frame = WORLD.draw(0).with_columns(pl.lit("the other").alias("opponent"))
    found = budget(evidence_of(frame, pairs=True), "reward")
    assert (found.status, found.code) == ("not_applicable", "NO_GROUPS")
    assert found.contrast_bits is None


def test_a_signal_that_the_sample_hardly_holds_is_not_judged(evidence_of, monkeypatch):
    """Scores are read from sampled prompts; a signal that few of them have says so, the others are judged."""
    monkeypatch.setattr("freshbits.tally.sample.MOST_ROWS", 480)
    world = World(prompts=120, signals={"score": Score(0.5)}, sizes=Fixed(8))
    frame = pl.concat([world.draw(1, step).with_columns(round=pl.lit(step, pl.Int64)) for step in range(3)])
    rare = frame.with_columns(
        pl.when(pl.col("prompt_id").hash(seed=1) % 4 == 0).then(pl.col("signal.score")).alias("signal.rare")
    )
    found = budget(evidence_of(rare), "rare")
    assert (found.status, found.code) == ("not_judged", "FEW_SAMPLED")
    every = budget(evidence_of(frame), "score")
    assert every.status == "judged"
    assert len(every.by_round) == 3


def test_a_signal_that_the_sample_does_not_hold_has_no_bits(evidence_of, monkeypatch):
    monkeypatch.setattr("freshbits.tally.sample.MOST_ROWS", 8)
    frame = World(prompts=60, signals={"score": Score(0.5)}, sizes=Fixed(8)).draw(1)
    rows = frame.with_columns(
        pl.when(pl.col("prompt") != evidence_prompt(frame, evidence_of))
        .then(pl.col("signal.score"))
        .alias("signal.rare")
    )
    found = budget(evidence_of(rows), "rare")
    assert (found.status, found.code, found.contrast_bits) == ("not_judged", "FEW_SAMPLED", None)


def evidence_prompt(frame, evidence_of):
    """Returns the text of the one prompt that a sample of eight rows holds."""
    row = int(evidence_of(frame).tally.sample["row"][0])
    return frame["prompt"][row]
