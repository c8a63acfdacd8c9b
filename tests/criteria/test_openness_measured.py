"""Openness measured on drawn logs: verifiers are open, noise and votes are not, and what is said beside it adds up."""

import json

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.beyond import beyond, capped
from freshbits.criteria.ceiling import sharpening_ceiling
from freshbits.criteria.labelled import labelled
from freshbits.criteria.openness import openness
from freshbits.remedies.label import draw_rows
from freshbits.results import Budget
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import (
    Answers,
    Atoms,
    Ballot,
    Beta,
    Channel,
    Fixed,
    Majority,
    PromptNoise,
    Random,
    Region,
    Regional,
    Replicator,
    Score,
    Trend,
    World,
)

ORIGINS = {"verifier": "external", "grades": "external", "noise": "external", "hard": "external", "vote": "own_state"}
WORLD = World(
    prompts=150,
    answers=Answers(3, Atoms([(0.1, 1.0), (0.7, 1.0)])),
    signals={
        "verifier": Channel(0.8, 0.2),
        "grades": Score(noise=1.0),
        "noise": Random(0.4),
        "hard": PromptNoise(Beta(0.5, 0.5)),
        "vote": Majority(),
    },
)


def judged(evidence, signal):
    """Judges without the surprise bits, which these tests do not look at and which take their time."""
    return openness(evidence, signal, Budget(status="judged", kind="binary"))


@pytest.fixture(scope="module")
def evidence(evidence_of):
    return evidence_of(WORLD.draw(0), truth=True, origins=ORIGINS)


@pytest.fixture(scope="module")
def found(evidence):
    return {signal: judged(evidence, signal) for signal in WORLD.signals}


def test_verifiers_and_graders_from_outside_are_open(found):
    for signal in ("verifier", "grades"):
        section = found[signal]
        assert (section.verdict, section.adjective, section.measured) == ("open", "renewing", "beyond")
        assert section.bits.low > 0.05
        assert section.share.value > section.bits.value  # the votes leave less than one bit open
        assert section.reason.startswith("external, and it says 0.")
        assert section.columns == found["noise"].columns


@pytest.mark.parametrize("signal", ["noise", "hard"])
def test_noise_from_outside_is_not_open(found, signal):
    section = found[signal]
    assert section.verdict != "open"
    assert section.measured in ("nothing_beyond", "cannot_tell")
    assert section.bits.value < 0.005


def test_a_vote_is_closed(found):
    assert found["vote"].verdict == "closed"
    assert found["vote"].measured != "beyond"


def test_controls_stand_beside_what_was_measured(found):
    controls = found["verifier"].controls
    assert list(controls) == ["moved", "random", "hidden_vote"]
    assert controls["moved"]["value"] < 0.005
    assert controls["random"]["value"] < 0.005
    assert controls["hidden_vote"]["value"] < found["verifier"].bits.value
    json.dumps(controls, allow_nan=False)


def test_within_and_between_add_up_and_a_verifier_is_about_rollouts(found):
    section = found["verifier"]
    assert section.within_bits.value + section.between_bits.value == pytest.approx(section.bits.value, abs=1e-9)
    assert section.within_bits.low > 0
    assert section.within_bits.value > 3 * section.between_bits.value


def test_a_verdict_about_the_prompt_has_its_bits_between_prompts(evidence_of):
    """A grader that marks whole prompts as easy says nothing about which rollout is right."""
    world = World(prompts=200, base=Atoms([(0.15, 1.0), (0.6, 1.0)]), answers=Answers(3, Atoms([(1.0, 1.0)])))
    frame = world.draw(1)
    easy = pl.col("truth").sum().over("prompt") >= 3
    lot = pl.Series(np.random.default_rng(0).random(frame.height) < 0.1)
    frame = frame.with_columns((easy != lot).cast(pl.Float64).alias(SIGNAL + "reward"))
    given = evidence_of(frame, truth=True, origins={"reward": "external"})
    section = judged(given, "reward")
    assert section.measured == "beyond"
    assert section.between_bits.value > 0.8 * section.bits.value
    assert abs(section.within_bits.value) < 0.2 * section.bits.value


def test_a_format_reward_that_is_milder_in_an_easy_region_is_not_open(evidence_of):
    """Its rate tells the region, and the region tells the base rate; but everybody knows the region."""
    world = World(
        prompts=400,
        sizes=Fixed(4),
        answers=Answers(3, Atoms([(1.0, 1.0)])),
        regions=(Region("easy", 1.0, base=Beta(6, 3)), Region("hard", 1.0, base=Beta(3, 6))),
        signals={"format": Regional(Random(0.95), (("hard", Random(0.2)),)), "noise": Random(0.5)},
    )
    frame = world.draw(0)
    told = judged(evidence_of(frame, truth=True, origins={"format": "external"}), "format")
    assert told.verdict != "open"
    assert told.bits.value < 0.005
    assert told.columns[-1] == "region"
    blind = judged(evidence_of(frame.drop("region"), truth=True, origins={"format": "external"}), "format")
    assert blind.measured == "beyond"  # to a log that does not say the region, the verdict does


def test_a_reward_that_saturates_while_the_model_learns_is_not_open(evidence_of):
    world = World(
        prompts=100,
        sizes=Fixed(4),
        answers=Answers(3, Atoms([(1.0, 1.0)])),
        base=Beta(2, 6),
        drift=Replicator(1.6),
        signals={"format": Trend(Random(0.2), 2.2)},
    )
    frame = world.log(0, 6)
    told = judged(evidence_of(frame, truth=True, origins={"format": "external"}), "format")
    assert told.verdict != "open"
    assert "round" in told.columns
    text = (pl.col("prompt") + pl.col("round").cast(pl.String)).alias("prompt")
    blind = frame.with_columns(text, round=pl.lit(0, pl.Int64))
    assert judged(evidence_of(blind, truth=True, origins={"format": "external"}), "format").bits.low > 0


def test_a_better_vote_of_the_model_itself_is_usable_and_not_new(evidence_of):
    world = World(prompts=300, base=Beta(2, 2), answers=Answers(1), signals={"many": Ballot(64)})
    frame = world.draw(0)
    own = evidence_of(frame, truth=True, origins={"many": "own_state"})
    section = judged(own, "many")
    assert section.verdict == "closed"
    unknown = evidence_of(frame, truth=True)
    assert judged(unknown, "many").verdict != "open"


def test_three_hundred_labels_drawn_by_verdict_are_enough_for_a_good_verifier(evidence_of):
    frame = World(prompts=375, signals={"strict": Channel(0.7, 0.1)}).draw(2)
    prompts = frame["prompt"].rank("dense").cast(pl.UInt64).to_numpy()
    drawn = draw_rows(frame[SIGNAL + "strict"].to_numpy(), prompts, np.zeros(frame.height, dtype=np.int64), 300, 0)
    weight = np.full(frame.height, np.nan)
    weight[drawn.rows] = 1 / drawn.probability
    frame = frame.with_columns(truth_weight=pl.Series(weight).fill_nan(None))
    frame = frame.with_columns(truth=pl.when(pl.col("truth_weight").is_not_null()).then("truth"))
    given = evidence_of(frame, truth=True, origins={"strict": "external"})
    section = judged(given, "strict")
    assert section.verdict == "open"
    assert section.bits.rollouts == 300
    assert section.controls["hidden_vote"] is not None
    assert section.within_bits is not None


def test_the_same_log_in_another_order_gives_the_same_section(evidence_of):
    frame = World(prompts=60, signals={"r": Channel(0.8, 0.2)}).draw(0)
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=1)
    first, second = (judged(evidence_of(rows, truth=True, origins={"r": "external"}), "r") for rows in (frame, mixed))
    assert first == second


def test_many_rows_are_capped_by_whole_prompts(evidence, monkeypatch):
    from freshbits.criteria import beyond as module

    monkeypatch.setattr(module, "MOST_ROWS", 400)
    rows = capped(labelled(evidence.tally, "verifier"))
    assert rows.score.size == 400
    assert rows.prompts == 50
    assert beyond(evidence.tally, "verifier", labelled(evidence.tally, "verifier")).found.bits.rollouts == 400


def test_verdicts_of_rounds_with_one_prompt_are_not_moved(evidence_of):
    frame = World(prompts=60, signals={"r": Channel(0.8, 0.2)}).draw(0)
    rounds = frame.with_columns(pl.col("prompt").rank("dense").cast(pl.Int64).alias("round"))
    given = evidence_of(rounds, truth=True, origins={"r": "external"})
    section = judged(given, "r")
    assert section.controls["moved"] is None
    assert section.controls["random"]["value"] < 0.01


def test_small_groups_have_no_hidden_vote(evidence_of):
    frame = World(prompts=200, sizes=Fixed(3), signals={"r": Channel(0.9, 0.1)}).draw(0)
    given = evidence_of(frame, truth=True, origins={"r": "external"})
    section = judged(given, "r")
    assert section.measured == "beyond"
    assert section.controls["hidden_vote"] is None


def test_the_ceiling_is_the_accuracy_of_the_most_frequent_answer(evidence_of):
    """Yes or no with p = .8 and 5 votes: the majority is right with P(Bin(5, .8) >= 3) = .94208."""
    world = World(prompts=800, base=Atoms([(0.8, 1.0)]), answers=Answers(1), sizes=Fixed(5))
    frame = world.draw(0)
    ceiling = sharpening_ceiling(evidence_of(frame, truth=True).tally)
    assert ceiling.low < 0.94208 < ceiling.high
    assert ceiling.value == pytest.approx(0.942, abs=0.02)
    few = frame.with_columns(truth=pl.when(pl.col("sample") == 0).then("truth"))
    sparse = sharpening_ceiling(evidence_of(few, truth=True).tally)
    assert sparse.low < 0.94208 < sparse.high  # one label a prompt finds the mode as often as the mode has votes


def test_ties_of_the_ceiling_count_by_their_share(evidence_of):
    world = World(prompts=1500, base=Atoms([(0.5, 1.0)]), answers=Answers(1), sizes=Fixed(4))
    ceiling = sharpening_ceiling(evidence_of(world.draw(0), truth=True).tally)
    assert ceiling.value == pytest.approx(0.5, abs=0.03)


def test_without_repeated_answers_there_is_no_ceiling(evidence_of):
    frame = World(prompts=60, sizes=Fixed(1)).draw(0)
    assert sharpening_ceiling(evidence_of(frame, truth=True).tally) is None
    assert sharpening_ceiling(evidence_of(frame.drop("truth")).tally) is None
