"""Efficiency of whole logs: the pair against exact worlds, partitions, what is refused and why."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.budget import budget
from freshbits.criteria.channel import channel
from freshbits.criteria.efficiency import efficiency
from freshbits.plain import to_plain
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Channel, Fixed, Format, Habit, Levels, Region, Score, Shortcut, World


def judged(evidence, signal="reward"):
    return efficiency(evidence, signal, budget(evidence, signal), channel(evidence, signal))


@pytest.fixture(scope="module")
def noisy(evidence_of):
    world = World(prompts=300, signals={"reward": Channel(0.9, 0.1)})
    return world.truth().signals["reward"], judged(evidence_of(world.draw(2), truth=True))


def test_the_pair_is_that_of_the_world(noisy):
    truth, found = noisy
    assert found.status == "judged"
    assert found.partition == 'answer after "####"'
    assert found.task_bits.low <= truth.class_bits <= found.task_bits.high
    assert found.total_bits.low <= truth.contrast_bits <= found.total_bits.high
    assert found.eta.low <= truth.class_bits / truth.contrast_bits <= found.eta.high
    assert "judged once" in found.reason


def test_truth_is_the_coarser_step_and_the_exact_text_the_finer(noisy):
    truth, found = noisy
    assert found.coarser["partition"] == "truth"
    assert found.coarser["task_bits"]["low"] <= truth.truth_bits <= found.coarser["task_bits"]["high"]
    assert found.coarser["eta"]["low"] <= truth.truth_bits / truth.contrast_bits <= found.coarser["eta"]["high"]
    assert found.finer["partition"] == "exact text"
    assert found.finer["task_bits"]["value"] is None  # hardly a text occurs twice
    assert found.finer["task_bits"]["high"] >= found.task_bits.value


def test_without_truth_the_kind_of_answer_is_the_coarser_step(evidence_of):
    world = World(prompts=200, signals={"reward": Channel(0.9, 0.1)}, labelled=0.0, cut=0.1)
    found = judged(evidence_of(world.draw(0)))
    assert found.coarser["partition"] == 'kind of answer after "####"'
    assert found.coarser["task_bits"]["value"] < found.task_bits.value


def test_a_format_reward_is_told_from_one_about_the_answer(evidence_of):
    """Completions that are cut short have no answer: that is all a format reward looks at."""
    world = World(prompts=150, signals={"format": Format(), "reward": Channel()}, labelled=0.0, cut=0.3)
    evidence = evidence_of(world.draw(0))
    form = judged(evidence, "format")
    assert form.coarser["eta"]["value"] > 0.9
    assert "hardly which answer" in form.reason
    assert "hardly which answer" not in judged(evidence, "reward").reason


def test_a_rewarded_habit_is_named_and_the_truth_is_not(evidence_of):
    world = World(
        prompts=300, signals={"reward": Shortcut("mark", 0.3, 0.95, 0.05)}, features={"mark": Habit(0.5, 0.5)}
    )
    truth = world.truth()
    found = judged(evidence_of(world.draw(3), truth=True))
    assert found.surface[0]["feature"] == "bullets"
    assert found.surface[0]["q_value"] < 1e-6
    bits = found.surface[0]["bits"]
    assert bits["low"] <= truth.features["mark"]["reward"].beyond_class <= bits["high"]
    assert [entry["bits"]["value"] for entry in found.surface] == sorted(
        (entry["bits"]["value"] for entry in found.surface), reverse=True
    )
    assert found.eta.value < 0.4


def test_levels_and_scores_have_a_pair_too(evidence_of):
    verdict = Levels(values=(0.0, 0.5, 1.0), right=(0.0, 0.0, 1.0), wrong=(0.5, 0.5, 0.0))
    world = World(prompts=200, signals={"reward": verdict, "score": Score(0.05, 1.0)}, sizes=Fixed(12), labelled=0.0)
    evidence = evidence_of(world.draw(0))
    truth = world.truth().signals["reward"]
    found = judged(evidence)
    assert found.task_bits.low <= truth.class_bits <= found.task_bits.high
    assert found.eta.low <= truth.class_bits / truth.contrast_bits <= found.eta.high
    score = judged(evidence, "score")
    assert score.status == "judged"
    assert score.task_bits.value <= score.total_bits.value


def test_the_signals_own_parse_is_no_partition(evidence_of):
    """The share of its own parse is high whatever the signal does, so it is told in words and left out."""
    world = World(prompts=120, signals={"reward": Channel()}, close="Done.")
    frame = world.draw(0)
    blind = frame.with_columns(completion=pl.lit("Done."))
    found = judged(evidence_of(blind.drop("truth")))
    assert (found.status, found.code) == ("not_judged", "EFF_BY_CONSTRUCTION")
    assert found.task_bits is None
    assert found.eta is None
    assert "by construction" in found.reason
    assert found.needs.startswith("freshbits label")
    with_truth = judged(evidence_of(blind, truth=True))
    assert with_truth.partition == "truth"
    assert with_truth.eta.high > 0.9


def test_truth_stands_in_where_there_is_no_text(evidence_of):
    world = World(prompts=300, signals={"reward": Channel(0.9, 0.1)})
    frame = world.draw(0).drop("completion", "extracted", "answer")
    found = judged(evidence_of(frame, truth=True))
    truth = world.truth().signals["reward"]
    assert found.partition == "truth"
    assert found.task_bits.low <= truth.truth_bits <= found.task_bits.high
    without = judged(evidence_of(frame.drop("truth")))
    assert (without.status, without.code) == ("not_judged", "EFF_NO_PARTITION")


def test_a_partition_too_fine_gives_bounds_from_the_coarser_one(evidence_of):
    world = World(prompts=300, signals={"reward": Channel(0.9, 0.1)}, close="Bye.")
    frame = world.draw(0).drop("extracted", "answer")
    found = judged(evidence_of(frame, truth=True))
    truth = world.truth().signals["reward"]
    assert found.code == "EFF_PARTITION_TOO_FINE"
    assert found.partition == "normalised text"
    assert found.task_bits.value is None
    assert found.task_bits.low == pytest.approx(found.coarser["task_bits"]["low"])
    assert found.task_bits.low <= truth.contrast_bits <= found.task_bits.high + 1e-9
    assert found.needs is not None


def test_a_judge_asked_twice_has_its_noise_taken_off(evidence_of):
    """A coin on one verdict in ten: the two askings differ on 5 % x 2 of the rollouts."""
    frame = World(prompts=150, signals={"reward": Channel()}, labelled=0.0).draw(0)
    rng = np.random.default_rng(0)
    reward = frame[SIGNAL + "reward"].to_numpy()
    asked = []
    for number in (0, 1):
        verdict = np.where(rng.random(reward.size) < 0.1, rng.integers(0, 2, reward.size), reward)
        asked.append(frame.with_columns(pl.Series(SIGNAL + "reward", verdict), repeat=pl.lit(number, pl.Int64)))
    twice, once = judged(evidence_of(pl.concat(asked))), judged(evidence_of(asked[0].drop("repeat")))
    assert twice.total_bits.value < once.total_bits.value - 0.1
    assert twice.eta.value > once.eta.value
    assert "judge's own noise" in twice.total_bits.method
    assert not twice.reason


def test_what_the_budget_refuses_is_refused_with_its_reason(evidence_of):
    world = World(prompts=100, signals={"reward": Channel()}, sizes=Fixed(1), labelled=0.0)
    found = judged(evidence_of(world.draw(0)))
    assert (found.status, found.code) == ("not_judged", "ONE_PER_GROUP")
    assert found.eta is None
    assert {rung["rung"]: rung["status"] for rung in found.ladder}["class"] == "not_judged"


def test_a_sample_that_misses_the_signal_is_said(evidence_of):
    evidence = evidence_of(World(prompts=60, signals={"reward": Channel()}, labelled=0.0).draw(0))
    section = budget(evidence, "reward")
    empty = replace(evidence, tally=replace(evidence.tally, sample=evidence.tally.sample.head(0)))
    found = efficiency(empty, "reward", section, channel(empty, "reward"))
    assert (found.status, found.code) == ("not_judged", "FEW_SAMPLED")
    assert found.total_bits == section.contrast_bits


def test_a_signal_that_never_varies_has_no_share(evidence_of):
    found = judged(evidence_of(World(prompts=100, signals={"reward": Format()}, labelled=0.0).draw(0)))
    assert found.total_bits.value == 0.0
    assert found.eta is None


def test_regions_split_portable_from_local(evidence_of):
    world = World(
        prompts=300,
        signals={"reward": Shortcut("mark", 0.3, 0.95, 0.05)},
        features={"mark": Habit(0.5, 0.5)},
        regions=(Region("sums"), Region("more sums")),
        labelled=0.0,
    )
    found = judged(evidence_of(world.draw(0)))
    assert found.portable_bits.low > 0.03
    assert found.local_bits.value < 0.02
    alone = World(prompts=100, signals={"reward": Channel()}, labelled=0.0)
    assert judged(evidence_of(alone.draw(0))).portable_bits is None


def test_the_section_is_plain_data(noisy):
    _, found = noisy
    plain = to_plain(found)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["coarser"]["eta"]["unit"] == "share of contrast bits"


def test_the_ladder_nests(evidence_of):
    world = World(
        prompts=150,
        signals={"reward": Channel(), "format": Format(0.8)},
        features={"mark": Habit(0.5, 0.5)},
        logprobs=True,
        sizes=Fixed(16),
        labelled=0.0,
    )
    evidence = evidence_of(world.draw(0))
    rungs = {rung["rung"]: rung for rung in judged(evidence).ladder}
    assert [*rungs] == ["verdict", "rubric", "class", "within_class", "text", "reference"]
    bits = {name: rung["bits"]["value"] for name, rung in rungs.items() if rung["status"] == "judged"}
    assert bits["verdict"] < bits["rubric"]
    truth = world.truth().signals
    assert bits["rubric"] == pytest.approx(truth["reward"].contrast_bits + truth["format"].contrast_bits, abs=0.06)
    assert bits["verdict"] < bits["class"] < bits["text"]
    assert rungs["reference"]["code"] == "LADDER_NO_REFERENCE"


def test_a_missing_log_probability_leaves_its_rung_unjudged(evidence_of):
    world = World(prompts=60, signals={"reward": Channel()}, logprobs=True, labelled=0.0)
    frame = world.draw(0)
    text = judged(evidence_of(frame.drop("logprob"))).ladder[-2]
    assert (text["rung"], text["status"], text["code"]) == ("text", "not_judged", "LADDER_NO_LOGPROB")
    assert "logprob" in text["needs"]
    some = frame.with_columns(pl.when(pl.int_range(pl.len()) % 2 == 0).then("logprob"))
    assert judged(evidence_of(some)).ladder[-2]["code"] == "LADDER_FEW_LOGPROBS"
