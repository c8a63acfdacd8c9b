"""Reading of stated answers: forms, conclusions, several answers at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.signals.options import known, number, require
from freshbits.signals.stated import FORMS, bare, conclusion, reader, references

BOX = "\\boxed{%s}"
CASES = [
    ("boxed", r"so \boxed{\frac{1}{2}}", (r"\frac{1}{2}",)),
    ("boxed", r"\boxed{4}, no \boxed{5}, no \boxed{4}", ("5", "4")),
    ("boxed", r"\boxed{4", ()),
    ("boxed", "<think>\\boxed{4}</think> \\boxed{5}", ("5",)),
    ("boxed", "<think>\\boxed{4} and so", ()),
    ("hash", "#### Step 1\nadd\n#### Step 2\nadd\n#### 42", ("42",)),
    ("hash", "#### 41\n#### 42", ("41", "42")),
    ("hash", "#### 41\nNo.\n#### 42", ("41", "42")),
    ("hash", "#### 42\n\nHope this helps.", ("42",)),
    ("tag", "<answer> **7** </answer>", ("7",)),
    ("tag", "<answer>7", ()),
    ("phrase", "The answer is 4. No, the answer is 5.", ("5",)),
    ("last_number", "2 + 2 = 4", ("4",)),
    ("tail", "Thinking.\n\n`x + 1`\n", ("x + 1",)),
    ("whole", " a b ", ("a b",)),
    ("json:answer", '{"answer": 4}', ("4",)),
    ("json:answer", '{"answer": 4} {"answer": 5}', ("4", "5")),
    (r"regex:Result=(\d+)", "Result=1 Result=42", ("42",)),
    ("auto", r"The answer is 3. #### 4 \boxed{5}", ("5",)),
    ("auto", "The answer is 3.\n#### 4", ("4",)),
    ("auto", "<answer>\\boxed{4}</answer>", ("4",)),
    ("auto", "<answer>4</answer> \\boxed{5}", ("4", "5")),
    ("auto", "The answer is 3. Yes.", ("3",)),
    ("auto", "no mark at all", ("no mark at all",)),
]


@pytest.mark.parametrize(("form", "text", "stated"), CASES)
def test_each_form_states_what_a_person_would_read(form, text, stated):
    assert reader(form)([text]) == [stated]


def test_a_batch_is_read_as_its_texts_one_by_one():
    texts = [text for _, text, _ in CASES]
    for form in {form for form, _, _ in CASES}:
        read = reader(form)
        assert read(texts) == [read([text])[0] for text in texts]


def test_the_reference_is_read_out_of_a_worked_solution_only_where_it_is_one():
    assert references(["a\n#### 42", BOX % "x", "\\boxed{1} \\boxed{2}", "plain", "", None]) == [
        "42", "x", "\\boxed{1} \\boxed{2}", "plain", None, None,
    ]  # fmt: skip


def test_what_surrounds_an_answer_is_dropped_and_no_more():
    assert [bare(t) for t in ("**a**", "*a", "a.", "a...", "`**a**`.", "_", "")] == [
        "a",
        "*a",
        "a",
        "a...",
        "a",
        "_",
        "",
    ]


def test_the_conclusion_follows_the_last_thought():
    assert conclusion("<think>a</think>b<think>c</think>d") == "d"
    assert conclusion("<think>a</think>b<think>c") == ""


@pytest.mark.parametrize("form", ["bxed", "json:", "regex:(", ""])
def test_an_unknown_form_is_bad_input(form):
    with pytest.raises(InputError):
        reader(form)


def test_options_are_named_and_checked():
    with pytest.raises(InputError, match=r"nearest: tolerance"):
        known("numeric", {"tolerence": "1"}, ["read", "tolerance"])
    for text in ("x", "-1", "nan", "inf"):
        with pytest.raises(InputError):
            number({"tolerance": text}, "tolerance", 0.0)


def test_a_missing_package_is_bad_input_with_its_mend():
    with pytest.raises(InputError, match=r"freshbits\[signals\]"):
        require("math", "json", "no_such_package")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text() | st.sampled_from([BOX % "4", "<think>", "</think>", "####", "<answer>"]), max_size=6))
def test_any_text_can_be_read_in_any_form(parts):
    text = " ".join(parts)
    for form in (*FORMS[:-2], "json:a", "regex:a+"):
        (stated,) = reader(form)([text])
        assert all(isinstance(one, str) and one for one in stated)
