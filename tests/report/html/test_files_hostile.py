"""Tables of hostile text: what a spreadsheet would run is quoted in CSV, and nothing is lost in the other formats."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from hostile_texts import PAYLOADS

from freshbits.report.files import write_table

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("start", STARTS)
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(tmp_path, start):
    path = tmp_path / "t.csv"
    write_table(pl.DataFrame({"prompt": [f"{start}1+1", f"a{start}b"], "score": [-1.0, 2.0]}), str(path))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [[f"'{start}1+1", "-1.0"], [f"a{start}b", "2.0"]], "numbers stay numbers"


def test_a_column_named_like_a_formula_is_quoted_too(tmp_path):
    path = tmp_path / "t.csv"
    write_table(pl.DataFrame({"=cmd|' /C calc'!A0": [1.0], "reward": [0.0]}), str(path))
    assert path.read_text(encoding="utf-8").splitlines()[0] == "'=cmd|' /C calc'!A0,reward"


def test_forty_hostile_texts_come_back_from_every_format(tmp_path):
    table = pl.DataFrame({"completion": PAYLOADS, "n": range(len(PAYLOADS))})
    for ending, read in ((".parquet", pl.read_parquet), (".jsonl", pl.read_ndjson)):
        path = tmp_path / f"t{ending}"
        write_table(table, str(path))
        assert read(path)["completion"].to_list() == PAYLOADS
    path = tmp_path / "t.csv"
    write_table(table, str(path))
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    assert [text.removeprefix("'") if text[1:] in PAYLOADS else text for text, _ in rows] == PAYLOADS
    assert not any(text.startswith(STARTS) for text, _ in rows)
