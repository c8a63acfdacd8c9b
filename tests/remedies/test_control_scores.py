"""Control: each source's score at equal features, from a log and on the command line."""

import json

import numpy as np
import polars as pl
import pytest

from freshbits.controlled import Controls
from freshbits.errors import InputError
from freshbits.remedies.control import control
from freshbits.rollouts.read import read


def log(prompts=120, seed=0):
    """Two judges of three sources; one pays for length, and the plain source writes least."""
    rng = np.random.default_rng(seed)
    rows = []
    for q in range(prompts):
        for source, words, quality in (("plain", 10, 1.0), ("wordy", 80, 0.0), ("middle", 30, 0.5)):
            n = int(words * rng.uniform(0.4, 2.5))
            rows.append(
                {
                    "prompt": f"q{q}",
                    "model": source,
                    "completion": "word " * n,
                    "signal.fond": quality + np.log1p(5 * n) + rng.normal(0, 0.3),
                    "signal.fair": quality + rng.normal(0, 0.3),
                }
            )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def found():
    return control(read(log()), ["characters"])


def test_a_planted_slope_and_planted_qualities_come_back(found):
    for signal, paid in (("fond", 1.0), ("fair", 0.0)):
        [slope] = found.slopes[signal]
        assert slope.slope.low - 0.02 <= paid <= slope.slope.high + 0.02
        scores = {each.source: each.controlled.value for each in found.control[signal]}
        assert scores["plain"] - scores["wordy"] == pytest.approx(1.0, abs=0.2)
        assert scores["middle"] - scores["wordy"] == pytest.approx(0.5, abs=0.2)


def test_the_order_turns_where_length_was_paid(found):
    assert [each.source for each in found.control["fond"]] == ["plain", "middle", "wordy"]
    raw = {each.source: each.raw.value for each in found.control["fond"]}
    assert raw["wordy"] > raw["plain"]
    assert (found.swapped["fond"], found.pairs["fond"]) == (3, 3)
    assert found.swapped["fair"] == 0


def test_a_shift_is_the_difference(found):
    for each in found.control["fond"]:
        assert each.shift.value == pytest.approx(each.controlled.value - each.raw.value)
        assert each.raw.value == pytest.approx(log().filter(model=each.source)["signal.fond"].mean())


def test_unscored_rows_are_no_zeros():
    holes = log().with_columns(pl.when(pl.int_range(pl.len()) % 7 > 0).then("signal.fair").alias("signal.fair"))
    raw = {each.source: each.raw.value for each in control(read(holes), ["characters"]).control["fair"]}
    assert raw["plain"] == pytest.approx(holes.filter(model="plain")["signal.fair"].mean())


def test_an_unknown_feature_and_a_single_source_are_refused():
    with pytest.raises(InputError, match="nearest: characters"):
        control(read(log()), ["character"])
    with pytest.raises(InputError, match="does not say who wrote"):
        control(read(log().drop("model")))
    alone = control(read(log().filter(model="plain")))
    assert alone.control == {}
    assert alone.notes[0] == "fond: scored 1 source(s); control compares two or more"


def test_a_feature_that_never_varies_is_a_note():
    same = log().with_columns(completion=pl.lit("the same words"))
    found = control(read(same), ["characters"])
    assert found.control == {}
    assert found.notes[0] == "fond: no feature varies once prompt and source are known"


def test_json_is_the_same_every_time_and_opens_again(freshbits, tmp_path):
    file, out = tmp_path / "log.parquet", tmp_path / "control.json"
    log().write_parquet(file)
    ran = freshbits("control", file, "--feature", "characters", "--json", out)
    assert ran.code == 0, ran.err
    assert "at equal characters" in ran.out
    first = out.read_text()
    assert freshbits("control", file, "--feature", "characters", "--json", out).code == 0
    assert out.read_text() == first
    data = json.loads(first)
    assert list(data["control"]["fond"][0]) == ["source", "raw", "controlled", "shift"]
    assert Controls.from_json(data).to_json() == data
    assert freshbits("control", file, "--feature", "lenght").code == 2
