"""What stands in the way of a verdict is named by a code, with the bound that is left and the command that helps."""

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.budget import budget
from freshbits.criteria.channel import channel
from freshbits.criteria.openness import is_truth, openness
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Atoms, Channel, Fixed, Majority, World

WORLD = World(prompts=80, signals={"reward": Channel(0.9, 0.1), "vote": Majority()}, labelled=0.0)


@pytest.fixture(scope="module")
def evidence(evidence_of):
    return evidence_of(WORLD.draw(0), origins={"reward": "external"})


def judged(evidence, signal):
    return openness(evidence, signal, budget(evidence, signal))


def test_without_truth_there_is_a_bound_and_no_verdict(evidence):
    found = judged(evidence, "reward")
    assert (found.status, found.code, found.verdict) == ("not_judged", "OPEN_NO_TRUTH", None)
    assert found.origin == "external"
    assert "vote_share" in found.columns
    assert found.surprise_bits.value > 0.3
    assert found.needs == "freshbits label runs/ -n 300 -o labels.csv --signal reward"


def test_a_vote_has_a_small_bound(evidence):
    found = judged(evidence, "vote")
    assert found.origin == "unknown"
    assert found.surprise_bits.high < 0.3


def test_without_belief_there_is_no_bound(evidence_of):
    for truth in (False, True):
        evidence = evidence_of(World(prompts=60, sizes=Fixed(1), labelled=float(truth)).draw(0), truth=truth)
        found = judged(evidence, "reward")
        assert (found.status, found.code) == ("not_judged", "OPEN_NO_BELIEF")
        assert found.surprise_bits is None


def test_few_labels_leave_the_bound_and_ask_for_more(evidence_of):
    frame = WORLD.draw(0).with_columns(truth=pl.when(pl.col("sample") < 2).then(1.0))
    found = judged(evidence_of(frame, truth=True), "reward")
    assert (found.status, found.code) == ("not_judged", "OPEN_FEW_LABELS")
    assert found.reason.startswith("160 rows of 80 prompts are scored and labelled; it takes 200 rows of 30 prompts")
    assert found.surprise_bits.value > 0.3
    assert found.needs.startswith("freshbits label")


def test_many_labels_on_few_prompts_are_few(evidence_of):
    evidence = evidence_of(World(prompts=29, signals=WORLD.signals).draw(0), truth=True)
    assert judged(evidence, "reward").code == "OPEN_FEW_LABELS"


def test_a_signal_that_no_labelled_row_has_is_without_truth(evidence_of):
    frame = WORLD.draw(0).with_columns(truth=pl.when(pl.col("sample") < 4).then(1.0))
    frame = frame.with_columns(pl.when(pl.col("sample") >= 4).then(pl.col(SIGNAL + "reward")).alias(SIGNAL + "reward"))
    assert judged(evidence_of(frame, truth=True), "reward").code == "OPEN_NO_TRUTH"


def test_truth_equal_to_the_signal_judges_nothing(evidence_of):
    evidence = evidence_of(World(prompts=60).draw(0), truth=True, origins={"reward": "external"})
    found = judged(evidence, "reward")
    assert (found.status, found.code, found.verdict) == ("not_judged", "OPEN_TRUTH_IS_SIGNAL", None)
    assert found.bits is None


def test_truth_follows_from_a_verdict_or_a_threshold_but_not_from_distinct_scores():
    score, right = np.linspace(0, 1, 300), np.linspace(0, 1, 300) > 0.4
    assert is_truth(score, right)
    assert is_truth(-score, right)
    assert not is_truth(score, np.arange(300) % 2 == 0)  # every score occurs once: each "predicts" its own row
    levels = np.tile([0.0, 0.5, 1.0], 100)
    assert is_truth(levels, levels == 0.5)
    assert not is_truth(levels, np.r_[levels[:-1] == 0.5, True])
    assert not is_truth(levels, np.ones(300, dtype=bool))


def test_few_prompts_are_said(evidence_of):
    found = judged(evidence_of(World(prompts=5, labelled=0.0).draw(0)), "reward")
    assert found.status == "not_judged"
    assert found.code == "FEW_PROMPTS"


def test_pairs_are_not_measured(evidence_of):
    given = evidence_of(World(prompts=60).draw(0), truth=True, pairs=True)
    assert judged(given, "reward").code == "OPEN_PAIRS"
    without = evidence_of(World(prompts=60, labelled=0.0).draw(0), pairs=True)
    assert judged(without, "reward").code == "OPEN_NO_TRUTH"
    own = evidence_of(World(prompts=60).draw(0), truth=True, pairs=True, origins={"reward": "own_state"})
    assert judged(own, "reward").verdict == "closed"


def test_labels_nearly_all_right_cannot_tell(evidence_of):
    world = World(prompts=60, base=Atoms([(0.8, 1.0)]), signals={"reward": Channel(0.9, 0.1)})
    frame = world.draw(0).with_columns(truth=pl.when(pl.int_range(pl.len()) == 3).then(0.0).otherwise(1.0))
    found = judged(evidence_of(frame, truth=True, origins={"reward": "external"}), "reward")
    assert (found.status, found.verdict, found.measured) == ("judged", "undetermined", "cannot_tell")
    assert "prompts with the rarer kind: 1, it takes 10" in found.reason


def test_the_channel_without_truth_asks_for_labels_too(evidence):
    found = channel(evidence, "reward")
    assert (found.status, found.code) == ("not_judged", "CHANNEL_NO_TRUTH")
    assert found.needs.startswith("freshbits label")
