"""How completions become programs, and rows become suites of tests: nothing is run here."""

from __future__ import annotations

import pytest

from freshbits.errors import InputError
from freshbits.signals.suites.code import from_list, from_text
from freshbits.signals.suites.pairs import agrees as values_agree
from freshbits.signals.suites.program import fenced, program
from freshbits.signals.suites.programs import agrees as lines_agree
from freshbits.signals.suites.result import Result
from freshbits.signals.suites.shape import Checks, Pairs, Programs, Unusable
from freshbits.signals.suites.syntax import LONGEST, parse
from freshbits.signals.suites.tables import suite_of
from freshbits.signals.suites.verdict import verdict

START = "import math\n\ndef half(x):\n    return x / 2\n\ndef f(x):\n    '''Quarter.'''\n"
BODY = "    return half(half(x))\n"
WHOLE = "def f(x):\n    return x / 4\n"


@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        (BODY, START + BODY),  # a base model goes on with the prompt
        (BODY + "\nassert f(4) == 1\n", START + BODY + "\nassert f(4) == 1\n"),
        ("  return x\n", START.replace("    '''Quarter.'''\n", "") + "  return x\n"),  # other indentation
        (f"Sure:\n```python\n{WHOLE}```\nDone.", WHOLE),  # a chat model writes the function anew
        (f"<think>\n```python\nx\n```\n</think>\n```\n{WHOLE}```", WHOLE),
        (f"```python\n{WHOLE}```\nUse it:\n```python\nprint(f(4))\n```", WHOLE),
        (f"```python\n{WHOLE}", WHOLE),  # cut off before the fence closes
        (f"```sh\npip install f\n```\n```py\n{WHOLE}```", WHOLE),
        (f"```python\n{BODY}```", START + BODY),
    ],
)
def test_a_completion_becomes_the_program_it_stands_for(completion, kept):
    made = program(START, completion, "f")
    assert made.endswith(kept)
    assert not isinstance(parse(made), str)
    assert "half" in made  # the prompt's helpers are there either way


def test_what_is_no_program_stays_one_that_does_not_load():
    for completion in ("I cannot.", "    return (", "def f(x:\n"):
        assert isinstance(parse(program(START, completion, "f")), str)
    assert program("Write f.", "I cannot.", "f") == "I cannot."


def test_a_way_to_join_that_is_declared_is_followed():
    assert program(START, BODY, "f", "completion") == BODY
    assert program(START, WHOLE, "f", "prompt+completion") == START + WHOLE
    assert program("", f"print(1)\n```\n{WHOLE}```\n```\nprint(2)\n```", "f", "fence") == WHOLE
    assert program("", "print(1)", "f", "fence") == "print(1)"
    with pytest.raises(InputError, match="nearest: fence"):
        program("", "", "f", "fences")


def test_a_program_without_an_entry_point_never_takes_the_prompt():
    assert program("x = 1\n", "print(2)", "") == "print(2)"
    assert program("x = 1\n", "So:\n```\nprint(2)\n```\nThen run it.", "") == "print(2)\n"
    assert fenced("no fence") == []


def test_sources_that_are_no_python_are_said_to_be_none():
    for source in ("def f(", "\0", "return 1", "(" * 10_000, "x = '\ud800'", " " * (LONGEST + 1)):
        assert isinstance(parse(source), str), source[:20]


def test_every_statement_that_asserts_is_a_test():
    text = (
        "METADATA = {}\ndef check(candidate):\n    xs = [1]\n    for x in xs:\n        assert candidate(x)\n"
        "    assert True, 'not reached'\n    assert candidate(2) == 3, 'why'\ncheck(f)\n"
    )
    suite = from_text(text, "f")
    assert isinstance(suite, Checks)
    assert suite.labels == ("for x in xs: assert candidate(x)", "assert candidate(2) == 3, 'why'")
    assert (suite.calls, suite.names, suite.unknown) == (("check(candidate)",), ("f",), ())
    assert "check(f)" not in suite.body


def test_the_entry_point_is_what_the_tests_call():
    assert from_list(("assert f(g(1)) == 2",)).names == ("f", "g")
    assert from_list(("assert f(g(1)) == 2",), "f").unknown == ("g",)
    assert from_text("def check(candidate):\n    assert h(1) == 2", "g").names == ("h",)
    own = from_text("def check(candidate):\n    assert check(1) == 2", "check")
    assert (own.names, own.calls) == (("check",), ("__check__(candidate)",))


def test_what_tests_bind_themselves_is_not_unknown():
    text = (
        "def check(candidate):\n    try:\n        y = 1\n    except ValueError as e:\n        z = e\n"
        "    assert [q for q in range(y)] == candidate((lambda k: k)(y))\n    assert math.isclose(candidate(1), 1)\n"
    )
    suite = from_text(text, "f")
    assert suite.unknown == ()
    assert suite.setup.startswith("import math")
    assert from_list(("assert f(1) == Missing",), "f", "from typing import *").unknown == ()


@pytest.mark.parametrize(
    ("fields", "kind", "tests"),
    [
        ({"test": "assert f(1) == 2\nassert f(2) == 3"}, Checks, 2),
        ({"test_list": ["assert f(1) == 2"], "test_setup_code": "import math"}, Checks, 1),
        ({"tests": '["assert f(1) == 2", "assert f("]'}, Checks, 2),
        ({"test": "assert f(1) == 2\nassert f(\nassert f(3) == 4"}, Checks, 3),
        ({"tests": [{"input": {"a": 1}, "output": 2}], "entry_point": "f"}, Pairs, 1),
        ({"tests": [{"input": "1\n[2]", "output": "3", "testtype": "functional"}], "fn_name": "f"}, Pairs, 1),
        ({"input_output": '{"inputs": [[1], [2]], "outputs": [1, 2], "fn_name": "f"}'}, Pairs, 2),
        ({"input_output": '{"inputs": ["1", "2"], "outputs": ["1", "2"]}'}, Programs, 2),
        ({"inputs": ["1"], "outputs": ["2"]}, Programs, 1),
        ({"inputs": ["1"], "outputs": []}, Unusable, 0),
        ({"tests": [{"input": 1, "output": 2}]}, Unusable, 0),
        ({"tests": [1, 2], "entry_point": "f"}, Unusable, 0),
        ({"test": "def check(candidate): assert candidate(1)"}, Unusable, 0),
        ({"test": None}, Unusable, 0),
    ],
)
def test_rows_hold_tests_in_many_shapes(fields, kind, tests):
    suite = suite_of(fields)
    assert type(suite) is kind
    assert kind is Unusable or len(suite) == tests


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        ((1, [2]), [1, [2]], True),
        ([1, 2], [1], False),
        ({"a": (1,)}, {"a": [1]}, True),
        ({1: 2}, {"1": 2}, True),
        (2, 2.0, True),
        (2.0, 2, False),
        (True, 1, False),
        (1, True, False),
        ({1}, [1], False),
        (None, None, True),
        (10**400, 1e300, False),
        ("1", 1, False),
    ],
)
def test_values_agree_as_far_as_json_can_say(value, expected, same):
    assert values_agree(value, expected) is same


def test_lines_agree_but_for_white_space_at_their_ends():
    assert lines_agree("a \nb\n\n", "a\nb")
    assert lines_agree("1.0000001 x", "1 x", 1e-6)
    assert not lines_agree("1.1 x", "1 x", 1e-6)
    assert not lines_agree("nan", "1", 1e-6)
    assert not lines_agree("a\nb", "a b")


def test_marks_amount_to_a_score():
    assert verdict(Result(list("110-"))).score == 0.0
    assert verdict(Result(list("110-")), share=True).score == 0.5
    assert verdict(Result(list("11xv"))).score == 1.0
    assert verdict(Result(list("1xv")), share=True, count_broken=True).score == pytest.approx(2 / 3)
    assert verdict(Result(list("vv"))).score is None
    assert verdict(Result(list("1"), unscored="the sandbox failed")).score is None
    assert verdict(Result(list("1")), weak=True).evidence.endswith("(weak: beside the program)")
