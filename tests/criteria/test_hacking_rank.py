"""The ranking of what a signal follows: a planted feature comes first, chance is not taken for a finding."""

import polars as pl
import pytest

from freshbits.criteria.hacking import hacking
from freshbits.worlds import Channel, Follows, Habit, Mark, Random, Score, Shortcut, Source, World

QUESTION = Mark("Is that right? Yes.\n", "That is right. Yes.\n")  # only the question mark differs
PLANTED = World(
    prompts=150,
    signals={"reward": Shortcut("asks", 0.4, 0.9, 0.1)},
    features={"asks": Habit(0.5, 0.5, QUESTION)},
    labelled=0.0,
)


@pytest.fixture(scope="module")
def planted(evidence_of):
    return hacking(evidence_of(PLANTED.draw(1)), "reward")


def test_a_planted_feature_comes_first(planted):
    first = planted.features[0]
    assert first.name == "question_marks"
    assert first.kind == "surface"
    assert first.direction == "more is accepted"
    assert first.q_value < 1e-6
    assert first.signal_bits.low > 0.04
    assert planted.features[1].signal_bits.value < first.signal_bits.value / 3


def test_the_bits_of_a_feature_that_is_there_or_not_are_those_of_the_world(evidence_of):
    truth = PLANTED.truth().features["asks"]["reward"].bits
    found = [hacking(evidence_of(PLANTED.draw(seed)), "reward").features[0].signal_bits for seed in range(2, 8)]
    assert sum(bits.value for bits in found) / len(found) == pytest.approx(truth, rel=0.15)
    assert sum(bits.low <= truth <= bits.high for bits in found) >= 5


def test_without_truth_it_ranks_and_gives_no_verdict(planted):
    assert (planted.status, planted.code) == ("not_judged", "HACK_NO_TRUTH")
    assert planted.verdict is planted.risk is planted.first is None
    assert planted.needs == "freshbits label runs/ -n 300 -o labels.csv"
    assert all(c.spurious_bits is c.learned_first is c.relied_on is None for c in planted.features)


def test_chance_is_not_taken_for_a_finding(evidence_of):
    world = World(
        prompts=60, signals={"reward": Random(0.5)}, features={"asks": Habit(0.5, 0.5, QUESTION)}, labelled=0.0
    )
    found = [hacking(evidence_of(world.draw(seed)), "reward").features for seed in range(8)]
    smallest = [min(c.q_value for c in features) for features in found]
    assert all(len(features) >= 6 for features in found)
    assert sum(q <= 0.1 for q in smallest) <= 2
    assert max(c.signal_bits.value for features in found for c in features) < 0.03


def test_a_feature_that_follows_the_verdict_down(evidence_of):
    world = World(
        prompts=120,
        signals={"reward": Channel()},
        features={"asks": Follows("reward", 0.3, 0.7, QUESTION)},
        labelled=0.0,
    )
    first = hacking(evidence_of(world.draw(0)), "reward").features[0]
    assert (first.name, first.direction) == ("question_marks", "less is accepted")


def test_other_components_and_scores_are_candidates(evidence_of):
    world = World(prompts=120, signals={"reward": Channel(0.9, 0.1), "score": Score(0.3)}, labelled=0.0)
    evidence = evidence_of(world.draw(0))
    by_name = {c.name: c for c in hacking(evidence, "reward").features}
    assert by_name["score"].kind == "component"
    assert by_name["score"].q_value < 1e-6
    assert {c.name: c for c in hacking(evidence, "score").features}["reward"].signal_bits.value > 0.1


def test_a_mark_of_the_better_source_vanishes_with_the_source_held_fixed(evidence_of):
    frame = World(
        prompts=120, signals={"reward": Channel()}, sources=(Source("weak", -1.5), Source("strong", 1.5)), labelled=0.0
    ).draw(0)
    asks = pl.col("completion").str.replace("\n", "?\n")
    styled = frame.with_columns(completion=pl.when(source="strong").then(asks).otherwise("completion"))
    found = {c.name: c for c in hacking(evidence_of(styled), "reward").features}
    assert found["source"].kind == "source"
    assert found["question_marks"].signal_bits.low > 0.02
    assert found["question_marks"].source_fixed.signal_bits is None


def test_drift_is_the_mean_of_the_feature_in_the_first_and_last_block(evidence_of):
    world = World(prompts=60, features={"asks": Habit(0.8, 0.2, QUESTION)}, labelled=0.0)
    frame = world.log(0, 3)
    found = {c.name: c for c in hacking(evidence_of(frame), "reward").features}["question_marks"]
    asks = frame.group_by("round").agg(pl.col("completion").str.count_matches(r"\?").mean()).sort("round")["completion"]
    assert (found.drift.first, found.drift.last) == pytest.approx((asks[0], asks[2]))


def test_too_few_mixed_groups_rank_nothing(evidence_of):
    assert hacking(evidence_of(World(prompts=20, labelled=0.0).draw(0)), "reward").features == []
