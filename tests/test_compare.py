"""The comparison: order by known bits, random signals never first, what has no rank and why, the command."""

import json

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.comparing import parse_costs
from freshbits.worlds import Beta, Channel, Majority, Random, World
from freshbits.worlds.write import write_plain

SIGNALS = {"good": Channel(0.9, 0.1), "weak": Channel(0.7, 0.3), "coin": Random(0.5), "vote": Majority()}


def world(prompts=60, labelled=1.0, **signals):
    return World(prompts=prompts, base=Beta(1, 1), signals=signals or SIGNALS, labelled=labelled)


def ranks(comparison):
    return {each.signal: each.rank for each in comparison.compare}


@pytest.fixture(scope="module")
def with_truth():
    here = world(110, good=SIGNALS["good"], weak=SIGNALS["weak"], coin=SIGNALS["coin"])
    return fb.compare(here.draw(1), costs={"good": 4.0, "weak": 0.1}), here.truth()


def test_order_is_by_task_bits_where_there_is_truth(with_truth):
    found, truth = with_truth
    assert found.basis == "task_bits"
    assert ranks(found) == {"good": 1, "weak": 2, "coin": None}
    for each in found.compare[:2]:
        expected = truth.signals[each.signal].truth_bits
        assert each.task_bits.low - 0.02 <= expected <= each.task_bits.high + 0.02
        assert each.base_rate.low < 0.5 < each.base_rate.high
    assert found.compare[0].clear is True
    assert found.compare[1].clear is None
    coin = found.compare[2]
    assert (coin.status, coin.code) == ("not_judged", "COMPARE_NOTHING")
    assert coin.contrast_bits.value > found.compare[0].contrast_bits.value  # contrast alone would put it first


def test_order_per_cost_is_its_own(with_truth):
    found, _ = with_truth
    assert {each.signal: each.rank_per_cost for each in found.compare} == {"good": 2, "weak": 1, "coin": None}
    assert found.compare[0].per_cost == pytest.approx(found.compare[0].task_bits.value / 4)


def test_json_both_ways(with_truth):
    found, _ = with_truth
    data = json.loads(found.dumps())
    assert list(data["compare"][0])[:3] == ["log", "signal", "rank"]
    assert {"task_bits", "contrast_bits", "cost", "status"} <= set(data["compare"][0])
    assert fb.Comparison.from_json(data).to_json() == data


@pytest.mark.parametrize("seed", range(2))
def test_without_truth_a_random_signal_is_never_first(seed):
    signals = {name: SIGNALS[name] for name in ("good", "coin", "vote")}
    found = fb.compare(world(40, 0.0, **signals).draw(seed))
    assert found.basis == "class_bits"
    assert ranks(found)["coin"] is None
    assert {each.signal for each in found.compare[:2]} == {"good", "vote"}
    assert "a vote of the model's own answers" in found.notes[0]
    assert all(each.task_bits is None for each in found.compare)


def test_a_signal_that_knows_only_easy_prompts_has_no_rank():
    """It accepts by prompt, at the prompt's own base rate, whatever the answer: bits between prompts, none inside."""
    rows = world(60, 0.0).draw(3)
    rate = rows.select(pl.col("signal.good").mean().over("prompt"))["signal.good"].to_numpy()
    easy = np.random.default_rng(0).random(rows.height) < rate
    found = fb.compare(rows.select("prompt", "completion", "round", pl.Series("signal.easy", easy * 1.0)))
    assert ranks(found) == {"easy": None}
    assert found.compare[0].code == "COMPARE_NOTHING"


def test_a_signal_that_prefers_wrong_answers_has_no_rank():
    found = fb.compare(world(60, bad=Channel(0.2, 0.8), good=Channel(0.8, 0.2)).draw(2))
    assert ranks(found) == {"good": 1, "bad": None}
    assert found.compare[1].code == "COMPARE_AGAINST_TRUTH"


def test_answers_that_never_recur_give_no_rank():
    rng = np.random.default_rng(1)
    rows = pl.DataFrame(
        {
            "prompt": [f"q{i // 4}" for i in range(160)],
            "completion": [f"text {i} {rng.integers(10**9)}" for i in range(160)],
            "reward": rng.integers(0, 2, 160).astype(float),
        }
    )
    (found,) = fb.compare(rows).compare
    assert found.code == "COMPARE_PARTITION_TOO_FINE"
    assert found.needs.startswith("freshbits label")


def test_logs_of_other_prompts_are_warned_of():
    one, other = world(40, good=SIGNALS["good"]).draw(1), world(40, good=SIGNALS["good"]).draw(2)
    found = fb.compare(one, other.filter(pl.col("sample") < 6), names=["a", "b"])
    assert [each.log for each in found.compare] in (["a", "b"], ["b", "a"])
    assert "a and b share" in found.warnings[0]
    assert "group sizes (a: 8, b: 6)" in found.warnings[1]


def test_bits_with_and_without_truth_are_not_ranked_together():
    rows = world(40, good=SIGNALS["good"]).draw(1)
    found = fb.compare(rows.drop("truth"), rows, names=["a", "b"])
    assert [(each.log, each.rank, each.code) for each in found.compare] == [
        ("b", 1, None),
        ("a", None, "COMPARE_NO_TRUTH"),
    ]
    assert found.compare[1].needs == "freshbits label a -n 300"


@pytest.mark.parametrize(
    ("costs", "said"),
    [({"god": 1.0}, r"no log has a signal 'god' \(nearest: good\)"), ({"good": 0.0}, "a cost must be above 0")],
)
def test_wrong_costs_are_refused(costs, said):
    with pytest.raises(fb.InputError, match=said):
        fb.compare(world(12, 0.0, good=SIGNALS["good"]).draw(1), costs=costs)


@pytest.mark.parametrize("text", ["judge", "=1", "judge=much"])
def test_costs_are_read_or_refused(text):
    assert parse_costs(["a=b=0.5"]) == {"a=b": 0.5}
    with pytest.raises(fb.InputError, match="is not NAME=x"):
        parse_costs([text])


def test_nothing_to_compare_is_refused():
    with pytest.raises(fb.InputError, match="no log to compare"):
        fb.compare()


def test_the_command(freshbits, tmp_path):
    path = write_plain(world(40, good=SIGNALS["good"], coin=SIGNALS["coin"]).draw(1), tmp_path / "log.parquet")
    to = tmp_path / "out.json"
    ran = freshbits("compare", path, "--signal", "good", "--signal", "coin", "--cost", "good=2", "--json", to)
    assert ran.code == 0
    assert "task bits" in ran.out
    assert "bits per cost" in ran.out
    assert "(COMPARE_NOTHING)" in ran.out
    assert [each["rank"] for each in json.loads(to.read_text())["compare"]] == [1, None]
    assert freshbits("compare", path, "--signal", "good", "--cost", "good").code == 2
