"""Verifiers of text: golden true and false cases, and what holds for all of them."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.signals.choice import Choice
from freshbits.signals.exact import Exact
from freshbits.signals.normalised import Normalised, normal
from freshbits.signals.numeric import Numeric, parse_number
from freshbits.signals.regex import Regex
from freshbits.signals.signal import Item

RIGHT = {
    Exact(): [("42", "42"), (" 42\n", "42"), ("a\nb", "a\nb")],
    Exact("hash"): [("so\n#### 42", "42"), ("#### 42", "6*7\n#### 42")],
    Exact("boxed", "last"): [(r"\boxed{4} no \boxed{5}", "5")],
    Normalised(): [
        ("The Eiffel Tower!", "eiffel tower"),
        ("<answer>  PARIS </answer>", "Paris"),
        ("ｆｕｌｌ", "full"),
        ("It\u200bem", "item"),
        ("well-known", "well known"),
        ("don’t", "dont"),
        ("A", "a"),
        ("−5", "-5"),
    ],
    Numeric(): [
        ("$1,234.50", "1234.5"),
        ("it is 3/4", "4"),
        (r"\boxed{\frac{3}{4}}", "0.75"),
        ("The answer is 1 3/4.", "1.75"),
        (r"\boxed{1.2 \times 10^3}", "1200"),
        ("#### 50%", "50"),
        ("<answer>18 eggs</answer>", "18"),
        ("x = −5", "-5"),
        (r"\boxed{1{,}000}", "1000"),
        ("<answer>½</answer>", "0.5"),
        ("a 1 b 2", "so\n#### 2"),
        ("2e-3", "0.002"),
        ("#### 42.", "42"),
        ("<think>7</think> 8", "8"),
        (r"\boxed{42\text{ cm}^2}", "42"),
        ("<answer>US$ 5</answer>", "5"),
    ],
    Numeric(tolerance=0.01): [("3.14", "3.14159"), ("0.333", "1/3")],
    Numeric(relative=0.01): [("1010", "1000")],
    Choice(): [
        (text, "B")
        for text in (
            "B",
            "(B)",
            "b",
            "**B.**",
            "Answer: B",
            "The answer is (B) because A is not.",
            r"\boxed{\text{B}}",
            "<answer>b</answer>",
            "#### B",
            "B) Paris",
            "Answer:\n\n**B**",
            "A is wrong. The correct option is B.",
            "The answer is $B$",
            "<think>A</think>B",
            "Answer: B, not C",
            "The answer is (b)",
        )
    ]
    + [("C", "(C)"), ("C", "C. Paris"), ("A because", "A"), ("The answer is A because", "A")][:2],
    Regex(r"^\d+$"): [("42", None)],
    Regex(r"a.c", mode="full"): [("abc", None)],
}
WRONG = {
    Exact(): [("42.0", "42"), ("", "42"), ("The answer is 42", "42")],
    Exact("hash"): [("42", "42"), ("#### 41\n#### 42", "42")],
    Exact("boxed"): [(r"\boxed{4} no \boxed{5}", "5"), (r"\boxed{4} no \boxed{5}", "4")],
    Normalised(): [
        ("3.5", "35"),
        ("-5", "5"),
        ("C", "C++"),
        ("résumé", "resume"),
        ("", "x"),
        ("...", "!!!"),
        ("pаris", "paris"),
    ],
    Numeric(): [
        ("43", "42"),
        ("<answer>not 42</answer>", "42"),
        ("<answer>42 or 43</answer>", "42"),
        ("<answer>1,23</answer>", "123"),
        (r"\boxed{41} \boxed{42}", "42"),
        (r"\boxed{42} \boxed{41}", "42"),
        ("0.333", "1/3"),
        ("forty-two", "42"),
        ("<think>42", "42"),
        ("<answer>5²</answer>", "52"),
        ("50%", "0.5"),
        ("<answer>1/0</answer>", "1"),
        ("", "0"),
        ("<answer>42 is wrong</answer>", "42"),
        ("<answer>1e9999999</answer>", "1"),
        ("42 41", "42"),
    ],
    Numeric(tolerance=0.01): [("3.13", "3.14159")],
    Choice(): [
        (text, "B")
        for text in (
            "",
            "A",
            "A or B",
            "B or A",
            "A, B",
            "A/B",
            "B and C",
            r"\boxed{A}\boxed{B}",
            "<answer>A, B</answer>",
            "The answer is A. The answer is B.",
            "The answer is not B.",
            "A\nB\nC\nD\nB",
            "A) x\nB) y",
            "Neither A nor B",
            "The answer is Banana.",
            "Option B is wrong",
            "<think>B",
            "В",
            "ABCDE",
            "The answer is (B) or (C).",
        )
    ],
    Regex(r"^\d+$"): [("42!", None)],
    Regex(r"a.c", mode="full"): [("abcd", None)],
}
ALL = [Exact(), Exact("auto"), Normalised(), Numeric(), Choice(), Regex("a|b")]


def cases(table):
    return [
        pytest.param(s, text, gold, id=f"{s.name}-{text[:20]!r}") for s, found in table.items() for text, gold in found
    ]


@pytest.mark.parametrize(("signal", "text", "gold"), cases(RIGHT))
def test_a_right_completion_is_accepted(signal, text, gold):
    (verdict,) = signal.score([Item("?", text, gold)])
    assert verdict.score == 1.0, verdict.evidence


@pytest.mark.parametrize(("signal", "text", "gold"), cases(WRONG))
def test_a_wrong_completion_is_scored_nought_with_its_reason(signal, text, gold):
    (verdict,) = signal.score([Item("?", text, gold)])
    assert verdict.score == 0.0, verdict.evidence
    assert verdict.evidence


@pytest.mark.parametrize("signal", [Exact(), Normalised(), Numeric(), Choice()], ids=lambda s: s.name)
@pytest.mark.parametrize("answer", [None, "", "  "])
def test_without_a_reference_nothing_is_scored(signal, answer):
    (verdict,) = signal.score([Item("?", "42", answer)])
    assert verdict.score is None
    assert "reference" in verdict.evidence


def test_a_reference_of_the_wrong_kind_leaves_its_row_unscored():
    assert Numeric().score([Item("?", "42", "Paris"), Item("?", "", "Paris")])[1].score is None
    assert Choice().score([Item("?", "B", "Paris")])[0].score is None
    assert Choice().score([Item("?", "B", "A, B")])[0].score is None


def test_numbers_are_read_exactly():
    assert [str(parse_number(t)) for t in ("0.1", "1½", "-7", "1 234 567", "٣")] == [
        "1/10",
        "3/2",
        "-7",
        "1234567",
        "3",
    ]
    assert [parse_number(t) for t in ("1.234,5", "2^10", "12 hours 30 minutes", "+-5", "4 2", "9" * 500)] == [None] * 6


def test_normal_form_is_the_same_applied_twice():
    for text in ("The “Eiffel  Tower”!", "-3.5", "a, b", "A", "C++", "1,000.5"):
        assert normal(normal(text)) == normal(text)


def test_a_pattern_that_backtracks_for_ever_is_stopped():
    slow = Regex(r"^(a+)+$", seconds=0.2)
    items = [Item("?", "a" * 5000 + "!"), Item("?", "aaa"), Item("?", "b")]
    first, second, third = slow.score(items)
    assert first.score in (None, 0.0)
    assert (second.score, third.score) == (1.0, 0.0)
    hard = Regex(r"^(?:a|a|aa)+$", seconds=0.2).score([Item("?", "a" * 5000 + "!")])[0]
    assert hard.score is None
    assert "longer" in hard.evidence


def test_a_pattern_may_stand_in_a_column():
    signal = Regex.from_options({"column": "pattern"})
    assert signal.needs == ("pattern",)
    rows = [{"pattern": "^4"}, {"pattern": "("}, {}]
    assert [v.score for v in signal.score([Item("?", "42", fields=row) for row in rows])] == [1.0, None, None]


@pytest.mark.parametrize(
    ("made", "options"),
    [
        (Exact, {"raed": "boxed"}),
        (Exact, {"read": "bxed"}),
        (Normalised, {"articles": "no"}),
        (Numeric, {"tolerance": "x"}),
        (Choice, {"letters": "abc"}),
        (Choice, {"letters": "AA"}),
        (Regex, {}),
        (Regex, {"pattern": "("}),
        (Regex, {"pattern": "a", "column": "b"}),
        (Regex, {"pattern": "a", "seconds": "0"}),
    ],
)
def test_bad_options_are_bad_input(made, options):
    with pytest.raises(InputError):
        made.from_options(options)


def test_options_make_the_verifier_and_its_key():
    made = Numeric.from_options({"read": "hash", "tolerance": "0.5"})
    assert made == Numeric("hash", tolerance=0.5)
    assert made.key != Numeric("hash").key
    assert all(signal.origin == "external" for signal in ALL)
    assert [pickle.loads(pickle.dumps(signal)) for signal in ALL] == ALL


@pytest.mark.parametrize(
    "flood",
    [
        "\\boxed{",
        "<answer>",
        "</answer>",
        "####",
        "*",
        "answer: ",
        "(",
        "1,",
        "```a\n",
        "</think>",
        "A or ",
        "_ ",
        "1/",
        ". ",
    ],
)
def test_a_flood_of_marks_is_wrong_and_takes_linear_time(flood):
    """A text of half a million characters: anything quadratic would not come back."""
    for signal in (Exact("auto"), Normalised(), Numeric(), Choice(), Regex("x+y")):
        assert signal.score([Item("?", flood * (500_000 // len(flood)), "42" if signal.name != "choice" else "B")])[
            0
        ].score in (0.0, None)


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "42",
        r"\boxed{42}",
        "#### 42",
        "B",
        "The answer is B.",
        "1,000",
        "\ud800",
        "\x00",
        "<think>",
        "1" * 30,
        "½",
        "A or B",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.sampled_from(["42", "B", "1000", None, "\ud800"])), min_size=1, max_size=6),
    st.randoms(),
)
def test_no_text_raises_and_neither_order_nor_company_matters(pairs, random):
    items = [Item("?", text, answer) for text, answer in pairs]
    order = list(range(len(items)))
    random.shuffle(order)
    for signal in ALL:
        together = signal.score(items)
        assert together == [signal.score([item])[0] for item in items]
        assert [together[at] for at in order] == signal.score([items[at] for at in order])
        assert all(verdict.score in (None, 0.0, 1.0) for verdict in together)
