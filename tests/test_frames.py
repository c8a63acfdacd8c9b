"""Frames that people hand in from Python: the same report, whatever library made them."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import freshbits as fb


@pytest.fixture(scope="module")
def rows(drawn: pl.DataFrame) -> dict[str, list]:
    chosen = drawn.select("prompt", "completion", "round", reward="signal.accuracy_reward")
    return chosen.to_dict(as_series=False)


@pytest.mark.parametrize(
    "make",
    [
        pl.LazyFrame,
        pd.DataFrame,
        pa.table,
        lambda rows: pd.DataFrame(rows, index=range(5, 5 + len(rows["prompt"]))),
    ],
    ids=["lazy Polars", "pandas", "Arrow", "pandas with an index of its own"],
)
def test_a_frame_of_any_library_gives_the_same_report(rows, make):
    assert fb.audit(make(rows)).dumps() == fb.audit(pl.DataFrame(rows)).dumps()


def test_the_report_comes_back_from_json(rows):
    audit = fb.audit(pl.DataFrame(rows))
    again = fb.Audit.from_json(audit.to_json())
    assert again.dumps() == audit.dumps()
    assert fb.page(again) == fb.page(fb.Audit.from_json(again.to_json()))
    assert "reward carries" in fb.page(audit)
