"""Answer classes: what is read from a completion, when two answers are one, what partition a log gets."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.outputs import extract, normalise
from freshbits.outputs.answers import UNREADABLE, choose, class_texts, classes
from freshbits.outputs.keys import key
from freshbits.outputs.partition import (
    ANSWER_PHRASE,
    BOXED,
    CODE,
    EXTRACTED,
    TEXT,
    Partition,
    by_column,
    by_json_field,
    by_pattern,
)

READINGS = [
    (extract.boxed, r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
    (extract.boxed, r"\boxed{1} then \boxed {2}", "2"),
    (extract.boxed, r"\boxed{a{b{c{d{e{f}}}}}}", "a{b{c{d{e{f}}}}}"),
    (extract.boxed, r"\boxed{unbalanced{", None),
    (extract.boxed, r"\boxed{1} but \boxed{2", "1"),
    (extract.boxed, "\\boxed{\n5\n}", "\n5\n"),
    (extract.hashes, "#### 1\nno, wait\n####  -1,234 \n", "-1,234 "),
    (extract.hashes, "#### heading\n", "heading"),
    (extract.hashes, "### 3", None),
    (extract.answer_tag, "<answer>1</answer><ANSWER>\n a b\n</Answer>", "a b"),
    (extract.answer_tag, "<answer>1", None),
    (extract.answer_phrase, "The answer is 7, no: the final answer is $8$. I hope it is correct.", "$8$"),
    (extract.answer_phrase, "**Answer:** Paris", "Paris"),
    (extract.answer_phrase, "Answer: **3.14**", "3.14"),
    (extract.answer_phrase, "ANSWER = 2.5.", "2.5"),
    (extract.answer_phrase, "no statement", None),
    (extract.choice, "The answer is (B), surely", "B"),
    (extract.choice, "C", "C"),
    (extract.choice, "D) because", "D"),
    (extract.choice, "It must be **E**", "E"),
    (extract.choice, "A dog barks at the moon", None),
    (extract.choice, "Answer: I do not know", None),
    (extract.last_number, "1 or 2 or " + "x" * 80, "2"),
    (extract.last_number, "word " * 20 + "total 1,234.50.", "1,234.50"),
    (extract.last_number, "1" * 80, "1" * 80),
    (extract.last_number, "none", None),
    (extract.json_field("x.y"), '{"x.y": "a b", "xzy": 2} {"x.y": [1, 2]}', "[1, 2]"),
    (extract.json_field("a"), '{"a": "q, r"}', "q, r"),
    (extract.json_field("a"), '{"b": 1}', None),
    (extract.pattern(r"R=(\d+)"), "R=1 R=23", "23"),
    (extract.pattern(r"\d+"), "R=1 R=23", "23"),
    (extract.pattern(r"(?:R)=\(\d"), "R=(1", "R=(1"),
]


@pytest.mark.parametrize(("read", "text", "expected"), READINGS)
def test_readings(read: object, text: str, expected: str | None) -> None:
    assert callable(read)
    found = pl.DataFrame({"t": [text, None]}).select(read(pl.col("t"))).to_series().to_list()
    assert found == [expected, None]


@pytest.mark.parametrize(
    "same",
    [
        [
            "1,000",
            "1000",
            "1000.0",
            "$1,000",
            "1000.",
            "+1000",
            " 1000 ",
            "\\$1{,}000",
            "01000",
        ],
        ["0.5", ".5", "0.50", "x = 0.5", "+0.500"],
        ["50%", "50\\%", "50"],
        ["-0", "0", "0.0", "+0"],
        ["\\frac{1}{2}", "\\dfrac{1}{2}", "$\\frac{1}{2}$", "\\left\\frac{1}{2}"],
        ["Paris", "paris.", "\\text{Paris}", "`Paris`", '"Paris"'],
        ["(1, 2)", "(1,2)"],
    ],
)
def test_equal_answers_share_a_class(same: list[str]) -> None:
    assert normalise.answers(pl.Series(same)).n_unique() == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("1", "-1"),
        ("1.5", "15"),
        ("1,5", "15"),
        ("0.1", "0.01"),
        ("100", "1"),
        ("1/2", "0.5"),
        ("A", "B"),
        ("10", "1"),
    ],
)
def test_different_answers_stay_apart(one: str, two: str) -> None:
    assert normalise.answers(pl.Series([one, two])).n_unique() == 2


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4))
def test_every_spelling_of_a_number_is_one_class(number: object) -> None:
    plain = f"{number:f}"
    spellings = pl.Series([plain, f"{number:,.4f}", f"{number:.6f}", f"${plain}$", f" {plain}.", f"\\boxed{{{plain}}}"])
    texts = normalise.answers(spellings)
    assert texts.n_unique() == 1
    assert float(texts[0]) == float(plain)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    for function in (normalise.text, normalise.last_line, normalise.exact):
        once = function(pl.Series([text], dtype=pl.String))
        assert function(once).to_list() == once.to_list()


def test_code_classes() -> None:
    same = [
        "def f(x):\n    # add\n    return x+1\n",
        'def f(x):\n    """Adds one."""\n\n    return x + 1  # done',
        "def f(x):\r\n    return x + 1\r\n",
        "Sure:\n```python\ndef f(x):\n\treturn x + 1\n```\nHope it helps.",
    ]
    assert normalise.code(pl.Series(same)).n_unique() == 1
    apart = ["if a:\n    b()\nc()", "if a:\n    b()\n    c()", "a // b", "a // c"]
    assert normalise.code(pl.Series(apart)).n_unique() == 4
    assert normalise.code(pl.Series(["# only a comment"])).to_list() == [None]


def test_classes_are_declared_keys_and_unreadable_is_its_own() -> None:
    rows = pl.DataFrame({"completion": [r"\boxed{7}", r"\boxed{7.0}", r"\boxed{8}", "?", None, r"\boxed{ }"]})
    found = classes(rows, BOXED)
    assert found.schema == {"answer_class": pl.UInt64, "unreadable": pl.Boolean, "coarser_class": pl.UInt64}
    assert found["coarser_class"].to_list() == [*[key(b"number")] * 3, *[UNREADABLE] * 3]
    assert found["answer_class"].to_list() == [key(b"7"), key(b"7"), key(b"8"), *[UNREADABLE] * 3]
    assert found["unreadable"].to_list() == [False, False, False, True, True, True]


@pytest.mark.parametrize("partition", [BOXED, TEXT, CODE, ANSWER_PHRASE])
def test_each_step_is_really_coarser_and_finer(partition: Partition) -> None:
    bodies = ["def f(a):\n    return a", "def  f(b):\n    return b", "Yes.\nNo", "yes.  no", ""]
    rows = pl.DataFrame(
        {"completion": [f"{body}\nThe answer is \\boxed{{{n}}}" for body in bodies for n in ("1", "1.0", "2", "x")]}
    )
    here = classes(rows, partition)["answer_class"]
    assert partition.coarser is not None
    assert partition.finer is not None
    coarse = classes(rows, partition.coarser)["answer_class"]
    fine = classes(rows, partition.finer)["answer_class"]
    pairs = pl.DataFrame([here.alias("here"), coarse.alias("coarse"), fine.alias("fine")])
    assert pairs.group_by("here").agg(pl.col("coarse").n_unique())["coarse"].max() == 1
    assert coarse.n_unique() < here.n_unique() <= fine.n_unique()


def test_batches_do_not_matter() -> None:
    rows = pl.DataFrame({"completion": [f"so \\boxed{{{n % 7}}}" for n in range(50)]})
    whole = classes(rows, BOXED)
    parts = pl.concat([classes(rows.slice(at, 9), BOXED) for at in range(0, 50, 9)])
    assert whole.equals(parts)


CHOICES = [
    ({"completion": [r"\boxed{1}", "The answer is 2"]}, "boxed answer"),
    ({"completion": [r"\boxed{1}", "none", None, None, None]}, "boxed answer"),
    ({"completion": [None, None]}, "normalised text"),
    ({"completion": ["#### 1", "#### 2", "no"]}, 'answer after "####"'),
    ({"completion": ["<answer>a</answer>", "b"]}, "<answer> tag"),
    ({"completion": ["The answer is a", "Answer: b"]}, 'answer after "answer is"'),
    ({"completion": ["The answer is B.", "C"], "answer": ["B", "c"]}, "letter of a choice"),
    ({"completion": ["B", "C"], "prompt": ["Which?\nA) x\nB) y"] * 2}, "letter of a choice"),
    ({"completion": ["So there are 4 of them " + "x" * 300] * 2, "answer": ["4", "1,000.5"]}, "last number"),
    ({"completion": ["so 4", "and 5."]}, "last number"),
    ({"completion": ["Tell me more", "No"], "extracted": ["a", "b"]}, "the signal's own parse"),
    ({"completion": ["def f():\n    return 1", "import os\nos.x()"]}, "normalised code"),
    ({"completion": ["Tell me more", "No"]}, "normalised text"),
    ({"extracted": ["a", "b"], "signal.r": [1.0, 0.0]}, "the signal's own parse"),
]


@pytest.mark.parametrize(("rows", "name"), CHOICES)
def test_the_partition_suits_the_log(rows: dict[str, list[str]], name: str) -> None:
    strings = {name: pl.String for name in rows if "." not in name}
    chosen = choose(pl.DataFrame(rows, schema_overrides=strings))
    assert chosen.name == name
    assert chosen.by_construction == (name == EXTRACTED.name)


def test_the_choice_never_looks_at_a_signal() -> None:
    rows = pl.DataFrame({"completion": [r"\boxed{1}", "?", "?"], "extracted": ["a", None, None]})
    for signal in ([1.0, 0.0, 0.0], [0.0, 1.0, None]):
        assert choose(rows.with_columns(pl.Series("signal.r", signal))).name == choose(rows).name == TEXT.name


def test_only_the_first_rows_decide() -> None:
    rows = pl.DataFrame({"completion": [r"\boxed{1}"] * 2000 + ["#### 1"] * 5000})
    assert choose(rows).name == BOXED.name


def test_partitions_of_a_person() -> None:
    rows = pl.DataFrame({"completion": ['{"final": "Yes"}', "id=7"], "extra.k": [3, None]})
    assert class_texts(rows, by_json_field("final")).to_list() == ["yes", None]
    assert class_texts(rows, by_pattern(r"id=(\d)")).to_list() == [None, "7"]
    assert class_texts(rows, by_column("extra.k")).to_list() == ["3", None]


def test_bad_partitions_are_refused_in_words() -> None:
    with pytest.raises(InputError, match="does not compile"):
        by_pattern("(")
    with pytest.raises(InputError, match=r"'extra\.none'"):
        classes(pl.DataFrame({"completion": ["a"]}), by_column("extra.none"))
