"""Without truth openness is bounded, never declared; every code names what would let it be judged."""

import pytest

from freshbits.criteria.budget import budget
from freshbits.criteria.channel import channel
from freshbits.criteria.efficiency import efficiency
from freshbits.criteria.forecast import forecast
from freshbits.criteria.openness import openness
from freshbits.worlds import Channel, Fixed, Majority, World

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
    evidence = evidence_of(World(prompts=60, sizes=Fixed(1), labelled=0.0).draw(0))
    found = judged(evidence, "reward")
    assert (found.status, found.code) == ("not_judged", "OPEN_NO_BELIEF")
    assert found.surprise_bits is None


def test_with_truth_the_rest_is_to_come(evidence_of):
    found = judged(evidence_of(World(prompts=60).draw(0), truth=True), "reward")
    assert (found.status, found.code) == ("not_judged", "NOT_YET")


def test_few_prompts_are_said(evidence_of):
    found = judged(evidence_of(World(prompts=5, labelled=0.0).draw(0)), "reward")
    assert found.status == "not_judged"
    assert found.code == "FEW_PROMPTS"


def test_channel_efficiency_and_forecast_say_what_they_need(evidence, evidence_of):
    found = channel(evidence, "reward")
    assert (found.status, found.code) == ("not_judged", "CHANNEL_NO_TRUTH")
    assert found.needs.startswith("freshbits label")
    assert forecast(evidence).code == "FORECAST_ONE_ROUND"
    assert forecast(evidence_of(WORLD.log(0, 2))).code == "NOT_YET"
    spent = efficiency(evidence, budget(evidence, "reward"))
    assert (spent.status, spent.code) == ("not_judged", "NOT_YET")
    assert spent.total_bits.value > 0
    assert spent.partition
