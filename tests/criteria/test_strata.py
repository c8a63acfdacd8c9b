"""Worst parts: one heavy row is no evidence, single prompts need five wrong rows, thirds follow the values."""

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.labelled import Labelled
from freshbits.criteria.strata import by_round, worst_prompts, worst_stratum


def rows_of(right, verdict, weight=None, prompt=None, rounds=None, **columns):
    """Labelled rows with one prompt per row where none is given."""
    count = right.size
    prompt = np.arange(count, dtype=np.uint64) if prompt is None else prompt.astype(np.uint64)
    weight = np.ones(count) if weight is None else weight
    return Labelled(
        score=verdict.astype(float),
        truth=right.astype(float),
        right=right,
        weight=weight,
        stratum=np.unique(weight, return_inverse=True)[1],
        group=prompt,
        prompt=prompt,
        round=np.zeros(count, dtype=np.int64) if rounds is None else rounds,
        size=np.full(count, 8),
        belief=np.empty((count, 0)),
        columns=[],
        rows=pl.DataFrame({"row": np.arange(count), **columns}),
    )


def test_one_row_that_stands_for_fifty_names_no_part():
    """Labels by verdict, hardly any right row rejected: the part that holds the one such row looks twice as bad."""
    right = np.concatenate([np.ones(150, bool), np.zeros(150, bool)])
    right[150] = True
    verdict = np.arange(300) < 150
    weight = np.where(verdict, 1.0, 50.0)
    region = np.where(np.arange(300) % 3 == 0, "a", "b")
    assert region[150] == "a"
    assert worst_stratum(rows_of(right, verdict, weight, region=region), verdict) is None


def test_the_part_that_takes_most_off_j_is_named_not_the_most_lenient():
    """In `lenient` more of everything passes; in `bad` wrong rows pass more and right rows less."""
    rng = np.random.default_rng(0)
    region = np.repeat(["usual", "lenient", "bad"], [800, 400, 400])
    tpr = np.repeat([0.6, 0.95, 0.4], [800, 400, 400])
    fpr = np.repeat([0.2, 0.55, 0.4], [800, 400, 400])
    right = rng.random(1600) < 0.5
    verdict = rng.random(1600) < np.where(right, tpr, fpr)
    worst = worst_stratum(rows_of(right, verdict, region=region), verdict)
    assert (worst["feature"], worst["value"]) == ("region", "bad")
    assert worst["j"]["low"] < 0.0 < worst["j"]["high"]


@pytest.mark.parametrize("shown", ["0 to 33", "34 to 66", "67 to 99"])
def test_numbers_are_cut_into_thirds(shown):
    low, high = map(int, shown.split(" to "))
    count = np.tile(np.arange(100), 10)
    right = np.tile([True, False], 500)
    verdict = right ^ ((count >= low) & (count <= high) & (np.arange(1000) % 3 == 0))
    worst = worst_stratum(rows_of(right, verdict, **{"feature.words": count}), verdict)
    assert (worst["feature"], worst["value"]) == ("words", shown)
    assert worst["rows"] == 10 * (high - low + 1)


def test_categories_have_their_names():
    rng = np.random.default_rng(1)
    kind = rng.integers(0, 3, 900).astype(np.uint8)
    right = rng.random(900) < 0.5
    verdict = np.where(kind == 2, rng.random(900) < 0.5, right)
    worst = worst_stratum(rows_of(right, verdict, **{"feature.first_token": kind}), verdict)
    assert worst["feature"] == "first_token"
    assert not worst["value"].isdigit()


def test_a_prompt_with_few_wrong_rows_is_not_named():
    prompt = np.repeat(np.arange(60), 8)
    right = np.tile(np.arange(8) < 2, 60)
    verdict = right.copy()
    verdict[:8] = True  # six wrong rows of the first prompt pass
    right[8:12] = True  # the second prompt has four wrong rows, and they pass
    verdict[8:16] = True
    named = worst_prompts(rows_of(right, verdict, prompt=prompt), verdict)
    assert named == [{"row": 0, "right": 2, "wrong": 6, "tpr": 1.0, "fpr": 1.0, "j": 0.0}]


def test_blocks_of_rounds_need_thirty_rows():
    right = np.tile([True, False], 80)
    rows = rows_of(right, right, rounds=np.repeat([0, 1, 2, 3], 40))
    assert [(each["from"], each["to"], each["rows"]) for each in by_round(rows, right)] == [(0, 1, 80), (2, 3, 80)]
    few = rows_of(right, right, rounds=np.repeat([0, 1], [140, 20]))
    assert by_round(few, right) == []
