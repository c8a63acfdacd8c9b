"""Texts fetched in a second pass: the right rows, and nothing of the first pass is disturbed."""

import polars as pl

from freshbits.rollouts.log import Log
from freshbits.rollouts.read import read
from freshbits.tally.local import tally
from freshbits.tally.quotes import BEGINNING, quotes


def test_the_texts_are_those_of_the_rows():
    rows = pl.DataFrame(
        {
            "prompt": [f"q{i // 4}" if i % 7 else None for i in range(80)],
            "completion": [f"text {i}" for i in range(80)],
            "reward": [float(i % 2) if i % 5 else float("nan") for i in range(80)],
        }
    )
    log = read(rows)
    counts = tally(log)
    before = (dict(log.problems.counts), dict(log.problems.first), list(log.duplicates))
    found = quotes(log, counts.sample)
    assert (dict(log.problems.counts), dict(log.problems.first), list(log.duplicates)) == before
    assert found.rows["completion"].to_list() == rows.filter(pl.col("prompt").is_not_null())["completion"].to_list()
    places = found.places(counts.sample["row"])
    assert found.rows[places.to_list()]["row"].to_list() == counts.sample["row"].to_list()


def test_long_texts_are_cut():
    log = read(pl.DataFrame({"prompt": ["p"] * 2, "completion": ["x" * 10_000, "y"], "reward": [1.0, 0.0]}))
    assert quotes(log, tally(log).sample).rows["completion"].str.len_chars().to_list() == [BEGINNING, 1]


def test_a_log_without_completions_has_no_quotes():
    log = Log("judgements", (), {"prompt_id": pl.String(), "signal.r": pl.Float64()}, lambda _: iter([]))
    assert quotes(log, pl.DataFrame({"row": [0], "prompt": [1]})) is None
