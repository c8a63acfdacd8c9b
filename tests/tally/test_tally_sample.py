"""The sample of whole prompts, the narrow frame, and the kinds of signals."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import freshbits
from freshbits.errors import InputError
from freshbits.rollouts.log import Log
from freshbits.rollouts.schema import conform
from freshbits.tally.local import tally
from freshbits.tally.narrow import Narrow
from freshbits.tally.sample import MOST_PROMPTS, MOST_ROWS, choose, draw
from freshbits.tally.values import MOST_VALUES, Values, count_values


def groups(prompts, rows, regions=("",), rounds=1, seed=0):
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**63, prompts, dtype=np.uint64)
    region = np.array(regions)[rng.integers(0, len(regions), prompts)]
    return pl.concat(
        pl.DataFrame(
            {
                "group": keys + np.uint64(number + 1),
                "prompt": keys,
                "round": np.full(prompts, number),
                "rows": np.full(prompts, rows),
                "region": region,
            }
        )
        for number in range(rounds)
    )


def test_the_sample_is_the_same_for_every_order():
    table = groups(5000, 8, ("a", "b"), rounds=2)
    expected = choose(table)["group"].sort()
    for seed in range(3):
        assert choose(table.sample(fraction=1.0, shuffle=True, seed=seed))["group"].sort().equals(expected)


@pytest.mark.parametrize(("prompts", "rows", "rounds"), [(5000, 8, 1), (5000, 64, 1), (300, 16, 10)])
def test_the_sample_stays_within_its_caps_and_takes_prompts_whole(prompts, rows, rounds):
    table = groups(prompts, rows, ("a", "b"), rounds)
    chosen = table.join(choose(table), on="group", how="semi")
    assert MOST_ROWS - rows * rounds < chosen["rows"].sum() <= MOST_ROWS or chosen["prompt"].n_unique() in (
        prompts,
        2 * MOST_PROMPTS,
    )
    assert chosen.group_by("prompt").len()["len"].unique().to_list() == [rounds]
    by_region = chosen.group_by("region").agg(pl.col("prompt").n_unique())["prompt"]
    assert by_region.max() <= MOST_PROMPTS
    assert by_region.max() - by_region.min() <= 1


def test_a_region_of_few_prompts_is_taken_whole():
    many, few = groups(4000, 8, ("many",)), groups(20, 8, ("few",), seed=1)
    chosen = choose(pl.concat([many, few]))["group"]
    assert set(few["group"]) <= set(chosen)


def test_a_small_log_is_its_own_sample():
    table = groups(100, 8)
    assert choose(table).height == 100


def test_a_prompt_that_overflows_the_sample_gives_its_first_groups():
    table = groups(1, 3000, rounds=10)
    chosen = table.join(choose(table), on="group", how="semi")
    assert chosen["round"].to_list() == [0, 1, 2, 3, 4, 5]
    huge = groups(1, 3 * MOST_ROWS)
    assert choose(huge).height == 1


def test_a_prompt_drawn_does_not_depend_on_the_others_scores():
    table = groups(5000, 8)
    assert choose(table)["group"].equals(choose(table.with_columns(k=pl.lit(3)))["group"])
    by_key = table.sort("prompt").head(MOST_PROMPTS)["prompt"]
    assert set(choose(table)["group"]) == set(by_key + 1)


def test_sampled_rows_come_whole_and_sorted_by_content():
    rows = pl.DataFrame(
        {
            "row": [0, 1, 2, 3],
            "prompt": [9, 5, 5, 9],
            "group": [90, 50, 50, 90],
            "signal.r": [1.0, None, 0.0, 0.5],
        }
    )
    table = pl.DataFrame({"group": [50, 90], "prompt": [5, 9], "round": [0, 0], "rows": [2, 2]})
    assert draw(rows.lazy(), table)["row"].to_list() == [2, 1, 3, 0]


def test_spilled_rows_keep_their_order_and_leave_nothing_behind(monkeypatch):
    monkeypatch.setattr("freshbits.tally.narrow.SPILL_ROWS", 3)
    with Narrow() as rows:
        for start in range(0, 10, 2):
            rows.append(pl.DataFrame({"x": [start, start + 1]}))
        frame = rows.lazy().collect()
        folder = rows._folder.name
    assert frame["x"].to_list() == frame["row"].to_list() == list(range(10))
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], "unscored"),
        ([1.0, 1.0, None], "constant"),
        ([0.0, 1.0], "binary"),
        ([-1.0, 1.0], "binary"),
        ([0.0, 0.5, 1.0], "levels"),
        ([0.0, 0.25, 0.5, 1.0], "levels"),
        ([0.0, 0.1, 0.2, 0.3, 0.4], "score"),
    ],
)
def test_kinds_of_signals(values, kind):
    found = count_values(pl.LazyFrame({"signal.r": values}, schema={"signal.r": pl.Float64}), ["r"])["r"]
    assert found.kind == kind
    assert found.unscored == values.count(None)
    assert found.scored == (kind != "unscored")
    assert found.counts == {v: values.count(v) for v in sorted({v for v in values if v is not None})}


def test_many_values_keep_no_histogram():
    frame = pl.LazyFrame({"signal.r": np.linspace(0, 1, 500)})
    found = count_values(frame, ["r"])["r"]
    assert found.many
    assert found.counts == {}
    assert (found.low, found.high) == (0.0, 1.0)
    assert count_values(frame.head(MOST_VALUES), ["r"])["r"].counts != {}


def test_values_add_up_past_the_cap():
    one = Values({float(i): 1 for i in range(60)}, 2, 0.0, 59.0)
    two = Values({float(i): 1 for i in range(55, 70)}, 1, 55.0, 69.0)
    merged = one.merge(two)
    assert merged == two.merge(one)
    assert merged.many
    assert (merged.low, merged.high, merged.unscored) == (0.0, 69.0, 3)
    none = Values({}, 4, None, None)
    assert none.merge(one).counts == one.counts
    assert none.merge(none).kind == "unscored"


def test_a_log_that_scores_nothing_says_so():
    rows = pl.DataFrame(
        {"prompt": ["p"] * 4, "completion": ["a"] * 4, "reward": [None] * 4}, schema_overrides={"reward": pl.Float64}
    )
    with pytest.raises(InputError, match="no rollout is scored"):
        tally(freshbits.read(rows))


def test_a_judge_asked_twice_is_counted_once_per_rollout():
    rows = pl.DataFrame(
        {
            "prompt": [f"q{i // 4 // 2}" for i in range(80)],
            "completion": [f"answer {i // 2 % 4}" for i in range(80)],
            "sample": [i // 2 % 4 for i in range(80)],
            "repeat": [i % 2 for i in range(80)],
            "reward": [float(i % 8 in (0, 1, 2)) for i in range(80)],
        }
    )
    frame = conform(rows.rename({"reward": "signal.reward"}))
    log = Log("made", (), dict(frame.schema), lambda names: iter([frame if names is None else frame.select(names)]))
    found = tally(log)
    assert found.rows == 40
    assert found.of("reward").n.tolist() == [4] * 10
    # of the four rollouts in a group, one is accepted twice, one once, two never
    asked = found.repeats["reward"]
    assert (asked.n.tolist(), int(asked.differ.sum())) == ([2] * 40, 10)
    assert found.of("reward").k.tolist() == [2] * 10
