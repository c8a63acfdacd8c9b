"""The tally is the same for any order, split, spilling and sharding of the rows."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import freshbits
from freshbits.outputs.compact import compact
from freshbits.outputs.partition import HASHES
from freshbits.rollouts.schema import SIGNAL
from freshbits.tally import local, narrow
from freshbits.tally.cells import add_cells, count_cells, summarise
from freshbits.tally.local import tally
from freshbits.tally.values import count_values
from freshbits.worlds import (
    Channel,
    Format,
    Habit,
    Levels,
    Region,
    Score,
    Source,
    World,
    log_uniform,
)

WORLD = World(
    prompts=25,
    sizes=log_uniform(2, 10),
    signals={
        "reward": Channel(0.9, 0.1, scored=0.9),
        "format_reward": Format(0.8),
        "grade_score": Levels((0.0, 0.5, 1.0), (0.1, 0.2, 0.7), (0.6, 0.3, 0.1)),
        "fine_score": Score(0.5),
    },
    features={"bullets": Habit(0.6, 0.3)},
    sources=(Source("small"), Source("large", 0.7)),
    regions=(Region("near"), Region("far")),
    cut=0.1,
    labelled=0.5,
    logprobs=True,
)
SMALL = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def plain(frame):
    """The rows under the names that a plain log has; shuffling must not pass for writing a row twice."""
    names = {name: name.removeprefix(SIGNAL) for name in frame.columns if name.startswith(SIGNAL)}
    kept = frame.rename(names).rename({"source": "model", "region": "data_source"})
    return kept.drop([name for name in kept.columns if name.startswith("extra.") or name == "truth_weight"])


ROWS = plain(WORLD.log(4, 2))


def counted(source):
    return tally(freshbits.read(source))


@pytest.fixture(scope="module")
def whole():
    return counted(ROWS)


def test_the_log_has_what_the_tests_are_about(whole):
    kinds = {name: values.kind for name, values in whole.values.items()}
    assert kinds == {
        "reward": "binary",
        "format_reward": "binary",
        "grade_score": "levels",
        "fine_score": "score",
    }
    assert whole.rows == ROWS.height
    assert whole.values["reward"].unscored == ROWS["reward"].null_count() > 0
    assert whole.groups.height == 25 * 2 * 2
    assert whole.groups["truncated"].sum() == ROWS["truncated"].sum() > 0


def test_the_digest_sees_a_single_verdict(whole):
    reward = ROWS["reward"].to_list()
    first = next(i for i, value in enumerate(reward) if value is not None)
    reward[first] = 1 - reward[first]
    assert counted(ROWS.with_columns(reward=pl.Series(reward))).digest() != whole.digest()


@SMALL
@given(seed=st.integers(0, 2**32))
def test_any_order_gives_the_same_tally(whole, seed):
    order = np.random.default_rng(seed).permutation(ROWS.height)
    assert counted(ROWS[order]).digest() == whole.digest()


@SMALL
@given(cuts=st.lists(st.integers(1, ROWS.height - 1), max_size=5, unique=True), seed=st.integers(0, 2**32))
def test_any_split_into_files_gives_the_same_tally(whole, tmp_path_factory, cuts, seed):
    folder = tmp_path_factory.mktemp("split")
    rows = ROWS[np.random.default_rng(seed).permutation(ROWS.height)]
    edges = [0, *sorted(cuts), ROWS.height]
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        rows[start:end].write_parquet(folder / f"part-{number}.parquet")
    assert counted(folder).digest() == whole.digest()


def test_jsonl_and_parquet_give_the_same_tally(whole, tmp_path):
    ROWS.write_ndjson(tmp_path / "log.jsonl")
    assert counted(tmp_path / "log.jsonl").digest() == whole.digest()


@pytest.mark.parametrize("rows", [1, 37, 200])
def test_spilling_changes_nothing(whole, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(narrow, "SPILL_ROWS", rows)
    for number, part in enumerate(np.array_split(np.arange(ROWS.height), 6)):
        ROWS[part].write_parquet(tmp_path / f"{number}.parquet")
    assert counted(tmp_path).digest() == whole.digest()


@pytest.mark.parametrize("rows", [1, 50, 333])
def test_sharding_changes_nothing(whole, monkeypatch, rows):
    monkeypatch.setattr(local, "SHARD_ROWS", rows)
    assert counted(ROWS).digest() == whole.digest()


NARROW = compact(WORLD.log(4, 2), HASHES)
SIGNALS = list(WORLD.signals)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(parts=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_cells_of_parts_add_up_to_the_cells_of_the_whole(parts, seed):
    values = count_values(NARROW.lazy(), SIGNALS)
    expected = summarise(count_cells(NARROW.lazy(), values).collect(), SIGNALS)
    place = np.random.default_rng(seed).integers(0, parts, NARROW.height)
    cells = [count_cells(NARROW.filter(pl.Series(place == part)).lazy(), values).collect() for part in range(parts)]
    found = summarise(add_cells(*cells), SIGNALS)
    for one, two in zip(found, expected, strict=True):
        assert one.select(two.columns).equals(two)


def test_values_of_parts_add_up_to_the_values_of_the_whole():
    expected = count_values(NARROW.lazy(), SIGNALS)
    one, two = (count_values(NARROW[part].lazy(), SIGNALS) for part in (slice(0, 77), slice(77, None)))
    assert {name: one[name].merge(two[name]) for name in SIGNALS} == expected


def test_counts_equal_counting_by_hand(whole):
    by_hand = (
        ROWS.filter(pl.col("reward").is_not_null())
        .group_by("prompt", "round", "model")
        .agg(n=pl.len(), k=(pl.col("reward") == 1).sum())
    )
    counts = whole.of("reward")
    assert counts.n.sum() == by_hand["n"].sum()
    assert sorted(zip(counts.n.tolist(), counts.k.tolist(), strict=True)) == sorted(by_hand.select("n", "k").rows())
    dead = by_hand.filter((pl.col("k") == 0) | (pl.col("k") == pl.col("n")))
    assert counts.dead.sum() == dead.height
    assert (counts.dead & counts.low).sum() == by_hand.filter(pl.col("k") == 0).height
    assert (counts.dead & counts.high).sum() == by_hand.filter(pl.col("k") == pl.col("n")).height


def test_species_equal_counting_by_hand(whole):
    classes = (
        ROWS.with_columns(pl.col("completion").str.extract(r"#### (\d+)$").fill_null("none"))
        .group_by("prompt", "completion")
        .agg(rows=pl.len(), k=(pl.col("reward") == 1).sum())
    )
    by_hand = classes.group_by("prompt").agg(
        distinct=pl.len(),
        once=(pl.col("rows") == 1).sum(),
        accepted_once=(pl.col("k") == 1).sum(),
        accepted=(pl.col("k") > 0).sum(),
    )
    for ours, theirs in (
        ("distinct", "distinct"),
        ("once", "once"),
        ("once.reward", "accepted_once"),
        ("distinct.reward", "accepted"),
    ):
        assert sorted(whole.prompts[ours].to_list()) == sorted(by_hand[theirs].to_list())


def test_a_short_first_file_does_not_choose_how_answers_are_read(tmp_path):
    odd = ROWS.with_columns(pl.lit("I do not know.").alias("completion"))[:3]
    odd.write_parquet(tmp_path / "0.parquet")
    ROWS[3:].write_parquet(tmp_path / "1.parquet")
    assert counted(tmp_path).partition == counted(ROWS).partition
