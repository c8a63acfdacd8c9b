"""The labelled rows: whole groups in, only labelled and scored rows out, belief from the whole group."""

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.criteria.inputs import Evidence
from freshbits.criteria.labelled import labelled
from freshbits.tally.labelled import draw_labelled
from freshbits.tally.local import tally


def rows(prompts: int = 40, size: int = 8) -> pl.DataFrame:
    count = prompts * size
    index = np.arange(count)
    return pl.DataFrame(
        {
            "prompt": [f"q{i // size}" for i in index],
            "completion": [f"the answer is {i % 3}" for i in index],
            "reward": (index % 3 == 0).astype(float),
            "truth": [1.0 if i % 5 == 0 else 0.0 if i % 5 == 1 else None for i in index],
        }
    )


def test_without_truth_nothing_is_labelled():
    counts = tally(fb.read(rows().drop("truth")))
    assert counts.labelled.height == 0
    assert labelled(counts, "reward") is None


def test_only_labelled_scored_rows_come_out_and_belief_is_of_the_whole_group():
    frame = rows().with_columns(
        pl.when(pl.int_range(pl.len()) < 8).then(None).otherwise(pl.col("reward")).alias("reward")
    )
    counts = tally(fb.read(frame))
    found = labelled(counts, "reward")
    assert found is not None
    known = frame.filter(pl.col("truth").is_not_null() & pl.col("reward").is_not_null())
    assert found.score.size == known.height
    assert found.prompts == 39
    assert found.right.sum() == known["truth"].sum()
    assert (found.size == 8).all()  # every rollout of the group, labelled or not
    shares = found.belief[:, found.columns.index("vote_share")]
    assert set(np.round(shares * 8).astype(int).tolist()) <= {2, 3}
    assert (np.diff(found.group.astype(object)) >= 0).all()


def test_groups_without_labels_are_left_out_and_prompts_stay_whole():
    narrow = pl.LazyFrame(
        {"row": [0, 1, 2], "prompt": [1, 1, 2], "group": [10, 10, 20], "truth": [None, 1.0, None]},
        schema_overrides={"truth": pl.Float64},
    )
    groups = pl.DataFrame({"group": [10, 20], "prompt": [1, 2], "rows": [2, 1], "truth": [1, 0]})
    assert draw_labelled(narrow, groups)["row"].sort().to_list() == [0, 1]


def test_many_labels_are_thinned_by_whole_prompts(monkeypatch):
    monkeypatch.setattr("freshbits.tally.labelled.MOST_ROWS", 100)
    counts = tally(fb.read(rows()))
    assert 80 <= counts.labelled.height <= 100
    assert counts.labelled.group_by("prompt").len()["len"].to_list() == [8] * (counts.labelled.height // 8)


def test_a_share_of_the_full_score_is_not_right():
    counts = tally(fb.read(rows().with_columns(pl.col("truth") * 0.5)))
    found = labelled(counts, "reward")
    assert found is not None
    assert not found.right.any()
    assert found.truth.max() == 0.5


@pytest.mark.parametrize("design", [0.5, 0.1])
def test_the_weight_is_the_inverse_inclusion_probability(tmp_path, design):
    path = tmp_path / "log.csv"
    frame = rows().drop("truth")
    frame.write_csv(path)
    table = fb.label(fb.read(path), "reward", 50)[0]
    table = table.with_columns(pl.lit(1).alias("truth"), pl.lit(design).alias("inclusion_probability"))
    table.write_csv(tmp_path / "labels.csv")
    counts = tally(fb.read(path, fb.ReadOptions(labels=tmp_path / "labels.csv")))
    found = labelled(counts, "reward")
    assert found is not None
    assert np.allclose(found.weight, 1 / design)
    assert found.score.size == 50


def test_more_labels_ask_for_more_of_them_or_for_more_prompts_where_all_rows_have_one():
    few = Evidence(tally=tally(fb.read(rows())), truth=True, where="runs/")
    assert few.more_labels("reward") == "freshbits label runs/ -n 300 -o labels.csv"  # 128 of 320 are labelled
    many = Evidence(tally=tally(fb.read(rows(200))), truth=True, where="runs/")
    assert many.more_labels("reward") == "freshbits label runs/ -n 1000 -o labels.csv"  # 640 are
    every = rows().with_columns(truth=pl.lit(1.0))
    assert Evidence(tally=tally(fb.read(every)), truth=True).more_labels("reward").startswith("log more prompts")
