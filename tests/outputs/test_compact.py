from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.outputs.compact import FEATURE, compact, needed
from freshbits.outputs.features.core import CORE, FIRST_TOKENS
from freshbits.outputs.keys import key
from freshbits.outputs.partition import BOXED, EXTRACTED
from freshbits.rollouts.schema import COLUMNS, conform


def log(rows: int = 24) -> pl.DataFrame:
    return conform(
        pl.DataFrame(
            {
                "run": ["a" if n % 2 else None for n in range(rows)],
                "step": [n // 8 for n in range(rows)],
                "prompt": [f"What is  {n // 4}?\n" if n % 2 else f"What is {n // 4}?" for n in range(rows)],
                "source": ["m" if n % 3 else None for n in range(rows)],
                "completion": [None if n == 5 else f"- I say \\boxed{{{n % 3}}}" for n in range(rows)],
                "reference": ["never read"] * rows,
                "truncated": [n % 5 == 0 for n in range(rows)],
                "tokens": list(range(rows)),
                "region": ["maths"] * rows,
                "signal.r": [None if n == 7 else float(n % 2) for n in range(rows)],
                "extra.note": ["never read"] * rows,
            }
        )
    )


def test_the_columns_are_those_of_the_log_and_no_text_but_names() -> None:
    frame = compact(log(), BOXED)
    features = [FEATURE + feature.name for feature in CORE]
    assert frame.columns == [
        *("round", "run", "source", "region", "prompt", "group", "answer_class", "unreadable"),
        *("coarser_class", "text"),
        *("truncated", "tokens", "signal.r"),
        *features,
    ]
    assert frame.schema["prompt"] == frame.schema["group"] == frame.schema["answer_class"] == pl.UInt64
    assert {name for name, dtype in frame.schema.items() if dtype == pl.String} == {"run", "source", "region"}
    assert frame.schema["feature.words"] == pl.Int32
    assert frame.schema["feature.first_token"] == pl.UInt8
    assert frame.height == 24


def test_what_is_missing_stays_missing() -> None:
    frame = compact(log(), BOXED)
    row = frame.row(5, named=True)
    assert row["unreadable"] is True
    assert row["text"] is None
    assert row["feature.words"] is None
    assert frame["signal.r"].to_list()[7] is None


def test_needed_prunes_what_is_never_read() -> None:
    columns = needed(log().columns)
    assert not {"reference", "extra.note"} & set(columns)
    assert compact(log().select(columns), BOXED).equals(compact(log(), BOXED))
    assert "extracted" in needed(list(COLUMNS), EXTRACTED)
    assert "extracted" not in needed(list(COLUMNS), BOXED)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 23), max_size=4))
def test_rows_do_not_depend_on_how_the_log_is_cut(cuts: list[int]) -> None:
    edges = sorted({0, 24, *cuts})
    parts = [compact(log()[a:b], BOXED) for a, b in itertools.pairwise(edges)]
    assert pl.concat(parts).equals(compact(log(), BOXED))


def split_mix(*parts: int) -> int:
    mixed = 0
    for part in parts:
        mixed = (mixed + 0x9E3779B97F4A7C15 + part) % 2**64
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        mixed ^= mixed >> 31
    return mixed


def test_keys_are_pinned() -> None:
    batch = pl.DataFrame({"prompt": [" 1 +\n1? "], "completion": [r"\boxed{2}"]})
    row = compact(batch, BOXED).row(0, named=True)
    assert row["prompt"] == key(b"1 + 1?")
    assert row["answer_class"] == key(b"2")
    assert row["text"] == key(rb"\boxed{2}")
    # run, source, round, the kind of name (3: the prompt itself), its key
    assert row["group"] == split_mix(0, 0, 0, 3, key(b"1 + 1?"))


def groups(**columns: list[object]) -> int:
    return compact(pl.DataFrame(columns), BOXED)["group"].n_unique()


def test_groups() -> None:
    assert groups(prompt=["a", " a", "b"]) == 2
    assert groups(prompt=["a", "a"], step=[1, 2]) == 2
    assert groups(prompt=["a", "a"], round=[1, 1], step=[1, 2]) == 1
    assert groups(prompt=["a", "a"], run=["x", None]) == 2
    assert groups(prompt=["a", "a"], source=["x", "y"]) == 2
    assert groups(prompt=["a", "a", "a"], group=["g1", "g1", "g2"]) == 2
    assert groups(prompt=["a", "b"], prompt_id=["p", "p"]) == 1
    # An explicit group wins; where it is null the prompt_id names the group, then the prompt.
    assert groups(prompt=["a", "a", "a"], group=["x", None, None], prompt_id=["x", "x", None]) == 3


def test_a_prompt_id_stands_for_a_missing_text() -> None:
    frame = compact(pl.DataFrame({"prompt": ["a", None], "prompt_id": ["p", "p"]}), BOXED)
    assert frame["prompt"].to_list() == [key(b"a"), key(b"p")]
    assert compact(pl.DataFrame({"prompt_id": ["p"]}), BOXED)["prompt"].to_list() == [key(b"p")]


def test_judgements_without_text_have_neither_classes_nor_features() -> None:
    frame = compact(pl.DataFrame({"prompt_id": ["p"], "signal.j": [1.0]}), BOXED)
    assert frame.columns == ["round", "prompt", "group", "signal.j"]


def test_rounds() -> None:
    both = pl.DataFrame({"prompt": ["a"] * 3, "round": [1, None, None], "step": [7, 8, None]})
    assert compact(both, BOXED)["round"].to_list() == [1, 8, 0]
    assert compact(both.select("prompt"), BOXED)["round"].to_list() == [0, 0, 0]


def test_pairs_carry_differences() -> None:
    batch = pl.DataFrame({"prompt": ["p"] * 3, "completion": ["a b", "A", "x"], "opponent": ["a b c", "A", None]})
    frame = compact(batch, BOXED)
    assert frame["feature.words"].to_list() == [-1, 0, None]
    assert frame["feature.characters"].to_list() == [-2, 0, None]
    assert frame["feature.first_token"].to_list() == [0, 0, None]
    other = compact(batch.with_columns(opponent=pl.lit("7")), BOXED)["feature.first_token"].to_list()
    capital, lower, number = (FIRST_TOKENS.index(name) for name in ("capital", "lowercase", "number"))
    assert other == [16 * lower + number, 16 * capital + number, 16 * lower + number]


def test_an_empty_batch_has_the_columns_and_no_rows() -> None:
    assert compact(log()[:0], BOXED).schema == compact(log(), BOXED).schema


@pytest.mark.parametrize("chunks", [1, 3])
def test_chunked_columns_are_read_as_one(chunks: int) -> None:
    batch = pl.concat([log()[part::chunks] for part in range(chunks)], rechunk=False)
    assert compact(batch, BOXED).equals(compact(batch.rechunk(), BOXED))
