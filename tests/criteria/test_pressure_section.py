"""The pressure section: from whole labelled groups only, and why not otherwise."""

import dataclasses
import json

import polars as pl
import pytest

from freshbits.criteria.labelled import labelled
from freshbits.criteria.pressure import pressure, why_no_pressure
from freshbits.plain import to_plain
from freshbits.worlds import Beta, Channel, Score, World


@pytest.fixture(scope="module")
def rows():
    signals = {"reward": Channel(0.9, 0.2), "score": Score(noise=1.0)}
    return World(prompts=60, base=Beta(1, 1), signals=signals, labelled=1.0).draw(1)


@pytest.mark.parametrize("signal", ["reward", "score"])
def test_the_curve_of_whole_groups_starts_at_the_base_rate(rows, evidence_of, signal):
    evidence = evidence_of(rows, truth=True)
    found = to_plain(pressure(evidence, signal, labelled(evidence.tally, signal)))
    assert [point["n"] for point in found["curve"]] == [1, 2, 4, 8, 16, 32]
    assert [point["projected"] for point in found["curve"]] == [False] * 4 + [True] * 2
    assert found["curve"][0]["truth"]["value"] == pytest.approx(rows["truth"].mean(), abs=1e-6)
    assert found["curve"][3]["truth"]["low"] > found["curve"][0]["truth"]["value"]
    assert found["peak"] is None
    assert json.loads(json.dumps(found)) == found


def test_a_row_in_ten_without_label_is_borne_and_one_label_per_prompt_is_not(rows, evidence_of):
    some = rows.with_columns(pl.when(pl.col("sample") != 3).then("truth").alias("truth"))
    evidence = evidence_of(some, truth=True)
    assert pressure(evidence, "reward", labelled(evidence.tally, "reward"))["curve"][0]["truth"].rollouts == 420
    one = rows.with_columns(pl.when(pl.col("sample") == 3).then("truth").alias("truth"))
    evidence = evidence_of(one, truth=True)
    found = labelled(evidence.tally, "reward")
    assert pressure(evidence, "reward", found) is None
    assert "prompts with one: 0 of 60" in why_no_pressure(evidence, "reward", found)


def test_labels_drawn_unequally_inside_a_group_are_no_group(rows, evidence_of):
    weighted = rows.with_columns(pl.when(pl.col("sample") < 4).then(2.0).otherwise(1.0).alias("truth_weight"))
    evidence = evidence_of(weighted, truth=True)
    assert pressure(evidence, "reward", labelled(evidence.tally, "reward")) is None


def test_where_the_best_of_n_means_nothing_there_is_none(rows, evidence_of):
    evidence = evidence_of(rows, truth=True)
    found = labelled(evidence.tally, "reward")
    for facts, said in (({"pairs": True}, "pairs"), ({"filtered": "it is filtered"}, "hides groups")):
        other = dataclasses.replace(evidence, **facts)
        assert pressure(other, "reward", found) is None
        assert said in why_no_pressure(other, "reward", found)
    assert pressure(evidence, "reward", None) is None
    constant = dataclasses.replace(found, score=found.score * 0)
    assert "never varies" in why_no_pressure(evidence, "reward", constant)
