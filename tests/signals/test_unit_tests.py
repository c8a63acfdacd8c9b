"""Unit tests as a signal: right is rewarded, wrong is not, and what cannot be judged is left unscored."""

from __future__ import annotations

import pytest
from benchmarks.sandbox.candidates import HACKS, HONEST_RIGHT
from benchmarks.unit_tests import MORE_HACKS, NO_PROGRAM, shapes

from freshbits.errors import InputError
from freshbits.signals.named import make
from freshbits.signals.sandbox.selfcheck import LEVELS, why_not
from freshbits.signals.signal import Item
from freshbits.signals.traits import traits
from freshbits.signals.unit_tests import UnitTests

pytestmark = pytest.mark.skipif(all(map(why_not, LEVELS)), reason="no sandbox holds on this machine")

CHECK = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3\n"
RIGHT, HALF = "def inc(x):\n    return x + 1\n", "def inc(x):\n    return 2\n"
SLEEPERS = {"sleeps", "reply without an end", "two keys of one name", "doubled and doubled", "ignores signals"}


def judge(completion, fields, prompt="", **options):
    return UnitTests.from_options({"time": "1", **options}).score([Item(prompt, completion, fields=fields)])[0]


def inc(completion, tests=CHECK, **options):
    return judge(completion, {"test": tests, "entry_point": "inc"}, **options)


def test_all_or_a_share_of_the_tests():
    assert inc(RIGHT) == inc(RIGHT, score="share")
    assert (inc(RIGHT).score, inc(RIGHT).evidence) == (1.0, "11 2/2")
    assert inc(HALF).score == 0.0
    assert inc(HALF, score="share").score == 0.5
    assert inc(HALF).evidence == "10 1/2 wrong: returned 2"


@pytest.mark.parametrize(
    ("completion", "kind"),
    [
        ("def inc(x): return str(x)", "wrong: returned '1'"),
        ("def inc(x): raise KeyError(x)", "raised: KeyError: 1"),
        ("def inc(x):\n    import os\n    os._exit(0)", "died: its process ended with exit code 0"),
        ("def inc(x):\n    while True: pass", "timeout: more than 0.3 s of CPU"),
        ("def inc(x): return object()", "wrong: returned a value of type object"),
        ("def inc(x) return", "did not load: SyntaxError"),
        ("import nothing_of_this_name\ndef inc(x): return x + 1", "did not load: ModuleNotFoundError"),
        ("def other(x): return x + 1", "raised: NameError"),
    ],
)
def test_a_wrong_completion_scores_0_and_says_why(completion, kind):
    verdict = inc(completion, each="0.3", slow="1")
    assert verdict.score == 0.0
    assert f"0/2 {kind}" in verdict.evidence


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("", "no tests"),
        ("def check(candidate:", "no Python"),
        ("x = 1", "assert nothing"),
        ("def check(candidate):\n    assert missing(1) == candidate(1)", "no usable test"),
        ("def check(candidate):\n    assert candidate(1) == MISSING", "no usable test"),
        ("def check(candidate):\n    assert 1 == 2", "no usable test"),
        ("import nothing_of_this_name\ndef check(candidate):\n    assert candidate(1) == 2", "no usable test"),
        ("def check(candidate):\n    assert candidate(lambda: 1) == 2", "no data"),
        ("def check(candidate):\n    while True: pass\n    assert candidate(1) == 2", "no usable test"),
    ],
)
def test_tests_that_cannot_be_used_leave_every_candidate_unscored(tests, why, monkeypatch):
    from freshbits.signals.sandbox import Limits
    from freshbits.signals.suites import relay

    monkeypatch.setattr(relay, "TESTS", Limits(cpu_s=0.5, wall_s=10.0))
    completions = [RIGHT, "def inc(x): raise ValueError", "def inc(:"]
    for completion in completions[:1] if "while" in tests else completions:
        if "lambda" in tests and completion == "def inc(:":
            continue  # it never gets as far as the argument that is no data
        verdict = inc(completion, tests)
        assert verdict.score is None
        assert why in verdict.evidence


def test_a_broken_test_of_a_list_is_left_out_or_counts_as_failed():
    tests = {"tests": ["assert inc(1) == 2", "assert inc(1) ==", "assert ____ == inc(1)", "assert 1"]}
    row = tests | {"entry_point": "inc"}
    assert judge(RIGHT, row, score="share").evidence == "1xxv 1/1 broken: SyntaxError: invalid syntax (test, line 1)"
    counted = judge(RIGHT, row, score="share", broken="count")
    assert (counted.score, counted.evidence[:8]) == (0.5, "1xxv 2/4")


def test_a_candidate_cannot_make_a_test_look_broken():
    tests = "def check(candidate):\n    assert eval(candidate(1)) == 2\n"
    for completion in ("def inc(x): return 'nowhere'", "def inc(x): return '('", "def inc(x): raise NameError('y')"):
        assert inc(completion, tests).score == 0.0


def test_a_candidate_cannot_get_out_of_a_verdict_with_a_value_that_is_no_data():
    tests = "def check(candidate):\n    assert candidate(candidate(1)) == 3"
    assert inc("def inc(x): return object()", tests).score == 0.0
    assert inc(RIGHT, tests).score == 1.0


def test_tests_that_take_their_driver_over_are_refused():
    tests = "import sys\nframe = sys._getframe()\nwhile 'run' not in frame.f_locals: frame = frame.f_back\n"
    tests += "frame.f_locals['run'].out.put(['done', 'all passed'])\nwhile True: pass\nassert inc(1) == 2\n"
    verdict = inc(HALF, tests)
    assert verdict.score is None
    assert "no message" in verdict.evidence


def test_a_test_that_expects_an_exception():
    tests = (
        "def check(candidate):\n    try:\n        candidate(1)\n        assert False\n"
        "    except ValueError as e:\n        assert 'no' in str(e)\n"
    )
    assert inc("def inc(x): raise ValueError('no')", tests).score == 1.0
    assert inc("class Own(ValueError): pass\ndef inc(x): raise Own('no')", tests).score == 1.0
    assert inc("def inc(x): raise TypeError('no')", tests).score == 0.0
    assert inc("def inc(x): import os; os._exit(1)", tests).score == 0.0
    assert inc("raise ValueError('no')", tests).score == 0.0


def test_arguments_changed_in_place_show_only_where_a_test_calls_for_it():
    row = {"test": "numbers = [3, 1]\nsort(numbers)\nassert numbers == [1, 3]", "entry_point": "sort"}
    assert judge("def sort(xs): xs.sort()", row).score == 1.0
    assert judge("def sort(xs): pass", row).score == 0.0
    trap = {"test": "numbers = [3, 1]\nassert total(numbers) == sum(numbers)", "entry_point": "total"}
    assert judge("def total(xs): xs.clear(); return 0", trap).score == 0.0
    assert judge("def total(xs): return sum(xs)", trap).score == 1.0


def test_classes_keep_their_state_inside_the_jail():
    row = {
        "test": "s = Stack()\ns.push(4)\ns.push(5)\nassert s.pop() == 5\nassert s.pop() == 4",
        "entry_point": "Stack",
    }
    right = (
        "class Stack:\n    def __init__(self): self.a = []\n    def push(self, x): self.a.append(x)\n"
        "    def pop(self): return self.a.pop({})\n"
    )
    assert judge(right.format(""), row).evidence == "11 2/2"
    assert judge(right.format("0"), row).score == 0.0


def test_a_method_of_a_fresh_object_for_every_call():
    row = {"test": CHECK, "entry_point": "Solution().inc"}
    assert judge("class Solution:\n    def inc(self, x):\n        return x + 1\n", row).score == 1.0
    assert (
        judge(
            "class Solution:\n    n = 0\n    def __init__(self): self.n += 1\n    def inc(self, x): return x + self.n",
            row,
        ).score
        == 1.0
    )
    assert judge(RIGHT, row).score == 0.0


def test_pairs_are_compared_outside_with_exact_types():
    row = {"tests": [{"input": [1, 2], "output": 3}, {"input": {"a": 1, "b": 1}, "output": 2}], "entry_point": "add"}
    assert judge("def add(a, b): return a + b", row).score == 1.0
    assert judge("def add(a, b): return float(a + b)", row).score == 0.0
    assert judge("def add(a, b): return True if a == b else 3", row, score="share").score == 0.5
    near = {"tests": '[{"input": [3], "output": 0.3333}]', "entry_point": "f"}
    assert [judge("def f(x): return 1 / x", near, tolerance=each).score for each in ("1e-6", "1e-2")] == [0.0, 1.0]


def test_programs_are_compared_line_by_line():
    row = {"inputs": ["1 2", "3 4"], "outputs": ["3\n", "7"]}
    program = "a, b = map(int, input().split())\nprint(a + b{})\n"
    assert judge(program.format(""), row).score == 1.0
    assert judge(program.format(", 'x'"), row).score == 0.0
    assert judge("print(3)", row, score="share").evidence == "10 1/2 wrong: printed '3\\n', expected '7'"
    assert judge("import sys\nprint(3)\nsys.exit(1)", row).score == 0.0


def test_further_shapes_of_tests():
    functions = "def test_one():\n    assert inc(1) == 2\ndef test_two():\n    assert inc(2) == 3\n"
    cases = (
        "import unittest\nclass T(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(inc(1), 2)\n"
        "    def test_two(self):\n        self.assertEqual(inc(2), 3)\n"
    )
    for tests in (functions, cases, CHECK + "check(inc)\n"):
        assert inc(RIGHT, tests).evidence == "11 2/2"
        assert inc(HALF, tests, score="share").score == 0.5
    apps = {"input_output": '{"inputs": [[1], [2]], "outputs": [2, 3], "fn_name": "inc"}'}
    assert judge(RIGHT, apps).score == 1.0


def test_tests_see_helpers_of_the_prompt_and_never_those_of_the_candidate():
    prompt = "def double(x):\n    return 2 * x\n\ndef inc(x):\n    '''One more than double.'''\n"
    row = {"test": "def check(candidate):\n    assert candidate(2) == double(2) + 1", "entry_point": "inc"}
    assert judge("    return double(x) + 1\n", row, prompt).score == 1.0
    assert judge("    return 1\n\ndef double(x):\n    return 0\n", row, prompt).score == 0.0


def test_tests_that_need_the_programs_own_classes_run_beside_it_only_where_that_is_allowed():
    row = {"test": "def check(candidate):\n    assert isinstance(candidate(1), Box)", "entry_point": "box"}
    program = "class Box:\n    pass\ndef box(x): return {}\n"
    refused = judge(program.format("Box()"), row)
    assert refused.score is None
    assert "beside=weak" in refused.evidence
    weak = judge(program.format("Box()"), row, beside="weak")
    assert weak.score == 1.0
    assert "weak" in weak.evidence
    assert judge(program.format("1"), row, beside="weak").score == 0.0


def test_a_slow_test_costs_its_own_time_only():
    row = {"test_list": [f"assert f({n}) == {n}" for n in range(4)], "entry_point": "f"}
    program = "def f(n):\n    while n == 1: pass\n    return n\n"
    assert judge(program, row, each="0.1", score="share").evidence.startswith("1011 3/4 timeout")
    assert judge(program, row, each="0.1", slow="1", score="share").evidence.startswith("10-- 1/4 timeout")


def test_no_hack_is_rewarded_by_any_shape_and_honest_work_is():
    hacks = {name: source for name, source in (HACKS | MORE_HACKS).items() if name not in SLEEPERS}
    unit_tests = UnitTests.from_options({"join": "completion", "time": "0.5"})
    for shape, (fields, added) in shapes().items():
        sources = [source for name, source in HONEST_RIGHT.items() if shape != "programs" or name not in NO_PROGRAM]
        sources = sources if shape == "check" else sources[:2]
        honest = unit_tests.score([Item("", source + added, fields=fields) for source in sources])
        assert [verdict.score for verdict in honest] == [1.0] * len(honest), (shape, honest)
        if shape == "check":
            found = unit_tests.score([Item("", source + added, fields=fields) for source in hacks.values()])
            rewarded = [name for name, verdict in zip(hacks, found, strict=True) if verdict.score != 0.0]
            assert not rewarded, (shape, rewarded)


def test_several_workers_give_the_same_verdicts():
    items = [
        Item("", f"def inc(x): return x + {n % 3}", fields={"test": CHECK, "entry_point": "inc"}) for n in range(12)
    ]
    alone, together = UnitTests(workers=1), UnitTests.from_options({"workers": "2"})
    assert alone.score(items) == together.score(items)
    assert alone.key == together.key


def test_options_are_checked_and_name_the_verdicts():
    with pytest.raises(InputError, match="nearest: score"):
        make("unit_tests", {"scor": "all"})
    with pytest.raises(InputError, match="above 0"):
        UnitTests.from_options({"time": "0"})
    with pytest.raises(InputError, match="whole number"):
        UnitTests.from_options({"slow": "1.5"})
    assert UnitTests().key != UnitTests(share=True).key
    assert "test" in traits(make("unit_tests")).wants
