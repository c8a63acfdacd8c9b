"""The plan: order, bounds without truth, refusals, projections against simulated loops."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from freshbits.auditing import gather
from freshbits.criteria.labelled import labelled
from freshbits.dynamics.grpo import advance
from freshbits.errors import InputError
from freshbits.planned import Plan
from freshbits.planning import plan
from freshbits.remedies.plan_projected import filtered, reinforced, start
from freshbits.report.plan import plan_page
from freshbits.rollouts.options import ReadOptions

EXTERNAL = ReadOptions(origins={"good": "external", "poor": "external"}, signals=("good", "poor"))


def rows(seed: int = 0, prompts: int = 120, size: int = 8, truth: bool = True) -> pl.DataFrame:
    """Draws a log with a good and a poor verifier."""
    rng = np.random.default_rng(seed)
    p = np.repeat(rng.beta(1, 1.5, prompts), size)
    right = rng.random(p.size) < p
    table = {
        "prompt": [f"question {q}" for q in np.repeat(np.arange(prompts), size)],
        "completion": [f"the answer is {0 if c else rng.integers(1, 9)}" for c in right],
        "good": (rng.random(p.size) < np.where(right, 0.95, 0.05)).astype(float),
        "poor": (rng.random(p.size) < np.where(right, 0.7, 0.4)).astype(float),
    }
    return pl.DataFrame(table | ({"truth": right.astype(float)} if truth else {}))


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(rows(), EXTERNAL, costs={"good": 4.0, "reference": 10.0}, rounds=3)


def by_name(found: Plan) -> dict[tuple[str | None, str], object]:
    return {(way.signal, way.method): way for way in found.plan}


def test_ways_are_ranked_by_bits_per_cost_and_currencies_are_kept_apart(planned):
    ranked = [way for way in planned.plan if way.rank is not None]
    assert [way.rank for way in ranked] == list(range(1, len(ranked) + 1))
    worth = [way.per_cost.value for way in ranked]
    assert worth == sorted(worth, reverse=True)
    assert {way.currency for way in ranked} == {"contrast"}
    ways = by_name(planned)
    assert ways["good", "grpo"].per_cost.value == pytest.approx(ways["good", "grpo"].task_bits.value / 5)
    assert ways["good", "rft"].task_bits.value < ways["good", "grpo"].task_bits.value
    reference = ways[None, "sft"]
    assert (reference.rank, reference.status, reference.code) == (None, "not_judged", "LADDER_NO_REFERENCE")
    assert reference.task_bits.value is None
    assert reference.task_bits.low > 0


def test_the_price_can_turn_the_order():
    dear = plan(rows(), EXTERNAL, costs={"good": 100.0}, rounds=1)
    first = next(way for way in dear.plan if way.rank == 1)
    assert first.signal == "poor"


def looped(p: np.ndarray, rng: np.random.Generator, rounds: int) -> float:
    """Runs a tabular loop: 8 rollouts of each prompt, trained on the accepted ones; returns its last base rate."""
    for _ in range(rounds):
        right = rng.random((p.size, 8)) < p[:, None]
        kept = rng.random((p.size, 8)) < np.where(right, 0.95, 0.05)
        number = kept.sum(axis=1)
        p = np.where(number > 0, (right & kept).sum(axis=1) / np.maximum(number, 1), p)
    return float(p.mean())


def test_filtering_is_projected_into_an_interval_that_holds_what_simulated_loops_do():
    inside, off = [], []
    for seed in range(10):
        _, evidence, _ = gather(rows(seed), EXTERNAL)
        begin = start(evidence.tally.of("good"), labelled(evidence.tally, "good"), 1.0)
        last = filtered(begin, 2)[-1].accuracy
        came = looped(np.random.default_rng(seed).beta(1, 1.5, 120), np.random.default_rng(100 + seed), 2)
        inside.append(last.low < came < last.high)
        off.append(last.value - came)
    assert np.mean(inside) >= 0.8
    assert abs(np.mean(off)) < 0.03


def test_what_a_projection_rests_on_is_told(planned):
    updates = by_name(planned)["good", "grpo"]
    assert updates.projection == []
    assert "--trained grpo" in updates.unprojected
    way = by_name(planned)["good", "rft"]
    assert [each.round for each in way.projection] == [0, 1, 2, 3]
    told = {each.assumption: each for each in way.leanings}
    assert set(told) == {"cost", "task bits", "tpr", "fpr", "rollouts per prompt"}
    assert told["fpr"].low < 0.06 < told["fpr"].high
    assert told["fpr"].accuracy[0] > told["fpr"].accuracy[1]
    assert told["rollouts per prompt"].accuracy[0] < told["rollouts per prompt"].accuracy[1]


def test_group_relative_updates_are_projected_only_from_rounds_that_they_made():
    _, evidence, _ = gather(rows(), EXTERNAL)
    groups = evidence.tally.of("good")
    begin = start(groups, labelled(evidence.tally, "good"), 1.0)
    assert "two logged rounds" in reinforced(groups, begin, 2)
    rng = np.random.default_rng(5)
    p = advance(rng.beta(1, 2, 200), 0.8, 0.9, 0.1, 4)
    parts = []
    for number in (0, 1):
        right = rng.random((200, 16)) < p[number][:, None]
        verdict = rng.random(right.shape) < np.where(right, 0.9, 0.1)
        parts.append(
            pl.DataFrame(
                {
                    "prompt": [f"q{q}" for q in np.repeat(np.arange(200), 16)],
                    "round": number,
                    "completion": "x",
                    "good": verdict.ravel().astype(float),
                    "truth": right.ravel().astype(float),
                }
            )
        )
    options = ReadOptions(origins={"good": "external"}, signals=("good",))
    found = by_name(plan(pl.concat(parts), options, rounds=3, trained="grpo"))["good", "grpo"]
    assert [each.round for each in found.projection] == [0, 1, 2, 3]
    for ahead in found.projection:
        assert ahead.accuracy.low <= p[1 + ahead.round].mean() <= ahead.accuracy.high


def test_without_truth_there_are_bounds_and_no_rank():
    found = plan(rows(truth=False), EXTERNAL)
    assert all(way.rank is None for way in found.plan)
    for way in found.plan[:-1]:
        assert (way.code, way.task_bits.value, way.task_bits.low) == ("PLAN_NO_TRUTH", None, 0.0)
        assert way.needs.startswith("freshbits label")
    assert found.plan[-1].task_bits is None
    assert "bits per cost" not in plan_page(found)


def test_signals_that_bring_nothing_or_lead_away_have_no_rank():
    table = rows().with_columns(
        turned=1 - pl.col("good"), coin=pl.Series(np.random.default_rng(9).integers(0, 2, 960).astype(float))
    )
    options = ReadOptions(signals=("turned", "coin", "good"), origins={"good": "own_state", "turned": "external"})
    ways = by_name(plan(table, options, rounds=1))
    assert ways["turned", "grpo"].code == "PLAN_AGAINST_TRUTH"
    assert ways["coin", "grpo"].code in ("PLAN_NOTHING", "PLAN_CLOSED")
    assert ways["good", "grpo"].code == "PLAN_CLOSED"
    assert all(way.rank is None for way in ways.values())


def test_prompts_with_channels_of_their_own_are_not_projected_as_if_they_had_one():
    rng = np.random.default_rng(2)
    prompts, size = 150, 16
    p = np.repeat(rng.beta(2, 2, prompts), size)
    right = rng.random(p.size) < p
    turned = np.repeat(np.arange(prompts) % 3 == 0, size)
    verdict = rng.random(p.size) < np.where(right ^ turned, 0.95, 0.05)
    table = pl.DataFrame(
        {
            "prompt": [f"q{q}" for q in np.repeat(np.arange(prompts), size)],
            "completion": "x",
            "good": verdict.astype(float),
            "truth": right.astype(float),
        }
    )
    way = by_name(plan(table, ReadOptions(signals=("good",), origins={"good": "external"})))["good", "rft"]
    assert way.rank is not None
    assert way.projection == []
    assert "channels of their own" in way.unprojected


def test_json_goes_both_ways_and_the_page_says_what_it_rests_on(planned):
    assert Plan.from_json(json.loads(planned.dumps())).dumps() == planned.dumps()
    page = plan_page(planned)
    for words in ("GRPO on good", "what it rests on", "SFT on references", "not what a learner absorbs"):
        assert words in page


@pytest.mark.parametrize(
    ("costs", "rounds", "trained", "words"),
    [
        ({"goood": 1.0}, 3, None, "no signal 'goood'"),
        ({"good": -1.0}, 3, None, "is no cost"),
        ({"rollout": 0.0}, 3, None, "costs nothing"),
        ({}, 0, None, "cannot be projected"),
        ({}, 3, "ppo", "trained by 'ppo'"),
    ],
)
def test_impossible_plans_are_refused_in_words(costs, rounds, trained, words):
    with pytest.raises(InputError, match=words):
        plan(rows(), EXTERNAL, costs=costs, rounds=rounds, trained=trained)
