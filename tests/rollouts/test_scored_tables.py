"""Tables that freshbits wrote are read by what they say of themselves, not by what their names look like."""

from __future__ import annotations

import polars as pl
import pytest

import freshbits as fb


def table(**columns):
    rows = {"prompt": ["p"] * 4, "completion": list("abcd")} | columns
    return pl.DataFrame({name: [value] * 4 if isinstance(value, str) else value for name, value in rows.items()})


def test_names_that_mean_other_things_elsewhere_are_plain_here():
    rows = table(
        **{"choice": [1.0, 0.0, 1.0, None], "choice.origin": "external", "choice.evidence": "why",
           "repeat": [0, 1, 0, 1], "sample": [0, 0, 1, 1], "truth": [1.0, None, 0.0, None],
           "truth_weight": [2.0, None, 4.0, None], "swapped": "no", "extra.advantage": [0.0] * 4, "step": [1] * 4},
    )  # fmt: skip
    log = fb.read(rows)
    assert log.format == "plain table"
    assert (log.signals, log.origins, log.applied) == (("choice",), {"choice": "external"}, ("choice",))
    (batch,) = log.batches()
    assert batch["repeat"].to_list() == [0, 1, 0, 1]
    assert batch["truth_weight"].to_list() == [2.0, None, 4.0, None]
    assert batch["signal.choice"].to_list() == [1.0, 0.0, 1.0, None]
    assert {"extra.advantage", "extra.choice.evidence", "extra.swapped"} <= set(batch.columns)
    assert "extra.choice.origin" not in batch.columns


def test_files_that_disagree_about_an_origin_leave_it_unknown(tmp_path):
    for number, origin in enumerate(("external", "own_state")):
        table(**{"r": [1.0] * 4, "r.origin": origin}).write_parquet(tmp_path / f"{number}.parquet")
    log = fb.read(str(tmp_path))
    assert log.origins == {}
    assert "r: its column says external, own_state, so its origin is unknown" in log.notes
    told = fb.read(str(tmp_path), fb.ReadOptions(origins={"r": "external"}))
    assert told.origins == {"r": "external"}


def test_a_signal_whose_origin_a_person_declared_stays_a_component():
    log = fb.read(table(**{"r": [1.0] * 4, "r.origin": "external", "s": [0.0] * 4, "s.origin": "external",
                           "s.evidence": "why"}))  # fmt: skip
    assert log.applied == ("s",)


def test_a_score_that_is_text_in_the_file_is_no_signal():
    with pytest.raises(fb.InputError, match="no reward column"):
        fb.read(table(**{"verdict_of": "good", "verdict_of.origin": "external"}))


def test_a_column_that_is_asked_for_is_kept_whatever_it_holds():
    rows = table(tests=[["a"], [], ["b", "c"], None], reward=[1.0] * 4, answer="4")
    log = fb.read(rows, fb.ReadOptions(columns=("tests", "answer", "none")))
    (batch,) = log.batches()
    assert batch["extra.tests"].to_list() == ['["a"]', "[]", '["b", "c"]', None]
    assert batch["extra.answer"].to_list() == batch["answer"].to_list() == ["4"] * 4
    assert "extra.none" not in batch.columns
